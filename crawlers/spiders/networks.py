"""The social networks by their kind, and their posts as rows that may be stored.

Promises: a row holds id, address, text, time, network, language and the hashed author, nothing else: no
display name, no biography, no counters; the same answer gives the same rows under the same key of handles.
Never does: request, or store.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from crawlers.manifest import Source
from crawlers.parts import dump
from crawlers.privacy import hide_handles, pseudonym
from crawlers.spiders import bluesky, mastodon, reddit, telegram, tiktok, x, youtube
from crawlers.spiders.posts import Network, Post

#: Every kind of `social_manifest.NETWORK_KINDS` (tested).
NETWORKS: Mapping[str, Network] = MappingProxyType(
    {
        "telegram": telegram.NETWORK,
        "mastodon": mastodon.NETWORK,
        "bluesky": bluesky.NETWORK,
        "x": x.NETWORK,
        "youtube": youtube.NETWORK,
        "reddit": reddit.NETWORK,
        "tiktok": tiktok.NETWORK,
    }
)
#: The key in `RawPage.part` that tells a post of a network from a row of an export.
_NETWORK = "network"


def part_of(post: Post, *, kind: str, base: str, source: Source) -> str:
    """Name a post inside an answer, with all that is needed to read it again without the manifest."""
    how: dict[str, object] = {_NETWORK: kind, "base": base, "id": post.id}
    if source.privacy.keep_handles:
        how["keep"] = source.privacy.keep_handles
    return json.dumps(how, ensure_ascii=False, sort_keys=True)


def row_of(post: Post, *, kind: str, keep: tuple[str, ...]) -> bytes:
    """Write a post as the row that is stored: our column names, every handle hashed."""
    return dump(
        {
            "id": post.id,
            "url": post.url,
            "text": hide_handles(post.text, kind, keep),
            "published": post.published,
            "platform": kind,
            "author": pseudonym(kind, post.author, keep=keep),
            "language": post.language,
        }
    )


def sound(posts: Iterable[Post]) -> tuple[list[Post], int, list[str]]:
    """Sort posts: those that can be stored, how many have nothing to read, what is wrong with the rest."""
    kept: dict[str, Post] = {}
    mute, faults = 0, []
    for post in posts:
        if not post.id or not post.url.startswith(("http://", "https://")):
            faults.append(f"a post {post.id[:80]!r} without {'an address' if post.id else 'an id'}")
        elif not post.text:
            mute += 1
        else:
            kept.setdefault(post.id, post)
    return list(kept.values()), mute, faults


def is_network(how: str) -> bool:
    """Say whether the first half of `parts.key_of` speaks of a network, not of an export."""
    return bool(how) and _NETWORK in json.loads(how)


def split(body: bytes, how: str) -> dict[str, bytes]:
    """Give all rows of an answer by the id of their post, as the spider saw them. Raises ValueError."""
    named = json.loads(how)
    kind = named[_NETWORK]
    posts, _, _ = sound(NETWORKS[kind].posts(body, named["base"]))
    return {post.id: row_of(post, kind=kind, keep=tuple(named.get("keep", ()))) for post in posts}
