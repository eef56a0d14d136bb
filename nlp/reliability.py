"""Draws the reliability plot: what share of texts with a given score are cases.

Promises: a PNG with the share of cases per bin of the score, its 95% interval and the number of texts; the
same measurement gives the same bytes on one machine, whatever its matplotlibrc says; the file appears whole
or not at all. Never does: open a window, touch pyplot's state, smooth.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from store.records import UsageError

#: Inches and dots per inch: 900 x 900 pixels, sharp on a page and small in a repository.
SIZE, DPI = 6.0, 150
BLUE, GREY = "#1f5f99", "#8a8a8a"


def write_reliability(path: Path, metrics: Mapping[str, Any], *, title: str) -> None:
    """Write the plot of `metrics` (from `evaluate`, which holds `calibration`) as PNG to `path`.

    Raises UsageError when the file cannot be written.
    """
    partial = path.with_suffix(path.suffix + ".partial")
    try:
        partial.write_bytes(draw_reliability(metrics, title=title))
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another file") from None


def draw_reliability(metrics: Mapping[str, Any], *, title: str) -> bytes:
    """The bytes of the PNG; bins without a text show no point."""
    bins = metrics["calibration"]["bins"]
    error = metrics["calibration"]["error"]
    full = [b for b in bins if b["cases"]["whole"]]
    with matplotlib.rc_context():
        # Somebody's own style must not change the picture.
        matplotlib.rcdefaults()
        figure = Figure(figsize=(SIZE, SIZE), dpi=DPI, layout="constrained")
        plot, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        plot.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
        shares = [b["cases"]["share"] for b in full]
        plot.errorbar(
            [b["mean_score"] for b in full],
            shares,
            yerr=[
                # Rounding may put a bound a hair on the wrong side of the share.
                [max(0.0, s - b["cases"]["low"]) for s, b in zip(shares, full, strict=True)],
                [max(0.0, b["cases"]["high"] - s) for s, b in zip(shares, full, strict=True)],
            ],
            fmt="o",
            color=BLUE,
            capsize=3,
            label="measured, 95% interval",
        )
        # A little more than 0 to 1, so that no point is cut.
        plot.set(xlim=(0, 1), ylim=(-0.03, 1.03), ylabel="share of cases")
        plot.set_title(f"{title}\n{_caption(metrics['n'], error)}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        bars = counts.bar(
            [b["from"] for b in bins],
            [b["cases"]["whole"] for b in bins],
            width=[b["to"] - b["from"] for b in bins],
            align="edge",
            color=BLUE,
            alpha=0.4,
        )
        counts.bar_label(bars, fontsize=8)
        counts.margins(y=0.2)
        counts.set(xlabel="score (calibrated probability of a case)", ylabel="texts")
        picture = io.BytesIO()
        # Without the name and version of the software: they would change the bytes and say nothing.
        figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _caption(n: int, error: Mapping[str, float | None]) -> str:
    if error["value"] is None:
        return f"{n} texts"
    return f"{n} texts, calibration error {error['value']:.3f} ({error['low']:.3f} to {error['high']:.3f})"
