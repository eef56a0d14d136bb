"""Incidents in the field order of the desks that take in reports: position, agency, place, date, type,
evidence, link.

    bkn       with a column in front for the NIP, which BKN's system asks for: a person fills it
    bawaslu   with the day on which it became known to us behind, from which Bawaslu counts its time limit

Promises: what somebody is said to have been or done is called *dugaan* in its own cell; an agency is told
where the office itself says it and is empty elsewhere; dates say that they are those of publication. Never
does: name a conclusion, an article of a law or a sanction; write an incident that no reviewer has decided on
(the caller chooses). Nobody at the two institutions has confirmed this order; it follows what their public
pages ask for.
"""

from collections.abc import Mapping
from typing import Final, Literal

from review.sheet import flatten, format_time
from review.words import ALLEGED, Language, word
from store.decisions import Decision
from store.listing import province_of
from store.records import POSITIONS, QueueRow

Intake = Literal["bkn", "bawaslu"]

#: Field names by desk, in order.
_CORE: Final = ("position", "agency", "place", "date", "type", "evidence", "link", "incident_id")
FIELDS: Final[Mapping[Intake, tuple[str, ...]]] = {
    "bkn": ("nip", *_CORE),
    "bawaslu": (*_CORE, "known_since"),
}
HEADERS: Final[Mapping[Language, Mapping[str, str]]] = {
    "id": {
        "nip": "nip_terlapor (diisi manusia)",
        "position": "jabatan",
        "agency": "instansi",
        "place": "tempat",
        "date": "tanggal_terbit",
        "type": "jenis",
        "evidence": "bukti",
        "link": "tautan",
        "incident_id": "id_kejadian",
        "known_since": "tanggal_diketahui",
    },
    "en": {
        "nip": "nip_of_the_reported (a person fills it)",
        "position": "position",
        "agency": "agency",
        "place": "place",
        "date": "date_of_publication",
        "type": "type",
        "evidence": "evidence",
        "link": "link",
        "incident_id": "incident_id",
        "known_since": "known_since",
    },
}
#: The province whose kota and kabupaten are administrative, without a government of their own (UU 29/2007).
_CAPITAL: Final = "DKI Jakarta"


def intake_row(
    row: QueueRow, decision: Decision, *, evidence: str, desk: Intake, lang: Language
) -> dict[str, str]:
    """One incident as header -> cell, not yet guarded; `evidence` is what of it may leave the team."""
    alleged = ALLEGED[lang]
    position = decision.actor if decision.actor in POSITIONS else row.incident.position
    types = "; ".join(word(name, lang) for name in decision.types or row.incident.types)
    agency = agency_of(position, row.incident.region)
    values = {
        "nip": "",
        "position": f"{alleged}: {word(position, lang)}",
        "agency": f"{alleged}: {agency}" if agency else "",
        "place": f"{alleged}: {row.incident.region}" if row.incident.region else "",
        "date": format_time(row.document),
        "type": f"{alleged}: {types}" if types else alleged,
        "evidence": f"{alleged}: {evidence}" if evidence else "",
        "link": row.document.url,
        "incident_id": row.incident.incident_id,
        "known_since": row.incident.first_night.isoformat(),
    }
    return {HEADERS[lang][name]: flatten(values[name]) for name in FIELDS[desk]}


def agency_of(position: str, region: str) -> str:
    """The government that a camat or lurah serves: it follows from office and place; "" for other offices.

    A teacher may serve a kabupaten, a province or a ministry, an acting head comes from elsewhere: no guess.
    """
    if position != "camat_lurah" or ", " not in region:
        return ""
    if province_of(region) == _CAPITAL:
        return f"Pemerintah Provinsi {_CAPITAL}"
    return f"Pemerintah {region.rpartition(', ')[0]}"
