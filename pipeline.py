"""Netra's command line: one short function per verb; with `verbs/` the one place that imports several rooms.

Promises: verbs, options and exit codes are a contract (docs and tests rely on them): 0 good; 1 done, but a
source or an item failed and the report names it; 2 wrong use or configuration; 3 another run holds the lock;
4 stopped by an error, nothing lost. Never does: decide, fetch, classify or store by itself.
"""

import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from sqlalchemy import Engine

from crawlers.manifest import Source, load_sources
from review import options
from review.report import NightReport, changed_lines, write_report
from review.tables import sources_table
from review.terminal import console, print_json, run_verb, say, say_skipped, shown
from store.db import reading
from store.frontier import night_of
from store.ledger import count_states, finish_run, note_stage, start_run
from store.queue import QueueFilter
from store.records import (
    CODE_VERSION,
    GOOD_OUTCOMES,
    Candidate,
    Document,
    Prediction,
    RawPage,
    SourceReport,
    StageReport,
    UsageError,
)
from store.session import opened
from store.work import classify_documents, extract_pages, group_documents, screen_documents
from verbs import audit as audit_verbs
from verbs import (
    backfill,
    corrections,
    labels,
    learning,
    retraining,
    reviewing,
    scheduling,
    sheets,
    showing,
    watching,
)
from verbs import db as db_verbs
from verbs import digest as digest_verbs
from verbs import national as national_verbs
from verbs import privacy as privacy_verbs
from verbs import retention as retention_verbs
from verbs import sources as source_verbs
from verbs.places import DEFAULT_DB, DEFAULT_OUT, SOURCES, VAR
from verbs.publishers import publishers_of
from verbs.recording import note_archive

if TYPE_CHECKING:
    from verbs.ahead import Readers

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(source_verbs.sources_app, name="sources")
app.add_typer(learning.models_app, name="models")
app.add_typer(labels.labels_app, name="labels")
app.add_typer(labels.reviewers_app, name="reviewers")
app.add_typer(audit_verbs.audit_app, name="audit")
app.command()(learning.evaluate)
app.command()(sheets.export)
app.command("import")(sheets.import_file)
app.command()(reviewing.review)
app.command()(retraining.retrain)
app.command()(digest_verbs.digest)
app.add_typer(retention_verbs.retention_app, name="retention")
app.add_typer(privacy_verbs.privacy_app, name="privacy")
app.add_typer(scheduling.schedule_app, name="schedule")
app.command()(showing.show)
app.command()(national_verbs.national)
app.add_typer(corrections.corrections_app, name="corrections")
app.add_typer(db_verbs.db_app, name="db")


def manifests(folder: Path | None, replay: Path | None, only: Sequence[str]) -> list[Source]:
    """Sources: of `folder`, else of the folder `sources` beside a replayed file, else our own."""
    if replay is not None and not replay.is_file():
        raise UsageError(f"--replay {replay}: no such file; give the path of a .warc.gz file")
    beside = replay.parent / "sources" if replay else None
    return load_sources(folder or (beside if beside and beside.is_dir() else SOURCES), only)


def run_crawl(
    engine: Engine,
    sources: Sequence[Source],
    run_id: int,
    night: datetime | None,
    replay: Path | None,
    readers: "Readers | None" = None,
) -> list[SourceReport]:
    """Sources to stored pages, which `readers` begin to read."""
    from crawlers.run import crawl as crawl_sources

    note_archive(engine, replay)
    finished = itertools.count(1)
    with shown("crawl", None) as update:
        reports = crawl_sources(
            engine,
            sources,
            run_id=str(run_id),
            night=requested(night),
            replay=replay,
            warc_dir=VAR / "warc",
            progress=lambda _: update(next(finished)),
            stored=readers.offer if readers else None,
        )
    return watching.judge_sources(engine, run_id, reports, sources)


def run_extract(engine: Engine, sources: Sequence[Source], readers: "Readers | None" = None) -> StageReport:
    """Pages to documents; a page without an article is set aside with the reason.

    What `readers` have read by now is taken from them.
    """
    from nlp.extract import EXTRACTOR_VERSION
    from verbs.ahead import read_stored, rules_of

    rules, hide = rules_of(sources), privacy_verbs.hiding(engine)

    def read(page: RawPage) -> Document | str:
        return hide((readers.take(page) if readers else None) or read_stored(page, rules))

    with shown("extract", waiting(engine, "pages fetched")) as update:
        return extract_pages(engine, read, version=EXTRACTOR_VERSION, progress=update)


def run_screen(engine: Engine) -> StageReport:
    """Documents to candidates."""
    from nlp.screen import screen as screen_document
    from nlp.screen import screen_version

    with shown("screen", waiting(engine, "documents extracted")) as update:
        return screen_documents(engine, screen_document, version=screen_version(), progress=update)


def run_classify(
    engine: Engine,
    sources: Sequence[Source],
    model: Path | None,
    runtime: options.Runtime,
    device: options.Device,
) -> StageReport:
    """Candidates to predictions."""
    from nlp.answers import load_classifier

    classifier = load_classifier(model, engine=runtime, device=device)
    region = {s.id: s.region for s in sources}

    def answer(document: Document, candidate: Candidate) -> Prediction | None:
        return classifier.classify(document, candidate, outlet_region=region.get(document.source_id, ""))

    with shown("classify", waiting(engine, "documents screened")) as update:
        return classify_documents(engine, answer, model=classifier.version, progress=update)


def run_group(engine: Engine) -> StageReport:
    """Flagged documents to incidents."""
    from nlp.group import GROUP_VERSION
    from nlp.group import group as group_flagged

    return group_documents(engine, group_flagged, version=GROUP_VERSION)


def one_stage(
    db: str,
    name: str,
    run: Callable[[Engine], StageReport],
    *,
    model_version: str = "",
    then: Callable[[Engine, int], int] = lambda *_: 0,
) -> int:
    """Run one stage on its own, under the lock and with an entry in the ledger.

    `then` takes the run's number and tells how many more things have failed.
    """
    with opened(db, exclusive=True) as engine:
        run_id = start_run(engine, command=name, night=requested(None), model_version=model_version)
        report = run(engine)
        note_stage(engine, run_id, report)
        code = int(report.failed + then(engine, run_id) > 0)
        finish_run(engine, run_id, exit_code=code)
    say(f"{name}: {report.items_in} in, {report.items_out} out, {report.failed} failed")
    return code


def requested(night: datetime | None) -> date:
    """The night of an option, or the one that is running now."""
    return night.date() if night else night_of(datetime.now(UTC))


def model_name(model: Path | None) -> str:
    """Version of the model in use; its folder is checked, so that a broken one stops the night at once."""
    from nlp.registry import active_folder, read_settings

    return read_settings(model or active_folder()).version


def waiting(engine: Engine, state: str) -> int:
    """How many items wait in a state, for the progress bar."""
    with reading(engine) as conn:
        return count_states(conn).get(state, 0)


@app.command()
def nightly(
    db: options.DbOption = DEFAULT_DB,
    out: options.OutOption = DEFAULT_OUT,
    night: options.DateOption = None,
    replay: options.ReplayOption = None,
    source: options.SourceOption = None,
    sources: options.FolderOption = None,
    model: options.ModelOption = None,
    runtime: options.EngineOption = "onnx",
    device: options.DeviceOption = "cpu",
    lang: options.LangOption = "id",
    separator: options.SeparatorOption = ",",
    send: digest_verbs.SendOption = False,
    quotes: digest_verbs.QuotesOption = False,
) -> int:
    """Run the whole night, from crawl to export; ends with the sheet, a digest and a report."""
    from verbs.ahead import reading_ahead

    loaded = manifests(sources, replay, source or ())
    channels = digest_verbs.channels_for(send)
    with opened(db, exclusive=True) as engine:
        run_id = start_run(engine, command="nightly", night=requested(night), model_version=model_name(model))
        with reading_ahead(loaded) as readers:
            # A replay reads faster than it could be read ahead.
            collected = run_crawl(engine, loaded, run_id, night, replay, None if replay else readers)
            looked_back = watching.waiting_pages(engine)
            extracted = run_extract(engine, loaded, readers)
        stages = (
            extracted,
            run_screen(engine),
            run_classify(engine, loaded, model, runtime, device),
            run_group(engine),
        )
        for stage in stages:
            note_stage(engine, run_id, stage)
        collected = watching.judge_sources(engine, run_id, collected, loaded)
        last = max((s.night for s in collected), default=requested(night))
        sheet, waiting_rows = sheets.write_queue(
            engine,
            out,
            last,
            queue="new",
            filters=QueueFilter(),
            threshold=None,
            publishers=publishers_of(loaded),
            form="csv",
            lang=lang,
            separator=separator,
        )
        page, warnings = digest_verbs.tell_night(
            engine, last, out, channels, publishers=publishers_of(loaded), lang=lang, quotes=quotes
        )
        nights = {last, *(s.night for s in collected)}
        changed = watching.changed_texts(engine, run_id, nights)
        report = NightReport(
            night=last,
            run_id=run_id,
            code_version=CODE_VERSION,
            model_version=model_name(model),
            sources=tuple(collected),
            stages=stages,
            incidents=len(waiting_rows),
            sheet=sheet.name,
            warnings=warnings,
            looked_back=looked_back,
            changed=changed,
            masked=watching.masked_items(engine, nights),
        )
        target = out / f"report-{last}.json"
        write_report(target, report, publishers=publishers_of(loaded))
        finish_run(engine, run_id, exit_code=report.exit_code)
        retention_verbs.end_night(engine, last)
    console.print(sources_table(collected, publishers_of(loaded), lang))
    say(f"{changed_lines(changed)}\nsheet:  {sheet}\ndigest: {page}\nreport: {target}")
    return report.exit_code


@app.command()
def crawl(
    db: options.DbOption = DEFAULT_DB,
    night: options.DateOption = None,
    replay: options.ReplayOption = None,
    source: options.SourceOption = None,
    sources: options.FolderOption = None,
    warc: backfill.WarcOption = None,
    since: backfill.SinceOption = None,
    until: backfill.UntilOption = None,
) -> int:
    """Collect: sources to stored pages; --warc and --since look back instead of asking for the new."""
    loaded = manifests(sources, replay, source or ())
    past = backfill.chosen(replay, warc, since, until, night=requested(night))
    with opened(db, exclusive=True) as engine:
        run_id = start_run(engine, command="crawl", night=requested(night))
        if past:
            code = past(engine, loaded, run_id, VAR / "warc")
        else:
            collected = run_crawl(engine, loaded, run_id, night, replay)
            code = int(any(s.outcome not in GOOD_OUTCOMES for s in collected))
            console.print(sources_table(collected, publishers_of(loaded), "id"))
        finish_run(engine, run_id, exit_code=code)
    return code


@app.command()
def extract(
    page: Annotated[
        Path | None, typer.Argument(help="A saved page: print its document, use no database.")
    ] = None,
    url: Annotated[str, typer.Option("--url", help="Address of the saved page.")] = "",
    db: options.DbOption = DEFAULT_DB,
    sources: options.FolderOption = None,
) -> int:
    """Read: stored pages to documents; or FILE.html --url URL to one document as JSON on stdout."""
    loaded = manifests(sources, None, ())
    if page is None:
        return one_stage(
            db,
            "extract",
            lambda engine: run_extract(engine, loaded),
            then=lambda engine, run_id: watching.judge_extracted(engine, run_id, loaded),
        )
    from nlp.extract import extract_file

    by_host = {host: s for s in loaded for host in s.hosts}
    known = by_host.get(urlsplit(url).hostname or "")
    document = extract_file(page, url=url, rules=known.rules() if known else None)
    print_json(asdict(document))
    return 0


@app.command()
def screen(db: options.DbOption = DEFAULT_DB) -> int:
    """Screen: documents to candidates, made for recall."""
    return one_stage(db, "screen", run_screen)


@app.command()
def classify(
    db: options.DbOption = DEFAULT_DB,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="JSONL of texts; uses no database.")
    ] = None,
    output_file: Annotated[Path | None, typer.Option("--output", help="JSONL of answers.")] = None,
    sources: options.FolderOption = None,
    model: options.ModelOption = None,
    runtime: options.EngineOption = "onnx",
    device: options.DeviceOption = "cpu",
) -> int:
    """Classify: candidates to predictions; or --input F.jsonl --output G.jsonl without a database."""
    if input_file is None and output_file is None:
        loaded = manifests(sources, None, ())
        return one_stage(
            db,
            "classify",
            lambda engine: run_classify(engine, loaded, model, runtime, device),
            model_version=model_name(model),
        )
    if input_file is None or output_file is None:
        raise UsageError("classify: --input and --output go together; give both, or neither for the database")
    from nlp.answers import answer_items, load_classifier, write_answers
    from nlp.items import read_items

    items, problems = read_items([input_file], gold=False)
    classifier = load_classifier(model, engine=runtime, device=device)
    with shown("classify", len(items)) as update:
        answers, failed = answer_items(items, classifier, progress=update)
    write_answers(output_file, answers, model=classifier.version)
    return say_skipped([*problems, *failed], len(items))


@app.command()
def group(db: options.DbOption = DEFAULT_DB) -> int:
    """Group: flagged documents to incidents."""
    return one_stage(db, "group", run_group)


@app.command()
def status(
    db: options.DbOption = DEFAULT_DB,
    nights: Annotated[int, typer.Option("--nights", min=1, help="Look back on that many nights.")] = 14,
    lang: options.LangOption = "id",
) -> int:
    """Show which sources fail, since when, why, and what to do; then all sources, and what waits where."""
    with opened(db, exclusive=False) as engine:
        return watching.print_status(engine, nights=nights, lang=lang, now=datetime.now(UTC))


def main() -> None:
    """Run a verb and end with an exit code of the contract."""
    sys.exit(run_verb(app, error_file=VAR / "last-error.txt"))


if __name__ == "__main__":
    main()
