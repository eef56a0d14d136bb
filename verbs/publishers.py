"""What readers see for the source of a text.

Promises: every source has a publisher: those of the manifests, and that of tips, which no manifest describes.
Never does: read a file.
"""

from collections.abc import Iterable

from crawlers.manifest import Source
from store.tips import PUBLISHER, SOURCE_ID


def publishers_of(sources: Iterable[Source]) -> dict[str, str]:
    """Publisher by source id."""
    return {source.id: source.publisher for source in sources} | {SOURCE_ID: PUBLISHER}
