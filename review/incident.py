"""One incident on a terminal: what is alleged, how far its process has come, and every text behind it.

Promises: each text with source, time, link, time of fetching, hashes, evidence, score and model; copies
marked as such; an institution with its source, and a mark where nobody has checked the row yet; words as in
the sheet, so always *dugaan*.
Never does: name guilt, or show a control character that a page has smuggled in.
"""

from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from review.sheet import flatten, format_moment, format_time
from review.words import ALLEGED, Language, word
from store.provenance import Provenance
from store.records import Document, Incident, Prediction, Step

#: Margin of what belongs to a document, in columns.
INDENT = (0, 0, 1, 4)

_WORDS: dict[Language, dict[str, str]] = {
    "id": {
        "region": "wilayah",
        "position": "dugaan jabatan",
        "process": "proses",
        "score": "skor",
        "documents": "dokumen",
        "counts": "{n} dokumen: {own} laporan mandiri, {copies} salinan",
        "timeline": "Linimasa: apa yang diberitakan, dan kapan",
        "columns": "tanggal|proses|lembaga|dokumen|bukti",
        "by_table": "menurut tabel tanggal",
        "not_in_force": "disebut, tetapi tidak bertugas pada tanggal itu",
        "unverified": "belum diverifikasi",
        "earlier": "tahap yang lebih awal",
        "of_copies": "{n} ({copies} salinan)",
        "sources": "Sumber lembaga",
        "copy_of": "salinan dari",
        "evidence": "bukti",
        "paused": "DIJEDA: ada permintaan koreksi",
        "fetched": "diambil",
        "page_hash": "sidik halaman sha256",
        "text_hash": "sidik teks sha256",
        "no_prediction": "tidak dinilai model (contoh acak untuk audit)",
    },
    "en": {
        "region": "region",
        "position": "alleged position",
        "process": "process",
        "score": "score",
        "documents": "documents",
        "counts": "{n} documents: {own} accounts of their own, {copies} copies",
        "timeline": "Timeline: what was reported, and when",
        "columns": "date|process|institution|documents|evidence",
        "by_table": "by the dated table",
        "not_in_force": "named, but not in charge on that date",
        "unverified": "not verified",
        "earlier": "an earlier step",
        "of_copies": "{n} ({copies} copies)",
        "sources": "Sources on institutions",
        "copy_of": "copy of",
        "evidence": "evidence",
        "paused": "PAUSED: somebody asks for a correction",
        "fetched": "fetched",
        "page_hash": "page sha256",
        "text_hash": "text sha256",
        "no_prediction": "not scored (drawn for the audit)",
    },
}


def incident_view(
    incident: Incident,
    told: Sequence[tuple[Document, Prediction | None]],
    steps: Sequence[Step],
    copies: Mapping[str, str],
    *,
    origins: Mapping[str, Provenance],
    paused: bool,
    publishers: Mapping[str, str],
    lang: Language,
) -> Group:
    """Head, timeline and texts of an incident; `copies` maps a copy's id to the id of the text it repeats.

    `origins` by document id; a document that has none there is shown without.
    """
    words = _WORDS[lang]
    types = "; ".join(word(name, lang) for name in incident.types)
    counts = words["counts"].format(n=len(told), own=len(told) - len(copies), copies=len(copies))
    head = Text("\n").join(
        [
            Text(f"{incident.incident_id}  {ALLEGED[lang]}: {types}", style="bold"),
            Text(f"{words['region']}: {flatten(incident.region)}"),
            Text(f"{words['position']}: {word(incident.position, lang)}"),
            Text(f"{words['process']}: {word(incident.process, lang)}"),
            Text(f"{words['score']}: {incident.score:.0%}"),
            Text(counts),
            *([Text(words["paused"], style="bold")] if paused else []),
        ]
    )
    texts = [
        _document_view(d, p, copies.get(d.doc_id, ""), origins.get(d.doc_id), publishers, lang)
        for d, p in told
    ]
    return Group(head, Text(), timeline_table(steps, lang), _sources(steps, lang), *texts)


def timeline_table(steps: Sequence[Step], lang: Language) -> Table:
    """One line per step, by date; a step told after a later one is marked as an earlier one."""
    words = _WORDS[lang]
    table = Table(title=words["timeline"], title_justify="left")
    for name in words["columns"].split("|"):
        table.add_column(name)
    for step in steps:
        process = word(step.process, lang)
        copies = words["of_copies"].format(n=len(step.doc_ids), copies=step.n_copies)
        table.add_row(
            f"{step.at:%Y-%m-%d}",
            process if step.advances else f"{process} ({words['earlier']})",
            body_words(step, lang),
            copies if step.n_copies else str(len(step.doc_ids)),
            Text(flatten(" … ".join(step.evidence))),
        )
    return table


def body_words(step: Step, lang: Language) -> str:
    """The institution that a step lies with, and how surely: "BKN (menurut tabel tanggal)"."""
    if not step.body:
        return ""
    words = _WORDS[lang]
    if not step.body_in_force:
        return f"{step.body_name} ({words['not_in_force']})"
    return step.body_name if step.body_named else f"{step.body_name} ({words['by_table']})"


def _sources(steps: Sequence[Step], lang: Language) -> Text:
    """Where the table of institutions has its dates from; a row that nobody has checked says so."""
    words = _WORDS[lang]
    told = {step.body_name: step for step in steps if step.body}
    lines = [
        f"{name}: {step.body_source}" + ("" if step.body_verified else f" ({words['unverified']})")
        for name, step in told.items()
    ]
    return Text("\n".join([f"{words['sources']}:", *lines, ""]) if lines else "", style="dim")


def _document_view(
    document: Document,
    prediction: Prediction | None,
    copy_of: str,
    origin: Provenance | None,
    publishers: Mapping[str, str],
    lang: Language,
) -> Padding:
    words = _WORDS[lang]
    source = publishers.get(document.source_id, document.source_id)
    lines = [
        Text(f"{document.doc_id}  {source}, {format_time(document)}", style="bold"),
        Text(flatten(document.url)),
        Text(flatten(document.title)),
    ]
    if origin:
        lines.append(Text(f"{words['fetched']}: {format_moment(origin.fetched_at)}"))
        lines.append(Text(f"{words['page_hash']}: {origin.page_sha256}"))
        lines.append(Text(f"{words['text_hash']}: {origin.text_sha256}"))
    if copy_of:
        lines.append(Text(f"{words['copy_of']} {copy_of}"))
    if prediction:
        score = f"{words['score']} {prediction.score:.0%}"
        lines.append(Text(f"{word(prediction.process, lang)}, {score}, {prediction.model}"))
        lines.extend(Text(f"{words['evidence']}: {flatten(sentence)}") for sentence in prediction.evidence)
    else:
        lines.append(Text(words["no_prediction"]))
    if not copy_of:
        lines.append(Text(flatten(document.text), style="dim"))
    return Padding(Group(*lines), INDENT)
