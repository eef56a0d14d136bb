"""From a collected page to one cleaned document: headline, text, reporter, time of publication, dateline.

Promises: one page gives one document or a reason why there is none; pages of one article are joined in order;
the same bytes and rules give the same document; nothing here reads the clock or the network.
Never does: take the text of comments, of link boxes or of another article for the text of this one.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nlp.article import read_article
from nlp.body import SHORTEST_ARTICLE
from nlp.boilerplate import is_office
from nlp.clean import Cleaned, clean_text, normalize_text
from nlp.dates import Published
from nlp.entries import read_entry, read_social
from nlp.found import Found, NothingExtracted
from nlp.masking import mask_fields
from store.records import Document, ExtractionRules, RawPage, UsageError

__all__ = ["EXTRACTOR_VERSION", "NothingExtracted", "extract_file", "extract_page"]

#: Goes up whenever the same bytes may give another document; stored pages are then extracted again.
EXTRACTOR_VERSION = "3"


def extract_page(page: RawPage, rules: ExtractionRules) -> Document:
    """Return the document in `page`, whose `bodies` must be filled.

    `rules`: what the source's manifest says of its pages. Times come back in UTC; with precision "day" the
    instant is midnight in the zone of `rules`. Raises NothingExtracted when there is no article or post.
    """
    if not any(body.strip() for body in page.bodies):
        raise NothingExtracted("empty response")
    readers = {"html": read_article, "social": read_social}
    found = readers.get(page.format, read_entry)(page, rules)
    return _finish(page, rules, found)


def extract_file(path: Path, *, url: str, rules: ExtractionRules | None = None) -> Document:
    """Return the document in a saved HTML page, as if it had been fetched from `url` when it was saved.

    Raises UsageError when the file cannot be read, NothingExtracted when there is no article in it.
    """
    try:
        body = path.read_bytes()
        saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise UsageError(
            f"cannot read the page {path}: {error.strerror}; give the path of a saved page"
        ) from None
    source_id = rules.source_id if rules else ""
    page = RawPage(
        page_id="G-" + hashlib.sha256(f"{source_id}\n{url}".encode()).hexdigest()[:16],
        source_id=source_id,
        url=url,
        canonical_url=url,
        night=saved_at.astimezone(ZoneInfo("Asia/Jakarta")).date(),
        fetched_at=saved_at,
        status=200,
        format="html",
        part="",
        encoding="",
        refs=(),
        body_sha256=hashlib.sha256(body).hexdigest(),
        bodies=(body,),
    )
    return extract_page(page, rules or ExtractionRules(source_id))


def _finish(page: RawPage, rules: ExtractionRules, found: Found) -> Document:
    """Clean what was found and name the document."""
    raw = "\n".join(found.body.lines)
    title = normalize_text(found.title).replace("\n", " ")
    if rules.kind == "post":
        cleaned = Cleaned(normalize_text(raw), (), "", "")
    else:
        cleaned = clean_text(raw, title=title, outlet=found.outlet)
    if not cleaned.text:
        raise NothingExtracted("no text in the page")
    if rules.kind == "news" and len(cleaned.text) < SHORTEST_ARTICLE:
        raise NothingExtracted(
            f"only {len(cleaned.text)} characters of text, {SHORTEST_ARTICLE} make an article"
        )
    author = normalize_text(_choose_author(found.author, cleaned.author_hint)).replace("\n", " ")
    # Everything of the page that is stored; lengths were judged on the text as the outlet has it.
    (title, text, author, dateline, *removed), _ = mask_fields(
        title, cleaned.text, author, cleaned.dateline, *found.body.removed, *cleaned.removed
    )
    published = found.published
    prefix = "P-" if rules.kind == "post" else "N-"
    return Document(
        doc_id=prefix + hashlib.sha256(page.canonical_url.encode()).hexdigest()[:12],
        page_id=page.page_id,
        source_id=page.source_id,
        kind=rules.kind,
        night=page.night,
        url=page.url,
        canonical_url=page.canonical_url,
        title=title,
        text=text,
        author=author,
        published_at=_in_utc(published),
        published_precision=published.precision if published else "none",
        dateline=dateline,
        language=found.language,
        pages_expected=page.pages_expected,
        pages_fetched=found.pages,
        extractor=found.body.extractor,
        extractor_version=EXTRACTOR_VERSION,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        removed=tuple(removed),
        fetched_at=page.fetched_at,
        paywall=found.paywall,
    )


def _choose_author(told: str, signed: str) -> str:
    """Prefer what the page tells of its author to the byline in the text, but a person to a press office."""
    return signed if signed and (not told or is_office(told)) else told


def _in_utc(published: Published | None) -> datetime | None:
    return published.at.astimezone(UTC) if published else None
