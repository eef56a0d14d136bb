"""Telegram's public preview of a channel, https://t.me/s/NAME: twenty posts a page, walked back by ?before=.

Promises: only what the channel itself shows to everybody; a channel without a preview is `unavailable`,
never "no posts"; the words of a replied-to or forwarded post's author name are left out. Never does: join,
or log in.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from parsel import Selector
from scrapy.http import Response

from crawlers.spiders.posts import Answer, Ask, Network, Post, Trouble, Walk, iso, node_text
from crawlers.urls import absolute, with_query
from store.records import Outcome


def first(walk: Walk) -> Ask:
    """Ask for the newest posts."""
    return Ask(walk.entry.url)


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the posts of one page, oldest first. Raises ValueError when it is no preview of a channel."""
    del base
    page = _page(body)
    messages = page.css("div.tgme_widget_message[data-post]")
    if not messages and not page.css(".tgme_channel_history, .tme_no_messages_found"):
        raise ValueError("not the preview of a Telegram channel")
    for message in messages:
        if "service_message" in message.attrib.get("class", "").split():
            continue
        place = message.attrib["data-post"].strip()
        channel, _, number = place.partition("/")
        good = channel.isascii() and number.isascii() and number.isdigit()
        yield Post(
            id=place if good else "",
            url=f"https://t.me/{place}",
            text=_text(message),
            published=iso(message.css(".tgme_widget_message_date time::attr(datetime)").get("")),
            author=channel,
            order=number,
        )


def read(walk: Walk, response: Response) -> Answer:
    """Find the way to the older posts."""
    before = _page(response.body).css("a.tme_messages_more::attr(data-before)").get("").strip()
    if not (before.isascii() and before.isdigit()):
        return Answer()
    return Answer(Ask(with_query(walk.entry.url, "before", before)))


def trouble(response: Response) -> Trouble | None:
    """Tell a channel without a public preview: /s/NAME leads to /NAME, or shows that page at once."""
    if 300 <= response.status < 400:
        target = absolute(response.url, (response.headers.get("Location") or b"").decode("latin-1"))
        if not urlsplit(target).path.startswith("/s/"):
            return Trouble(
                Outcome.UNAVAILABLE, "has no public preview (no such channel, or its owner hides it)"
            )
    if response.status == 200:
        page = _page(response.body)
        if page.css(".tgme_page_action, .tgme_page_title") and not page.css(".tgme_channel_history"):
            return Trouble(Outcome.UNAVAILABLE, "shows no public preview")
    return None


def _page(body: bytes) -> Selector:
    # The type said, or a text that looks like JSON is read as JSON.
    return Selector(text=body.decode("utf-8", "replace").replace("\x00", ""), type="html")


def _text(message: Selector) -> str:
    """Put together what there is to read: the text, the question of a poll, the card of a linked page."""
    # Of the text alone: a reply shows the other post under a class of its own.
    pieces = [message.css(css) for css in (".js-message_text", ".tgme_widget_message_poll_question")]
    pieces += [message.css(f"a.tgme_widget_message_link_preview .link_preview_{name}") for name in _CARD]
    return "\n".join(text for found in pieces if found and (text := node_text(found[0])))


_CARD = ("title", "description")

NETWORK = Network(first, posts, read, trouble)
