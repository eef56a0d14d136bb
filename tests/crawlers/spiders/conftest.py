"""What several tests of networks share."""

from collections.abc import Iterator

import pytest

from crawlers.social_manifest import NETWORK_KINDS
from tests.crawlers.networks import CANARY


@pytest.fixture(scope="module")
def tokens() -> Iterator[None]:
    """Put the canary where every token is looked for."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in NETWORK_KINDS:
            patch.setenv(f"NETRA_{kind.upper()}_TOKEN", CANARY)
        yield
