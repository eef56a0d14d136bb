import pytest
from sqlalchemy import Engine, select

from store.db import reading
from store.frontier import put_page
from store.records import Candidate, Document, Prediction, RawPage, UsageError
from store.schema import candidates, documents, failures, pages
from store.stages import MAX_FAILURES, save_document
from store.work import classify_documents, extract_pages, screen_documents
from tests.store.samples import make_candidate, make_document, make_page, make_prediction


def store_documents(engine: Engine, n: int) -> list[Document]:
    made = []
    with engine.begin() as conn:
        for number in range(n):
            page = make_page(number)
            put_page(conn, page)
            document = make_document(page)
            save_document(conn, page.page_id, document, version="1")
            made.append(document)
    return made


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as conn:
        return dict(conn.execute(select(documents.c.doc_id, documents.c.state)).all())


def test_all_items_are_worked_off_over_several_chunks(engine):
    store_documents(engine, 120)
    done: list[int] = []
    report = screen_documents(engine, make_candidate, version="1", progress=done.append)
    assert (report.items_in, report.items_out, report.failed) == (120, 120, 0)
    assert done == [50, 100, 120]
    assert set(states(engine).values()) == {"screened"}


def test_a_poison_item_is_tried_three_times_and_set_aside_while_the_rest_goes_on(engine):
    made = store_documents(engine, 60)
    poison, tries = made[7].doc_id, []

    def screen(document: Document) -> Candidate:
        if document.doc_id == poison:
            tries.append(document.doc_id)
            raise RecursionError("too deep")
        return make_candidate(document)

    report = screen_documents(engine, screen, version="1", progress=lambda _: None)
    assert (report.items_in, report.items_out, report.failed) == (60, 59, 1)
    assert len(tries) == MAX_FAILURES
    assert states(engine)[poison] == "quarantined"


@pytest.fixture(name="many")
def items_of_a_night(database):
    """1,000, as R15 has it; on the second database fewer show the same."""
    return 1_000 if database == "sqlite" else 200


def test_a_night_of_1000_items_ends_with_999_when_one_breaks_the_parser(engine, many):
    """R15: tried three times, then set aside by name; nothing else is touched."""
    with engine.begin() as conn:
        for number in range(many):
            put_page(conn, make_page(number))
    poison, tries = make_page(many // 2).page_id, []

    def read(page: RawPage) -> Document:
        if page.page_id == poison:
            tries.append(page.page_id)
            raise MemoryError("nested beyond reason")
        return make_document(page)

    report = extract_pages(engine, read, version="1", progress=lambda _: None)
    assert (report.items_in, report.items_out, report.failed) == (many, many - 1, 1)
    assert len(tries) == MAX_FAILURES
    report = screen_documents(engine, make_candidate, version="1", progress=lambda _: None)
    assert (report.items_out, report.failed) == (many - 1, 0)
    with reading(engine) as conn:
        assert conn.execute(
            select(pages.c.page_id, pages.c.reason).where(pages.c.state == "quarantined")
        ).all() == [(poison, "MemoryError: nested beyond reason")]


def test_a_night_of_1000_items_ends_with_999_when_one_breaks_the_model(engine, many):
    """R15, the other half: the model raises over one text, as one that is too long or too odd makes it."""
    made = store_documents(engine, many)
    screen_documents(engine, make_candidate, version="1", progress=lambda _: None)
    poison, tries = made[many // 2].doc_id, []

    def classify(document: Document, _: Candidate) -> Prediction:
        if document.doc_id == poison:
            tries.append(document.doc_id)
            raise RuntimeError("index out of range in self")
        return make_prediction(document)

    report = classify_documents(engine, classify, model="1", progress=lambda _: None)
    assert (report.items_in, report.items_out, report.failed) == (many, many - 1, 1)
    assert len(tries) == MAX_FAILURES
    assert [name for name, state in states(engine).items() if state == "quarantined"] == [poison]
    # Nothing waits: the next night does not stumble over it again.
    report = classify_documents(engine, classify, model="1", progress=lambda _: None)
    assert (report.items_in, len(tries)) == (0, MAX_FAILURES)


def test_an_item_that_works_at_the_second_try_has_not_failed(engine):
    store_documents(engine, 3)
    tries: list[str] = []

    def screen(document: Document) -> Candidate:
        tries.append(document.doc_id)
        if len(tries) == 1:
            raise ValueError("once")
        return make_candidate(document)

    report = screen_documents(engine, screen, version="1", progress=lambda _: None)
    assert (report.items_out, report.failed) == (3, 0)


def test_an_output_that_cannot_be_stored_is_named_and_the_others_are_stored(engine):
    made = store_documents(engine, 5)

    def screen(document: Document) -> Candidate:
        screened_by = "2\x00" if document.doc_id == made[2].doc_id else "2"
        return make_candidate(document, screen_version=screened_by)

    report = screen_documents(engine, screen, version="2", progress=lambda _: None)
    assert (report.items_out, report.failed) == (4, 1)
    with reading(engine) as conn:
        assert len(conn.execute(select(candidates)).all()) == 4
        failure = conn.execute(select(failures)).mappings().one()
    assert failure["item_id"] == made[2].doc_id
    assert "NUL" in failure["last_error"]


def test_wrong_use_ends_the_stage_and_loses_nothing(engine):
    store_documents(engine, 2)

    def screen(_: Document) -> Candidate:
        raise UsageError("lexicon is missing")

    with pytest.raises(UsageError, match="lexicon"):
        screen_documents(engine, screen, version="1", progress=lambda _: None)
    assert set(states(engine).values()) == {"extracted"}


def test_a_page_without_an_article_is_set_aside_with_the_reason(engine):
    with engine.begin() as conn:
        put_page(conn, make_page(1))
        put_page(conn, make_page(2))
    good = make_page(1).page_id
    report = extract_pages(
        engine,
        lambda page: make_document(page) if page.page_id == good else "no text in the page",
        version="1",
        progress=lambda _: None,
    )
    assert (report.items_out, report.failed) == (2, 0)
    assert len(states(engine)) == 1
