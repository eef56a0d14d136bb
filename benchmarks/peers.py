"""Runs one public extractor over pages: a child process in the peer's own environment, without our code.

Promises: standard library and the peer alone; each page is read in the peer's default way, told the address
and, where the peer asks for one, the language; a page on which the peer breaks counts as not read.
Never does: fetch, or clean what the peer gives back.

    python benchmarks/peers.py PEER < pages.jsonl > readings.jsonl

A line in: {"name", "url", "pages": [html, ...]}; a line out: {"name", "text", "title", "author", "at"}, and
at the end {"seconds": CPU time in the peer}.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

#: What a peer makes of one page: text, title, authors, and the time of publication in ISO format or "".
Answer = tuple[str, str, str, str]
READERS: dict[str, Callable[[], Callable[[str, str], Answer]]] = {}


def _peer(name: str) -> Callable[[Any], Any]:
    def register(make: Any) -> Any:
        READERS[name] = make
        return make

    return register


@_peer("newspaper4k")
def _newspaper() -> Callable[[str, str], Answer]:
    newspaper: Any = import_module("newspaper")

    def read(html: str, url: str) -> Answer:
        article = newspaper.Article(url, language="id", fetch_images=False)
        article.download(input_html=html)
        article.parse()
        at = article.publish_date.isoformat() if article.publish_date else ""
        return article.text, article.title, ", ".join(article.authors), at

    return read


@_peer("readability-lxml")
def _readability() -> Callable[[str, str], Answer]:
    html_of: Any = import_module("lxml.html")
    readability: Any = import_module("readability")

    def read(html: str, url: str) -> Answer:
        document = readability.Document(html, url=url)
        return html_of.fromstring(document.summary()).text_content(), document.short_title(), "", ""

    return read


@_peer("jusText")
def _justext() -> Callable[[str, str], Answer]:
    justext: Any = import_module("justext")

    words = justext.get_stoplist("Indonesian")

    def read(html: str, url: str) -> Answer:
        del url
        found = justext.justext(html.encode("utf-8"), words)
        return "\n".join(part.text for part in found if not part.is_boilerplate), "", "", ""

    return read


@_peer("news-please")
def _news_please() -> Callable[[str, str], Answer]:
    newsplease: Any = import_module("newsplease")

    def read(html: str, url: str) -> Answer:
        article = newsplease.NewsPlease.from_html(html, url=url, fetch_images=False)
        at = article.date_publish.isoformat() if article.date_publish else ""
        return article.maintext or "", article.title or "", ", ".join(article.authors or []), at

    return read


def main(peer: str) -> None:
    """Read all pages of standard input with one peer."""
    read = READERS[peer]()
    # Some print what they think of a page.
    answers, sys.stdout = sys.stdout, sys.stderr
    spent = 0.0
    for line in sys.stdin:
        asked = json.loads(line)
        texts: list[str] = []
        first: Answer = ("", "", "", "")
        for number, html in enumerate(asked["pages"]):
            started = time.process_time()
            try:
                answer = read(html, asked["url"])
            except Exception as error:  # noqa: BLE001 - a page on which a peer breaks is a page not read
                sys.stderr.write(f"{peer}: {asked['name']}: {error!r}\n")
                answer = ("", "", "", "")
            spent += time.process_time() - started
            texts.append(answer[0])
            first = answer if number == 0 else first
        row = {
            "name": asked["name"],
            "text": "\n".join(texts),
            "title": first[1],
            "author": first[2],
            "at": first[3],
        }
        answers.write(json.dumps(row) + "\n")
    answers.write(json.dumps({"seconds": spent}) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
