"""The nightly report: what each source and each stage did, as one JSON file for people and programs.

Promises: every source of the night is in it with one outcome word; everything that failed is named; the file
appears whole or not at all. Never does: hide a failure, hold a text of a document.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from store.records import GOOD_OUTCOMES, Origin, SourceReport, StageReport
from store.revisions import ChangedText


@dataclass(frozen=True, slots=True)
class NightReport:
    """All that a night leaves behind besides its rows."""

    night: date
    run_id: int
    code_version: str
    model_version: str
    sources: tuple[SourceReport, ...]
    stages: tuple[StageReport, ...]
    incidents: int
    sheet: str
    #: What went wrong after the night's work was done, such as a mail that was not delivered.
    warnings: tuple[str, ...] = ()
    #: Pages among those read in this night that came by looking back, by source.
    looked_back: Mapping[Origin, Mapping[str, int]] = field(default_factory=dict)
    #: Texts that have changed since an analyst decided on them.
    changed: tuple[ChangedText, ...] = ()
    #: Personal data that was masked in the documents of these nights, by kind: how many, never what.
    masked: Mapping[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0, or 1 when a source or an item failed, or a digest was not delivered."""
        failed = any(s.outcome not in GOOD_OUTCOMES for s in self.sources) or any(
            s.failed for s in self.stages
        )
        return int(failed or bool(self.warnings))


def report_content(report: NightReport, *, publishers: Mapping[str, str]) -> dict[str, Any]:
    """The report as plain data; `failed_sources` repeats what an operator must look at first.

    `revisions` counts the articles of all sources whose text has changed since it was stored; for those that
    an analyst had decided on, `changed_after_decision` gives the incidents. `looked_back` counts pages of
    past days, which explain a night of far more texts than its sources brought.
    """
    content = asdict(replace(report, changed=()))
    del content["changed"]
    content["night"] = report.night.isoformat()
    content["exit_code"] = report.exit_code
    content["revisions"] = sum(s.revisions for s in report.sources)
    content["sources"] = [_source(s, publishers) for s in report.sources]
    content["changed_after_decision"] = [
        {"incident_id": text.incident_id, "link": text.url, "night": text.night.isoformat()}
        for text in report.changed
    ]
    content["failed_sources"] = [
        f"{s.source_id} ({s.night}): {s.outcome} - {s.message}"
        for s in report.sources
        if s.outcome not in GOOD_OUTCOMES
    ]
    return content


def _source(source: SourceReport, publishers: Mapping[str, str]) -> dict[str, Any]:
    row = asdict(source)
    row["night"] = source.night.isoformat()
    row["publisher"] = publishers.get(source.source_id, source.source_id)
    return row


def changed_lines(changed: Sequence[ChangedText]) -> str:
    """Say which decided incidents have a text that changed since: a line that counts, then one for each."""
    lines = [f"texts changed after decision: {len(changed)}"]
    lines += [f"  {text.incident_id}  {text.url}  ({text.night})" for text in changed]
    return "\n".join(lines)


def write_report(path: Path, report: NightReport, *, publishers: Mapping[str, str]) -> None:
    """Write the report as indented JSON, replacing an older one of the same night."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps(report_content(report, publishers=publishers), indent=1, ensure_ascii=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)


def worst_first(sources: Sequence[SourceReport]) -> list[SourceReport]:
    """Sources in the order in which an operator wants to read them: failed ones first, then by name."""
    return sorted(sources, key=lambda s: (s.outcome in GOOD_OUTCOMES, s.source_id, s.night))
