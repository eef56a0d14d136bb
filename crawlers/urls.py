"""Canonical addresses: one article has one name, two articles never share one.

Promises: `canonicalize` gives the same text for every spelling of one article's address that we know
of (case of the host, default port, fragment, tracking parameters, order of the query, AMP twins, page
parameters, trailing slash), and applying it twice changes nothing. Hosts such as `m.` or `news.` are
folded only where a manifest lists them, because on some outlets they hold other articles.
Never does: fetch, guess, or drop a parameter that is in no table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

#: Query parameters that name the reader's way to the page, never the page; compared in lower case.
TRACKING_PARAMETERS: frozenset[str] = frozenset(
    {
        "fbclid",  # Facebook
        "igshid",  # Instagram
        "gclid",  # Google Ads and its siblings
        "gclsrc",
        "dclid",
        "wbraid",
        "gbraid",
        "_ga",
        "_gl",
        "msclkid",  # Microsoft
        "yclid",  # Yandex
        "twclid",  # X
        "ttclid",  # TikTok
        "mc_cid",  # Mailchimp
        "mc_eid",
    }
)
#: The same by prefix: Urchin/Google, Matomo, AT Internet.
TRACKING_PREFIXES: tuple[str, ...] = ("utm_", "mtm_", "pk_", "at_")

#: Query pairs that ask for the whole of a paged article; no outlet that we know names an article so.
WHOLE_ARTICLE_PAIRS: frozenset[tuple[str, str]] = frozenset({("single", "1"), ("page", "all")})
#: Query pairs that ask for the AMP twin of a page.
AMP_PAIRS: frozenset[tuple[str, str]] = frozenset({("amp", ""), ("amp", "1"), ("outputtype", "amp")})

#: End of a path -> query parameters that say from where on a list is asked for. They hang on what was stored
#: before and on the night, so that a replay, perhaps into an empty database, cannot know them.
RESUME_PARAMETERS: Mapping[re.Pattern[str], frozenset[str]] = {
    re.compile(r"/api/v1/timelines/tag/[^/]+$"): frozenset({"min_id"}),
    re.compile(r"/2/tweets/search/recent$"): frozenset({"since_id", "start_time"}),
    re.compile(r"/xrpc/app\.bsky\.feed\.searchPosts$"): frozenset({"since"}),
}
#: RFC 9110, 4.1 asks servers to take 8,000 octets; beyond that it is no article's address.
MAX_URL_CHARS = 8_000
#: Query pairs that ask for Blogger's mobile or desktop form of a post, on a path that is that of a post.
MOBILE_PAIRS: frozenset[tuple[str, str]] = frozenset({("m", "=1"), ("m", "=0")})
_BLOGGER_POST = re.compile(r"/\d{4}/\d{2}/[^/]+\.html$")

_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# RFC 3986: what may stand in a path besides "%", and what a query may hold besides.
_PATH_SAFE = _UNRESERVED | frozenset("/:@!$&'()*+,;=")
_QUERY_SAFE = _PATH_SAFE | frozenset("?")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})|(.)", re.DOTALL)
# What browsers strip from an address before they read it.
_JUNK = re.compile(r"[\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class UrlRules:
    """What a manifest says about the addresses of one outlet; empty means: the general rules only."""

    #: Other host -> the host under which the same articles lie (`amp.`, `m.` twins).
    same_host: Mapping[str, str] = field(default_factory=dict)
    #: Path prefix -> the prefix under which the same articles lie (`/mobile/` twins).
    same_path: Mapping[str, str] = field(default_factory=dict)
    #: Name of the query parameter that selects a page of an article ("" = none).
    page_param: str = ""
    #: Path ending that selects the whole article, such as "/all" ("" = none).
    page_suffix: str = ""


#: Used when an address stands alone, without a manifest.
NO_RULES = UrlRules()


def canonicalize(url: str, rules: UrlRules = NO_RULES) -> str:
    """Give the canonical form of an absolute http(s) address.

    Raises ValueError when `url` is not an absolute http(s) address with a host.
    """
    parts = _split(url)
    host = _host(parts)
    host = rules.same_host.get(host, host)
    path = _tidy(parts.path, _PATH_SAFE)
    prefix = next((prefix for prefix in rules.same_path if path.startswith(prefix)), "")
    if prefix:
        path = rules.same_path[prefix] + path[len(prefix) :]
    pairs = [pair for pair in _pairs(parts.query) if not _folds(pair, rules)]
    if _BLOGGER_POST.search(path):
        pairs = [pair for pair in pairs if pair not in MOBILE_PAIRS]
    return _join(parts, host, _fold_path(path, rules), sorted(pairs))


def strip_tracking(url: str) -> str:
    """Give the address with everything removed that no server reads: tracking, fragment, default port.

    Weaker than `canonicalize`: AMP twins and single pages keep addresses of their own. The replay uses
    it to find an archived answer. Raises ValueError as `canonicalize` does.
    """
    parts = _split(url)
    pairs = [pair for pair in _pairs(parts.query) if not _is_tracking(pair[0])]
    return _join(parts, _host(parts), _tidy(parts.path, _PATH_SAFE) or "/", sorted(pairs))


def without_resume(url: str) -> str:
    """Give the address of a social network's list without the place from where on it was asked for."""
    parts = urlsplit(url)
    dropped = next((names for path, names in RESUME_PARAMETERS.items() if path.search(parts.path)), None)
    if not dropped:
        return url
    kept = [piece for piece in parts.query.split("&") if piece.split("=", 1)[0] not in dropped]
    return parts._replace(query="&".join(kept)).geturl()


def absolute(base: str, link: str) -> str:
    """Resolve a link as found on a page or in a feed; "" when there is no http(s) address in it.

    An address longer than MAX_URL_CHARS is none.
    """
    plain = _JUNK.sub("", link)
    if not plain or len(plain) > MAX_URL_CHARS:
        return ""
    try:
        parts = _split(urljoin(base, plain))
        # Half a surrogate pair, as JSON may carry it, is no text that could be sent or stored.
        parts.geturl().encode("utf-8")
    except ValueError:
        return ""
    return parts._replace(fragment="").geturl()


def host_of(url: str) -> str:
    """Give the host in lower case without port; "" when the address has none."""
    try:
        return _host(_split(url))
    except ValueError:
        return ""


def with_query(url: str, name: str, value: str) -> str:
    """Set one query parameter, dropping earlier values of the same name."""
    parts = urlsplit(url)
    kept = [piece for piece in parts.query.split("&") if piece and piece.split("=", 1)[0] != name]
    return parts._replace(query="&".join([*kept, f"{name}={value}"])).geturl()


def with_suffix(url: str, suffix: str) -> str:
    """Append a path ending such as "/all", once."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return url if path.endswith(suffix) else parts._replace(path=path + suffix).geturl()


def _split(url: str) -> SplitResult:
    parts = urlsplit(_JUNK.sub("", url))
    if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"not an absolute http(s) address: {url[:200]!r}")
    parts.port  # noqa: B018 - raises ValueError for a port that is no number
    return parts


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".")


def _tidy(text: str, safe: frozenset[str]) -> str:
    """Bring percent-encoding to one form: unreserved characters plain, all others escaped, upper case."""

    def one(match: re.Match[str]) -> str:
        escape, char = match.groups()
        if escape:
            plain = chr(int(escape, 16))
            return plain if plain in _UNRESERVED else f"%{escape.upper()}"
        if char in safe:
            return str(char)
        return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))

    return _ESCAPE.sub(one, text)


def _pairs(query: str) -> list[tuple[str, str]]:
    """Split a query into (name, "=value" or "") so that `a` and `a=` stay different."""
    pairs = []
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        if piece:
            pairs.append((_tidy(name, _QUERY_SAFE), equals + _tidy(value, _QUERY_SAFE)))
    return pairs


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in TRACKING_PARAMETERS or lowered.startswith(TRACKING_PREFIXES)


def _folds(pair: tuple[str, str], rules: UrlRules) -> bool:
    name, value = pair[0].lower(), pair[1].removeprefix("=").lower()
    if _is_tracking(name) or (name, value) in WHOLE_ARTICLE_PAIRS or (name, value) in AMP_PAIRS:
        return True
    return bool(rules.page_param) and name == rules.page_param.lower()


def _fold_path(path: str, rules: UrlRules) -> str:
    """Cut the AMP mark, the "whole article" ending and the trailing slash; a bare "/amp" is a page."""
    endings = ["/amp", *([rules.page_suffix] if rules.page_suffix else [])]
    while True:
        shorter = re.sub(r"//+$", "/", path)
        shorter = shorter if shorter == "/" else shorter.rstrip("/")
        if shorter.lower().startswith("/amp/"):
            shorter = shorter[len("/amp") :]
        for ending in endings:
            if shorter.lower().endswith(ending) and len(shorter) > len(ending):
                shorter = shorter[: -len(ending)]
        if shorter == path:
            return path or "/"
        path = shorter


def _join(parts: SplitResult, host: str, path: str, pairs: list[tuple[str, str]]) -> str:
    scheme = parts.scheme.lower()
    port = "" if parts.port in (None, _DEFAULT_PORTS[scheme]) else f":{parts.port}"
    netloc = f"[{host}]{port}" if ":" in host else host + port
    query = "&".join(name + value for name, value in pairs)
    return f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")
