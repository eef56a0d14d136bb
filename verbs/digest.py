"""The digest of a night: written by `nightly`, and by a verb of its own for any past night.

Promises and exit codes are those of `pipeline.py`; nothing is sent unless `--send` is given and the
environment names a mail server or a webhook. Never does: lose a sheet because a mail cannot be sent.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from crawlers.manifest import load_sources
from review import options
from review.deliver import Channel, Message, deliver, read_channels
from review.digest import gather, subject_of, summarise, write_digest
from review.terminal import say
from review.words import Language
from store.db import reading
from store.records import UsageError
from store.session import opened
from store.tally import last_crawled
from verbs.places import DEFAULT_DB, DEFAULT_OUT, SOURCES
from verbs.publishers import publishers_of
from verbs.recording import file_digest, note

SendOption = Annotated[bool, typer.Option("--send", help="Send it as NETRA_SMTP_* and NETRA_WEBHOOK_* say.")]
QuotesOption = Annotated[
    bool,
    typer.Option(
        "--quotes",
        envvar="NETRA_DIGEST_QUOTES",
        help="Titles, evidence and links in the mail as well; they may name persons.",
    ),
]


def channels_for(send: bool) -> tuple[Channel, ...]:
    """The channels of the environment. Raises UsageError when something is to be sent and there are none."""
    if not send:
        return ()
    if channels := read_channels(os.environ):
        return channels
    raise UsageError("--send: set NETRA_SMTP_HOST or NETRA_WEBHOOK_URL first; docs/operator.md tells how")


def tell_night(
    engine: Engine,
    night: date,
    out: Path,
    channels: Sequence[Channel],
    *,
    publishers: Mapping[str, str],
    lang: Language,
    quotes: bool,
) -> tuple[Path, tuple[str, ...]]:
    """Write the digest of a night, then send it through the channels.

    Gives the path of its page, and one warning, said as well, for each channel that did not take it.
    """
    with reading(engine) as conn:
        facts = gather(conn, night)
    ids = [changed.row.incident.incident_id for changed in facts.changes.shown]
    out.mkdir(parents=True, exist_ok=True)
    # Made beside their place, so that nobody opens one that is not on record.
    with tempfile.TemporaryDirectory(prefix=".unrecorded-", dir=out) as folder:
        made = write_digest(Path(folder), facts, publishers=publishers, lang=lang, quotes=quotes)
        for path in made:
            told = file_digest(path)
            note(engine, "digest written", incidents=ids, shown=len(ids), subject=path.name, sha256=told)
        page, text = (path.replace(out / path.name) for path in made)
    if channels:
        note(engine, "digest sent", incidents=ids, shown=len(ids), subject=text.name, sha256=told)
    data = summarise(facts, publishers=publishers, lang=lang, quotes=quotes)
    message = Message(subject_of(facts, lang), text.read_text(encoding="utf-8"), data)
    warnings = deliver(channels, message)
    for warning in warnings:
        say(f"not delivered: {warning}")
    return page, warnings


def digest(
    db: options.DbOption = DEFAULT_DB,
    out: options.OutOption = DEFAULT_OUT,
    night: options.DateOption = None,
    sources: options.FolderOption = None,
    lang: options.LangOption = "id",
    send: SendOption = False,
    quotes: QuotesOption = False,
) -> int:
    """Tell a night: new and changed incidents, failed sources, volume and charts, as a page and as text."""
    channels = channels_for(send)
    publishers = publishers_of(load_sources(sources or SOURCES))
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            chosen = night.date() if night else last_crawled(conn)
        if chosen is None:
            raise UsageError("digest: no night has run yet; start one with: python pipeline.py nightly")
        page, warnings = tell_night(
            engine, chosen, out, channels, publishers=publishers, lang=lang, quotes=quotes
        )
    say(f"digest: {page}")
    return int(bool(warnings))
