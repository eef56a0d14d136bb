"""The repository keeps its own rules: versions agree, docs name real verbs, nothing unsafe is in."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import pipeline
from store.records import CODE_VERSION
from tests import conftest
from tests.wordpress.site import NEEDED

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
PYTHON = [ROOT / name for name in TRACKED if name.endswith(".py")]
DOCS = [ROOT / name for name in TRACKED if name.endswith(".md") and not name.startswith("models/")]
#: Ways to run code that hides in data, or to leave TLS unchecked. The tests that try them are exempt.
BANNED = re.compile(
    r"\bimport (?:pickle|joblib|marshal|shelve|dill)\b|\btorch\.load\(|\byaml\.load\("
    r"|(?<!\.)\b(?:eval|exec)\("
    r"|trust_remote_code\W{1,4}True|verify\s*=\s*False|allow_pickle\s*=\s*True"
)
#: Limits of the house: lines of a file (design: about 400), bytes of a tracked file.
MAX_LINES, MAX_BYTES = 450, 60_000_000


def test_the_code_version_is_the_project_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == CODE_VERSION


def test_every_direct_dependency_is_pinned_and_explained_and_locked():
    text = (ROOT / "pyproject.toml").read_text()
    pins = re.findall(r'^    "([\w\-.]+)(?:\[\w+\])?==([\w.]+)",(.*)$', text, re.MULTILINE)
    locked = {
        name.lower().replace("_", "-"): version
        for name, version in (line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    }
    assert len(pins) > 20
    for name, version, reason in pins:
        assert "#" in reason, name
        assert locked[name.lower()] == version, name


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_what_it_promises_and_stays_readable(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES
    room = path.relative_to(ROOT).parts[0]
    if (
        text.strip()
        and room in {"crawlers", "nlp", "review", "store"}
        and "migrations/versions" not in str(path)
    ):
        assert text.startswith('"""')
    if room != "tests":
        assert not BANNED.search(text)


def test_no_room_imports_the_command_line():
    """Import-linter knows packages alone; the module at the top and its verbs are watched here."""
    rooms = [p for p in PYTHON if p.relative_to(ROOT).parts[0] in {"crawlers", "nlp", "review", "store"}]
    above = re.compile(r"^\s*(?:from|import) (?:pipeline|verbs)\b", re.MULTILINE)
    assert [p.name for p in rooms if above.search(p.read_text(encoding="utf-8"))] == []


def test_a_missing_system_package_is_named_and_under_full_a_failure(monkeypatch):
    needed = {"busybox-semu": "usr/share/tidak/*/ada", "dash": "sh"}
    monkeypatch.setattr(conftest, "FULL", False)
    mark = conftest.needs_packages(needed).mark
    assert mark.args == (True,)
    assert "Debian: busybox-semu;" in mark.kwargs["reason"]
    monkeypatch.setattr(conftest, "FULL", True)
    with pytest.raises(RuntimeError, match="FULL=1 installs them: busybox-semu"):
        conftest.needs_packages(needed)


def test_the_makefile_installs_what_the_tests_need():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installed = re.search(r"^SYSTEM_PACKAGES := ((?:.*\\\n)*.*)", makefile, re.MULTILINE)[1].split()
    assert {*NEEDED, "libreoffice-calc"} <= {*installed}


def test_no_tracked_file_is_too_large():
    assert [name for name in TRACKED if (ROOT / name).stat().st_size > MAX_BYTES] == []


def test_nothing_names_a_path_of_one_machine():
    places = re.compile(r"/(?:work|home|root)/\w|\.\./shared")
    found = [
        str(path.relative_to(ROOT))
        for path in [*PYTHON, *DOCS, ROOT / "Makefile", *sorted((ROOT / "data").glob("s*/*.toml"))]
        if places.search(path.read_text(encoding="utf-8")) and path.name != "test_repo.py"
    ]
    assert found == []


def test_docs_name_only_verbs_that_exist_and_every_verb_is_documented():
    known = {c.name or c.callback.__name__ for c in pipeline.app.registered_commands}
    known |= {g.name for g in pipeline.app.registered_groups}
    named: set[str] = set()
    for path in DOCS:
        for verb in re.findall(r"pipeline\.py ([a-z]+)", path.read_text(encoding="utf-8")):
            assert verb in known, f"{path.name}: {verb}"
            named.add(verb)
    operator = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    assert {v for v in known if f"`{v}" not in operator and v not in named} == set()


def test_links_between_docs_lead_somewhere():
    for path in DOCS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_ignore_has_its_reason_beside_it():
    bare = re.compile(r"# (?:noqa(?::[ \w,]+)?|type: ignore(?:\[[\w,-]+\])?)\s*$", re.MULTILINE)
    found = [str(p.relative_to(ROOT)) for p in PYTHON if bare.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_no_merge_was_left_half_done():
    marks = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)
    texts = [ROOT / name for name in TRACKED if name.endswith((".py", ".md", ".toml", ".json", ".jsonl"))]
    assert [path.name for path in texts if marks.search(path.read_text(encoding="utf-8"))] == []
