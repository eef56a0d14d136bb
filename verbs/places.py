"""Where an installation keeps its things: the one place that knows these defaults."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
VAR = ROOT / "data" / "var"
DEFAULT_DB = f"sqlite:///{VAR / 'netra.db'}"
