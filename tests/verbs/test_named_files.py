"""A name in our own files: found whatever the encoding, masked in its place; what is left is named."""

import json
import zipfile
from pathlib import Path

import pytest

from store.persons import PLACEHOLDER, Hidden, name_pattern, suppress
from verbs.named_files import files_where, files_with, mask_files, write_private
from verbs.places import LABELS

NAME = "Lestyo Adiwongso"
PATTERN = name_pattern([NAME])
KEY = b"kunci uji yang tidak rahasia sama sekali"
HIDDEN = Hidden(KEY, [suppress(KEY, NAME)])


def holds(text: str) -> bool:
    return bool(PATTERN.search(text))


def masked(text: str) -> str:
    return PATTERN.sub(PLACEHOLDER, text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_sheet_keeps_its_encoding_line_ends_and_rights(tmp_path: Path, encoding: str) -> None:
    sheet = tmp_path / "kembali.csv"
    sheet.write_bytes(f"no;catatan\r\n1;kafé {NAME}\r\n".encode(encoding))
    sheet.chmod(0o600)
    assert list(files_with(PATTERN, [tmp_path])) == [sheet]
    assert mask_files([sheet], masked, holds) == []
    assert sheet.read_bytes() == f"no;catatan\r\n1;kafé {PLACEHOLDER}\r\n".encode(encoding)
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["kembali.csv"]


@pytest.mark.parametrize("way", ["pattern", "hashes"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_name_behind_an_escape_of_json_is_masked_and_the_lines_stay(
    tmp_path: Path, way: str, ascii_only: bool
) -> None:
    lines = tmp_path / "m.jsonl"
    texts = [f"Judul\n{NAME}\u2028hadir.", "Lestyo\n Adiwongso", "Warga"]
    lines.write_text("".join(json.dumps({"text": t}, ensure_ascii=ascii_only) + "\n" for t in texts))
    found, mask = (holds, masked) if way == "pattern" else (HIDDEN.holds, HIDDEN.mask)
    assert list(files_where(found, [lines])) == [lines]
    assert mask_files([lines], mask, found) == []
    told = [json.loads(line)["text"] for line in lines.read_text(encoding="utf-8").split("\n") if line]
    assert told == [f"Judul\n{PLACEHOLDER}\u2028hadir.", PLACEHOLDER, "Warga"]


def test_two_people_in_neighbouring_cells_are_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Lestyo;Adiwongso\nLestyo,Adiwongso\n")
    (tmp_path / "b.json").write_text('["Lestyo", "Adiwongso"]')
    assert list(files_with(PATTERN, [tmp_path])) == []
    assert list(files_where(HIDDEN.holds, [tmp_path])) == []


def test_links_labels_and_odd_spellings_are_named_and_packed_sheets_go(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "x.csv").write_text(NAME)
    ours = tmp_path / "ours"
    (ours / "folder.csv").mkdir(parents=True)
    (ours / "link.csv").symlink_to(theirs / "x.csv")
    (ours / "nowhere.csv").symlink_to(theirs / "none.csv")
    (ours / "linked").symlink_to(theirs, target_is_directory=True)
    (ours / "page.html").write_text("<b>Lestyo</b> Adiwongso")
    (ours / "broken.xlsx").write_bytes(b"bukan zip")
    with zipfile.ZipFile(ours / "sheet.xlsx", "w") as packed:
        packed.writestr("xl/sharedStrings.xml", "<t>Lestyo&#10;Adiwongso</t>")
    with zipfile.ZipFile(ours / "free.xlsx", "w") as packed:
        packed.writestr("xl/sharedStrings.xml", "<t>Lestyo</t><t>Adiwongso</t>")
    files = list(files_with(PATTERN, [ours, tmp_path / "last-error.txt"]))
    assert [path.name for path in files] == ["broken.xlsx", "link.csv", "page.html", "sheet.xlsx"]
    left = mask_files([*files, LABELS / "x.jsonl"], masked, holds)
    assert [Path(one.split(": ")[0]).name for one in left] == ["link.csv", "page.html", "x.jsonl"]
    assert (theirs / "x.csv").read_text() == NAME
    assert (ours / "link.csv").is_symlink()
    assert not (ours / "sheet.xlsx").exists()
    assert (ours / "free.xlsx").exists()


def test_a_private_file_replaces_an_older_one_that_others_could_read(tmp_path: Path) -> None:
    target = tmp_path / "a" / "jawaban.json"
    write_private(target, "1")
    target.chmod(0o644)
    write_private(target, "2")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("2", 0o600)
