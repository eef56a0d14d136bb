"""Small sources and responses for tests that need no server."""

from typing import Any

from crawlers.manifest import Source


def source(**more: Any) -> Source:
    """Make a valid source; keyword arguments replace its keys."""
    table: dict[str, Any] = {
        "id": "warta",
        "publisher": "Warta",
        "hosts": ["w.test"],
        "platform": "generic",
        "kind": "news",
        "entries": [{"kind": "feed", "url": "https://w.test/feed"}],
        "legal": {"basis": "uji", "purpose": "uji", "retention_days": 1},
    }
    return Source.model_validate(table | more)
