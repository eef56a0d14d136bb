"""What a manifest may bound and expect of one night of its source: `[bounds]`, `[items]`, `[fill]`.

Promises: every default stands here, once, with its origin. Never does: judge a night (crawlers.watch does).
"""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Articles of one source in one night; the rest stays queued. At 1 s each this is a quarter of an hour.
ARTICLES_PER_NIGHT: Final = 1_000
#: Minutes for the articles of one source: three times what ARTICLES_PER_NIGHT take at 1 s, for slow servers.
MINUTES_PER_NIGHT: Final = 60.0
#: Outlets crawled at once. Chosen, not measured: with pauses of 2 s eight of them send four pages a second,
#: and two cores take in a hundred (benchmarks.crawl). Thousands of outlets need more: docs/scale.md.
SOURCES_AT_ONCE: Final = 8
#: Shares that a night's news must reach. On our saved pages the extractor gives a title and a body for every
#: article; one in ten is left to galleries and videos, which have neither. Half of the outlets that we know
#: show the hour of publication only on the page, so that losing it is a warning.
NEWS_TITLE, NEWS_BODY, NEWS_TIME = 0.9, 0.9, 0.5


class Part(BaseModel):
    """A table of a manifest: frozen, an unknown key is an error, no value is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Bounds(Part):
    """How much of one source is fetched in one night; what is left stays queued, oldest last."""

    articles: int = Field(default=ARTICLES_PER_NIGHT, ge=1)
    minutes: float = Field(default=MINUTES_PER_NIGHT, gt=0)


class Items(Part):
    """Expected new items a night: fewer than `min` fails the source, more than `max` warns."""

    min: int = Field(default=0, ge=0)
    max: int = Field(default=200, ge=1)

    @model_validator(mode="after")
    def _is_range(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"`min` ({self.min}) is above `max` ({self.max})")
        return self


class Fill(Part):
    """Smallest share (0 to 1) of a night's articles with a title, a body, a time of day.

    Below `title` or `body` the source is `layout_changed`, below `time` it is warned of. A key that is not
    given is that of news; posts have no title and are as short as they like: nothing is asked of them.
    """

    title: float | None = Field(default=None, ge=0, le=1)
    body: float | None = Field(default=None, ge=0, le=1)
    time: float | None = Field(default=None, ge=0, le=1)

    def minima(self, kind: str) -> dict[str, float]:
        """Give the shares that hold for a source of this kind, by key."""
        usual = {"title": NEWS_TITLE, "body": NEWS_BODY, "time": NEWS_TIME}
        given = self.model_dump(exclude_none=True)
        return {key: given.get(key, share if kind == "news" else 0.0) for key, share in usual.items()}
