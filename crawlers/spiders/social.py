"""Walks through social networks: page after page of one entry, then the next entry, then done.

    entry ─▶ first ─▶ answer ─▶ rows ─▶ store
                ▲        └─ more ─┐
                └─────────────────┘   until the mark, the time, the page limit or the end

Promises: entries are asked one after the other, and none after a token was refused or a limit reached;
the mark of an entry moves only with the last page of a walk, in one transaction with it, so that a walk
that was cut off is walked again; a source whose token is missing is skipped with a note. A replay needs
neither tokens nor marks: it walks as far as the archive goes. Never does: raise over a bad answer.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.credentials import NETWORK_META, lacking
from crawlers.manifest import Entry
from crawlers.politeness import SourceStopped, challenge_name, classify_response
from crawlers.recorder import ASKED, FETCHED_AT, REF
from crawlers.replay import NotInArchive
from crawlers.social_manifest import NETWORK_KINDS
from crawlers.spiders.listing import FoundPart, Listing, parse_iso
from crawlers.spiders.networks import NETWORKS, part_of, row_of, sound
from crawlers.spiders.posts import Answer, Ask, Post, Trouble, Walk, base_of, rank
from store import frontier
from store.frontier import Validator
from store.records import Outcome

if TYPE_CHECKING:
    from crawlers.spiders.base import SourceSpider

log = logging.getLogger(__name__)

#: A network that has lost its place in a search twice in one walk is left alone until tomorrow.
RESTARTS = 1
#: After these the other entries of the source would fare no better.
ENDS_THE_SOURCE = frozenset({Outcome.UNAUTHORISED, Outcome.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Step:
    """How far the walk through one entry has come, and what comes after it."""

    walk: Walk
    rest: tuple[Entry, ...]
    #: Whether an earlier walk of this very night has set the mark.
    again_tonight: bool = False
    newest: str = ""
    pages: int = 0
    found: int = 0
    restarts: int = 0


def is_social(entry: Entry) -> bool:
    """Say whether an entry is asked here."""
    return entry.kind in NETWORK_KINDS


def start(spider: "SourceSpider") -> Iterator[Request]:
    """Begin with the first entry of a network; without its token the source is skipped."""
    entries = tuple(entry for entry in spider.job.source.entries if is_social(entry))
    lack = lacking(spider.job.source) if entries and spider.job.index is None else ""
    if lack:
        log.info("%s: skipped, %s", spider.job.source.id, lack)
        spider.job.tally.note(f"skipped: {lack}")
        spider.job.tally.unmodified += 1
        return
    yield from _begin(spider, entries)


def _begin(spider: "SourceSpider", entries: tuple[Entry, ...]) -> Iterator[Request]:
    if not entries:
        return
    job, entry = spider.job, entries[0]
    known = None
    if job.index is None:
        with job.engine.begin() as conn:
            known = frontier.get_validator(conn, _mark_key(job.source.id, entry))
    mark = known.etag if known else ""
    tonight = bool(known) and known.last_modified == job.night.isoformat() if known else False
    walk = Walk(entry, job.night, mark, known=job.source.credentials is not None)
    step = Step(walk, entries[1:], tonight)
    yield _request(spider, step, NETWORKS[entry.kind].first(walk))


def _request(spider: "SourceSpider", step: Step, ask: Ask) -> Request:
    meta: dict[str, object] = {NETWORK_META: step.walk.entry.kind, "dont_redirect": True}
    if step.walk.known:
        # The network let us in by name, under terms of its own; robots.txt speaks to those who were not.
        meta["dont_obey_robotstxt"] = True
    headers = {"Accept": "text/html" if step.walk.entry.kind == "telegram" else "application/json"}
    if ask.body:
        headers["Content-Type"] = "application/json"
        meta[ASKED] = ask.key
    return Request(
        ask.url,
        method="POST" if ask.body else "GET",
        body=ask.body,
        headers=headers,
        callback=parse,
        errback=failed,
        cb_kwargs={"spider": spider, "step": step},
        meta=meta,
    )


def parse(response: Response, spider: "SourceSpider", step: Step) -> Iterator[Request]:
    """Store the posts of one answer and go on from there."""
    walk, job = step.walk, spider.job
    network = NETWORKS[walk.entry.kind]
    response = spider.as_archived(response)
    trouble = network.trouble(response) or _trouble_of_status(response, known=walk.known)
    if trouble:
        yield from _meet(spider, step, trouble, response.url)
        return
    try:
        seen = list(network.posts(response.body, base_of(walk.entry.url)))
        answer = network.read(walk, response)
    except ValueError as error:
        challenge = challenge_name(response)
        text = "is a challenge page" if challenge else str(error)
        trouble = Trouble(Outcome.CHALLENGE if challenge else Outcome.MALFORMED, text)
        yield from _meet(spider, step, trouble, response.url)
        return
    newest = max((step.newest, *(post.order for post in seen)), key=rank)
    step = replace(step, newest=newest, pages=step.pages + 1, found=step.found + len(seen))
    more = _further(spider, step, seen, answer)
    for note in answer.notes:
        job.tally.note(note)
    listing = _listing(spider, walk, *sound(seen))
    spider.note_faults(listing)
    mark = None if more else _mark(spider, step)
    spider.store_parts(listing, response.meta[REF], response.meta[FETCHED_AT], response.status, mark)
    if more:
        yield _request(spider, step, more)
        return
    _note_empty(spider, step)
    yield from _begin(spider, step.rest)


def failed(failure: Failure) -> Iterator[Request]:
    """A request that gave no answer."""
    request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy hangs it on
    spider: SourceSpider = request.cb_kwargs["spider"]
    step: Step = request.cb_kwargs["step"]
    if isinstance(failure.value, SourceStopped):
        return
    if isinstance(failure.value, NotInArchive) and step.pages:
        # The archived walk ended here, at a mark that a replay does not know.
        _note_empty(spider, step)
        yield from _begin(spider, step.rest)
        return
    outcome, text = spider.reason_of(failure)
    spider.job.tally.problems.append((outcome, f"{step.walk.entry.kind} {text}"))
    if not spider.job.fatal:
        yield from _begin(spider, step.rest)


def _trouble_of_status(response: Response, *, known: bool) -> Trouble | None:
    """Judge by the status alone, where the network's own words did not say more."""
    status = response.status
    if 200 <= status < 300:
        return None
    outcome = classify_response(response) or Outcome.ERROR
    if status == 401 or (status == 403 and known):
        outcome = Outcome.UNAUTHORISED
    elif status in (404, 410):
        outcome = Outcome.UNAVAILABLE
    return Trouble(outcome, "is a challenge page" if outcome is Outcome.CHALLENGE else f"answered {status}")


def _meet(spider: "SourceSpider", step: Step, trouble: Trouble, url: str) -> Iterator[Request]:
    """Note why an answer brought nothing, and go on where that makes sense."""
    tally, walk = spider.job.tally, step.walk
    text = f"{walk.entry.kind} {url} {trouble.text}"
    if trouble.again and step.restarts < RESTARTS:
        tally.note(f"{text}; begun anew")
        step = replace(step, pages=0, restarts=step.restarts + 1)
        yield _request(spider, step, NETWORKS[walk.entry.kind].first(walk))
        return
    if trouble.outcome is Outcome.UNCHANGED:
        tally.note(text)
        tally.unmodified += 1
    else:
        tally.problems.append((trouble.outcome, text))
    if trouble.outcome in ENDS_THE_SOURCE:
        if step.rest:
            tally.note(f"{len(step.rest)} further entries were not asked")
        return
    yield from _begin(spider, step.rest)


def _further(spider: "SourceSpider", step: Step, posts: list[Post], answer: Answer) -> Ask | None:
    """Say what to ask next in this entry; None when its walk is done."""
    walk = step.walk
    if answer.more is None:
        return None
    if not answer.forward:
        reached = walk.mark and any(post.order and rank(post.order) <= rank(walk.mark) for post in posts)
        if reached or (posts and all(_is_old(post, walk.since) for post in posts)):
            return None
    if step.pages >= walk.entry.max_pages:
        left = "newer posts come the next night" if answer.forward else "older posts were left out"
        spider.job.tally.note(f"{walk.entry.kind} {walk.entry.url}: stopped after {step.pages} pages, {left}")
        return None
    return answer.more


def _listing(spider: "SourceSpider", walk: Walk, posts: list[Post], mute: int, faults: list[str]) -> Listing:
    source, kind, base = spider.job.source, walk.entry.kind, base_of(walk.entry.url)
    # A post that is old by both its times; one time alone may be that of a thread, or set by its author.
    fresh = [post for post in posts if not _is_old(post, walk.since, post.listed, post.published)]
    found = tuple(
        FoundPart(
            "social",
            part_of(post, kind=kind, base=base, source=source),
            post.url,
            row_of(post, kind=kind, keep=source.privacy.keep_handles),
            parse_iso(post.published) if post.published else None,
        )
        for post in fresh
    )
    return Listing(parts=found, faults=tuple(faults), old=len(posts) - len(fresh) + mute)


def _is_old(post: Post, day: date, *stamps: str) -> bool:
    """Say whether all times given are before a day; where there is none, whether that of the post is."""
    moments = [parse_iso(stamp) for stamp in stamps or (post.listed or post.published,) if stamp]
    return bool(moments) and all(moment is not None and moment.date() < day for moment in moments)


def _mark_key(source_id: str, entry: Entry) -> str:
    """Name the mark of an entry among the validators of addresses; another query is another walk."""
    asked = hashlib.sha256(f"{entry.url}\n{entry.query}".encode()).hexdigest()[:16]
    return f"posts:{source_id}:{entry.kind}:{asked}"


def _mark(spider: "SourceSpider", step: Step) -> Validator | None:
    if spider.job.index is not None or not step.newest:
        return None
    newest = max(step.newest, step.walk.mark, key=rank)
    key = _mark_key(spider.job.source.id, step.walk.entry)
    return Validator(key, etag=newest, last_modified=spider.job.night.isoformat())


def _note_empty(spider: "SourceSpider", step: Step) -> None:
    """Tell a quiet night from a source that fails: an answer without posts is fewer than a `min` only."""
    tally = spider.job.tally
    if step.again_tonight or (not step.found and spider.job.source.items.min == 0):
        tally.unmodified += 1
    if not step.found:
        tally.note(f"{step.walk.entry.kind} {step.walk.entry.url}: no new posts")
