"""Finds the article on a page whose markup nobody has described, by where its prose stands.

Promises: one pass over the elements, however deep they nest; boxes with other articles, menus, comments and
the like are told from the article by their names, their links and their headings; what of them stood inside
the article is listed, so that a wrong cut can be seen.
Never does: change the tree, look at the wording of the prose, or raise on any page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nlp.boilerplate import is_end_line, is_list_heading
from nlp.markup import tags

#: A run of text with fewer characters outside links is a label, a stamp or a headline.
_SHORTEST_RUN = 50
#: A run with a larger share of its text inside links is a menu or a list of articles.
_MOST_LINKED = 0.4
#: A link with fewer characters is a tag or a name, a longer one that is alone in its block a headline.
_SHORTEST_LINK = 20
#: A box with one headline and less prose than this is a teaser.
_LONGEST_TEASER = 250
#: So many headlines with less prose to each than this are a list of other articles; an article that links to
#: others has paragraphs between them.
_FEWEST_LINKS = 2
_PROSE_PER_LINK = 60
#: From the body down, the next level is taken as long as one child holds this share of the prose.
_DOMINANT = 0.7
#: What prose in a box with a foreign name counts, beside the article: its name may be wrong.
_FOREIGN_WEIGHT = 0.1
#: A foreign name inside the article is believed of a box with less than this share of its prose.
_FOREIGN_SHARE = 0.4

#: The heading of a list of articles is short.
_LONGEST_HEADING = 40

_INLINE = tags("""
    a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike
    strong sub sup time tt u var wbr
""")
_DEAD = tags("""
    script style noscript template iframe object embed svg math canvas form button select textarea input
    video audio nav aside head link meta amp-sidebar amp-ad amp-analytics amp-social-share amp-consent
""")
#: Names that CMS and themes give to the element around the article's text alone.
_ARTICLE_NAME = re.compile(
    r"(?:\A|[\s_-])(?:entry-content|post-body|post-content|td-post-content|article-content|article__content"
    r"|article-body|article__body|articlebody|story-body|news-text|news-content|isi-berita|content-berita"
    r"|detail-content|detail__body-text|detail-text|detail_text|detail-desc|read__content|txt-article"
    r"|single-content|the-content|content-inner|itp_bodycontent)(?:\Z|\s)",
    re.IGNORECASE,
)
_FOREIGN_NAME = re.compile(
    r"(?:\A|[\s_-])(?:side-?bar|related|terkait|rekomendasi|recommend\w*|ter?populer|popular|most-?pop\w*"
    r"|most-?read|terkini|trending|latest\w*|recent\w*|next-?prev\w*|baca-?juga|lihat-?juga|lihatjg|linksisip|also-?read|read-?also"
    r"|share|sharing|sharedaddy|sosmed|social\w*|addtoany\w*|heateor\w*|komentar|comments?|commentlist|disqus\w*"
    r"|tags?|tagging|breadcrumbs?|pagination|paging|page-links|navigation|nav|menu|footer|copyright"
    r"|newsletter|subscri\w*|langganan|ads?|adv|iklan|advert\w*|adsbygoogle|ad-?slot|sponsor\w*|promo"
    r"|author-?(?:box|info|bio)|about-author|cookies?|gdpr|consent|modal|popup|toc|ez-toc\w*|polling"
    r"|jp-relatedposts|kompasidrec|inject-\w+|paradetail|parallax\w*|skip-link|screen-reader-text)"
    r"(?:\Z|[\s_-]|\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """The element around the article's text, and the boxes inside it that are no part of the text."""

    element: Any
    boxes: frozenset[Any]


@dataclass(slots=True)
class _Prose:
    """Of each element in document order: its parent's place and how much prose it holds.

    `prose`: characters; `weighed`: those in boxes with foreign names count less; `counted`: what the element
    adds to its parent's weight; `links`: headlines of other articles.
    """

    elements: list[Any]
    parents: list[int]
    prose: list[float]
    weighed: list[float]
    counted: list[float]
    links: list[int]


def find_article(root: Any) -> FoundArticle | None:
    """Return the element under `root` (lxml) that holds the article, or None when there is no prose."""
    measured = _measure(root)
    total = measured.weighed[0]
    if not total:
        return None
    children: dict[int, list[int]] = {}
    for place, parent in enumerate(measured.parents):
        if place and measured.counted[place]:
            children.setdefault(parent, []).append(place)
    here = 0
    while not _is_article_name(measured.elements[here]):
        best = max(children.get(here, ()), key=lambda place: measured.counted[place], default=-1)
        if best < 0 or measured.counted[best] < _DOMINANT * measured.weighed[here]:
            break
        if measured.elements[best].tag in ("p", "li", "td", "blockquote"):
            break
        here = best
    return FoundArticle(measured.elements[here], frozenset(_boxes(measured, here)))


def _measure(root: Any) -> _Prose:
    elements = list(root.iter())
    places = {element: place for place, element in enumerate(elements)}
    parents = [0] * len(elements)
    run = [0] * len(elements)
    linked = [0] * len(elements)
    prose = [0.0] * len(elements)
    weighed = [0.0] * len(elements)
    counted = [0.0] * len(elements)
    links = [0] * len(elements)
    size = [0] * len(elements)
    for place in range(len(elements) - 1, -1, -1):
        element = elements[place]
        parent = parents[place] = places[element.getparent()] if place else 0
        if place and element.tail:
            run[parent] += len(element.tail.strip())
        tag = element.tag
        if not isinstance(tag, str) or tag in _DEAD:
            continue
        if element.text:
            run[place] += len(element.text.strip())
        size[place] += run[place]
        if tag == "a":
            # A link around whole blocks is a headline with its teaser.
            links[place] = int(run[place] < size[place] >= _SHORTEST_LINK)
            linked[place] = run[place]
            prose[place] = weighed[place] = 0.0
        if tag in _INLINE:
            if place:
                run[parent] += run[place]
                linked[parent] += linked[place]
        elif run[place] - linked[place] >= _SHORTEST_RUN and linked[place] <= _MOST_LINKED * run[place]:
            prose[place] += run[place] - linked[place]
            weighed[place] += run[place] - linked[place]
        if (
            tag not in _INLINE
            and linked[place] >= _SHORTEST_LINK
            and linked[place] >= _MOST_LINKED * run[place]
        ):
            links[place] += 1
        if not place:
            continue
        links[parent] += links[place]
        # Inline text is in the parent's run already.
        size[parent] += size[place] if tag not in _INLINE else size[place] - run[place]
        if prose[place]:
            teaser = links[place] == 1 and prose[place] < _LONGEST_TEASER
            counted[place] = weighed[place] * (_FOREIGN_WEIGHT if teaser or _is_foreign(element) else 1)
            prose[parent] += prose[place]
            weighed[parent] += counted[place]
    return _Prose(elements, parents, prose, weighed, counted, links)


def _boxes(measured: _Prose, article: int) -> Iterator[Any]:
    """Yield the outermost boxes inside the article that are no part of it."""
    most = _FOREIGN_SHARE * measured.prose[article]
    inside = {article}
    for place in range(article + 1, len(measured.elements)):
        element = measured.elements[place]
        parent = measured.parents[place]
        if parent not in inside:
            if parent < article:
                return
            continue
        if isinstance(element.tag, str) and measured.prose[place] <= most and _is_box(measured, place):
            yield element
        else:
            inside.add(place)


def _is_box(measured: _Prose, place: int) -> bool:
    """Say whether an element inside the article is named for something else, or lists other articles."""
    links = measured.links[place]
    listing = links >= _FEWEST_LINKS and measured.weighed[place] < _PROSE_PER_LINK * links
    return listing or _is_foreign(measured.elements[place])


def _is_article_name(element: Any) -> bool:
    return element.get("itemprop") == "articleBody" or any(
        _ARTICLE_NAME.search(name) for key in ("class", "id") if (name := element.get(key))
    )


def _is_foreign(element: Any) -> bool:
    if element.tag in ("nav", "aside", "footer"):
        return True
    if _is_article_name(element):
        return False
    if element.tag in _INLINE or element.tag in ("p", "body", "html", "article", "main"):
        # A class on a paragraph tells its style more often than its meaning; the cleaner reads its words.
        return element.tag == "p" and bool(_FOREIGN_NAME.search(element.get("class") or ""))
    for key in ("class", "id"):
        name = element.get(key)
        if name and _FOREIGN_NAME.search(name):
            return True
    return _begins_a_list(element)


def _begins_a_list(element: Any) -> bool:
    """Say whether a box opens with a heading such as "Berita Terkait"."""
    if not len(element) or (element.text and element.text.strip()):
        return False
    first = element[0]
    if not isinstance(first.tag, str) or len(first) > 2:
        return False
    heading = " ".join("".join(first.itertext()).split())
    return len(heading) <= _LONGEST_HEADING and (is_list_heading(heading) or is_end_line(heading))
