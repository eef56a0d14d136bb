"""Facts of a night for the tests of the digest: what a hostile outlet could have put into every text."""

from dataclasses import replace
from datetime import UTC, date, datetime

from review.digest_facts import NightFacts
from store.records import Document, Incident, Outcome, Prediction, QueueRow, SourceReport
from store.tally import ChangedIncident, FlagFact, NightChanges

NIGHT = date(2024, 9, 19)
NAME = "Surti Wonokasihan"
DOCUMENT = Document(
    doc_id="N-1",
    page_id="G-1",
    source_id="kabar-lontara",
    kind="news",
    night=NIGHT,
    url="https://www.kabarlontara.test/2024/09/camat-surti",
    canonical_url="https://www.kabarlontara.test/2024/09/camat-surti",
    title=f"Camat {NAME} hadir di deklarasi",
    text="Teks.",
    author="",
    published_at=datetime(2024, 9, 18, 3, 0, tzinfo=UTC),
    published_precision="minute",
    dateline="",
    language="id",
    pages_expected=1,
    pages_fetched=1,
    extractor="e",
    extractor_version="1",
    text_sha256="0" * 64,
)
PREDICTION = Prediction(
    doc_id="N-1",
    label="case",
    score=0.875,
    flagged=True,
    types=("attend_active",),
    stage="pre",
    process="report",
    position="camat_lurah",
    region="Kota Makassar, Sulawesi Selatan",
    evidence=(f"{NAME} berdiri di panggung.",),
    model="model-1",
)


def make_change(
    number: int = 1, *, is_new: bool = True, is_reviewed: bool = False, added: int = 1, **document: object
) -> ChangedIncident:
    """One incident of one document; `document` changes fields of that."""
    incident = Incident(
        incident_id=f"I-{number:04}",
        doc_ids=("N-1",),
        first_night=NIGHT if is_new else date(2024, 9, 1),
        region=PREDICTION.region,
        position=PREDICTION.position,
        types=PREDICTION.types,
        process="report",
        score=0.875,
        n_copies=1,
    )
    row = QueueRow(incident, replace(DOCUMENT, **document), PREDICTION, ("kabar-lontara",), 2)
    return ChangedIncident(row, is_new, is_reviewed, added, 0, ("recommendation",))


def make_source(source_id: str, outcome: Outcome = Outcome.OK, **changes: object) -> SourceReport:
    report = SourceReport(source_id, NIGHT, outcome, 3, 2, 1, 0, "keterangan", items=4, median_items=8.0)
    return replace(report, **changes)


def make_facts(*changes: ChangedIncident, **fields: object) -> NightFacts:
    """Facts of a night that opened and changed these incidents, with one failed source of two."""
    new = sum(change.is_new for change in changes)
    facts = NightFacts(
        night=NIGHT,
        after=date(2024, 9, 18),
        changes=NightChanges(new, len(changes) - new, changes),
        open=len(changes),
        history=(make_source("a"), make_source("b", Outcome.BLOCKED, items=0)),
        flags=tuple(
            FlagFact(NIGHT, change.row.incident.region, "camat_lurah", ("attend_active",))
            for change in changes
        ),
        failures={},
    )
    return replace(facts, **fields)
