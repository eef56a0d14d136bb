"""What a manifest says of a social network: which one, with whose leave, and whose handles stay readable.

Promises: a manifest names the environment variable of a token and can hold no token; a token is only ever
sent over TLS, or to this very machine. Never does: read the environment, or repeat a value that might be
a token in a message.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

if TYPE_CHECKING:
    from crawlers.manifest_tables import Entry

#: Kinds of entries that ask a social network.
NETWORK_KINDS: tuple[str, ...] = ("telegram", "mastodon", "bluesky", "x", "youtube", "reddit", "tiktok")
#: Networks that answer nobody without a token.
NEEDS_TOKEN = frozenset({"x", "youtube", "reddit", "tiktok"})
#: Networks where `query` is what to look for, and must be given.
NEEDS_QUERY = frozenset({"bluesky", "x", "tiktok"})
TAKES_QUERY = NEEDS_QUERY | {"youtube", "reddit"}
#: YouTube wants exactly one of these in the address.
YOUTUBE_OBJECTS = frozenset({"videoId", "allThreadsRelatedToChannelId", "id"})
#: X takes queries of up to 512 characters from its lower tiers.
MAX_X_QUERY = 512
#: The path of each network's interface, which tells a wrong address before the first night.
PATHS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "telegram": re.compile(r"/s/\w{4,64}"),
        "mastodon": re.compile(r"/api/v1/timelines/tag/[^/]+"),
        "bluesky": re.compile(r"/xrpc/app\.bsky\.feed\.searchPosts"),
        "x": re.compile(r"/2/tweets/search/recent"),
        "youtube": re.compile(r"/youtube/v3/commentThreads"),
        "reddit": re.compile(r"/r/\w+/(new|search|comments)"),
        "tiktok": re.compile(r"/v2/research/video/query/"),
    }
)
_VARIABLE = re.compile(r"NETRA_[A-Z0-9_]{1,60}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Credentials(BaseModel):
    """Where the token lies that a network asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: Name of an environment variable.
    token: str

    @field_validator("token")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(
                'give the name of an environment variable such as "NETRA_X_TOKEN", never the token'
            )
        return name


class Privacy(BaseModel):
    """Whose handles are stored as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: Accounts of institutions; all others become a keyed hash.
    keep_handles: tuple[str, ...] = ()

    @field_validator("keep_handles", mode="before")
    @classmethod
    def _is_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


def entry_fault(entry: "Entry") -> str:
    """Say what is wrong with one entry as one of a network; "" when nothing is."""
    if entry.kind not in NETWORK_KINDS:
        return "`query` is for social networks" if entry.query else ""
    parts = urlsplit(entry.url)
    if entry.fallback:
        return f"an entry of kind {entry.kind} takes no fallback"
    if not PATHS[entry.kind].fullmatch(parts.path):
        return f"the path of an address of {entry.kind} must be of the form {PATHS[entry.kind].pattern}"
    if entry.kind in NEEDS_QUERY and not entry.query.strip():
        return f"an entry of kind {entry.kind} needs `query`"
    if entry.query and entry.kind not in TAKES_QUERY:
        return f"an entry of kind {entry.kind} takes no `query`"
    if entry.kind == "x" and len(entry.query) > MAX_X_QUERY:
        return f"`query` has {len(entry.query)} characters, X takes {MAX_X_QUERY}"
    if entry.kind == "youtube" and len(YOUTUBE_OBJECTS & set(parse_qs(parts.query))) != 1:
        return f"the address needs exactly one of {', '.join(sorted(YOUTUBE_OBJECTS))}"
    if entry.kind == "reddit" and parts.path.endswith("/search") != bool(entry.query):
        return "`query` and an address that ends in /search go together"
    return ""


def source_fault(entries: Sequence["Entry"], kind: str, credentials: Credentials | None) -> str:
    """Say what does not fit together in a manifest with entries of a network; "" when all does."""
    networks = {entry.kind for entry in entries if entry.kind in NETWORK_KINDS}
    if not networks:
        return "a table [credentials] is for social networks" if credentials else ""
    if len({entry.kind for entry in entries}) > 1 or kind != "post":
        return 'a social network needs kind = "post" and a manifest of its own'
    (network,) = networks
    if network in NEEDS_TOKEN and credentials is None:
        return f'{network} needs a table [credentials] with token = "NETRA_{network.upper()}_TOKEN"'
    for entry in entries if credentials else ():
        place = urlsplit(entry.url)
        if place.scheme != "https" and place.hostname not in _LOOPBACK:
            return f"a token is sent over https only, not to {entry.url}"
    return ""
