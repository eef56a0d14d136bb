"""The options that several commands share: one name, one meaning, one help text each.

Promises: a value outside the allowed ones ends with exit code 2 and names those allowed.
Never does: hold a default (the commands do).
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from review.sheet import Separator
from review.words import Language

DbOption = Annotated[str, typer.Option("--db", envvar="NETRA_DB", help="Database address (SQLAlchemy URL).")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the sheet and the report.")]
DateOption = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="The night (default: the newest).")
]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="Only this source id; repeatable.")]
FolderOption = Annotated[Path | None, typer.Option("--sources", help="Folder with the source manifests.")]
ReplayOption = Annotated[
    Path | None, typer.Option("--replay", help="Answer from this WARC file instead of the network.")
]
LangOption = Annotated[Language, typer.Option("--lang", help="Language of what the analyst sees.")]
SeparatorOption = Annotated[Separator, typer.Option("--separator", help="Separator of the sheet.")]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", help="Model folder (default: the one that models/active.toml names)."),
]
Runtime = Literal["onnx", "torch"]
Device = Literal["cpu", "cuda"]
EngineOption = Annotated[Runtime, typer.Option("--engine", help="int8 on the CPU, or PyTorch in float32.")]
#: Where a stage can run on a cluster too: int8 on the CPUs of its nodes.
NightRuntime = Literal["onnx", "torch", "ray"]
NightEngineOption = Annotated[
    NightRuntime,
    typer.Option(
        "--engine", help="int8 on the CPU, PyTorch in float32, or int8 on the CPUs of a Ray cluster."
    ),
]
AddressOption = Annotated[
    str, typer.Option("--address", help="HOST:PORT of a Ray cluster (default: one on this machine).")
]
AtOnceOption = Annotated[int, typer.Option("--at-once", min=1, help="Outlets that a night crawls at once.")]
DeviceOption = Annotated[Device, typer.Option("--device", help="cuda needs --engine torch.")]
