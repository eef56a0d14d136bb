"""The verb that shows one incident: its texts, sources and evidence, and how far its process has come.

Promises: changes nothing, and shows nothing before it is on record; an id that is not there is named.
Never does: decide, or open a link.
"""

from typing import Annotated

import typer

from crawlers.manifest import load_sources
from review import options
from review.incident import incident_view
from review.terminal import console
from store.corrections import is_paused
from store.db import reading
from store.provenance import provenance_of
from store.queue import find_incident
from store.records import UsageError
from store.session import opened
from verbs.places import DEFAULT_DB, ROOT
from verbs.publishers import publishers_of
from verbs.recording import note

SOURCES = ROOT / "data" / "sources"


def show(
    incident: Annotated[str, typer.Argument(help="Its id, as the sheet has it: I- and 12 hex digits.")],
    db: options.DbOption = DEFAULT_DB,
    sources: options.FolderOption = None,
    lang: options.LangOption = "id",
) -> int:
    """Show one incident: texts, sources, evidence, and a timeline of its process across institutions."""
    from nlp.copies import find_copies
    from nlp.timeline import timeline

    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            found = find_incident(conn, incident)
            origins = provenance_of(conn, [document.doc_id for document, _ in found[1]]) if found else {}
            paused = is_paused(conn, incident)
        if found is None:
            raise UsageError(
                f"incident {incident!r} is not in the database; "
                "take the id from the sheet's column id_kejadian"
            )
        record, told = found
        note(engine, "incident shown", incidents=[incident], shown=len(told))
    scored = [(document, prediction) for document, prediction in told if prediction]
    steps = timeline([document for document, _ in scored], [prediction for _, prediction in scored])
    publishers = publishers_of(load_sources(sources or SOURCES))
    copies = find_copies([document for document, _ in told])
    console.print(
        incident_view(
            record, told, steps, copies, origins=origins, paused=paused, publishers=publishers, lang=lang
        )
    )
    return 0
