"""100,000 random cells come back exact; 1,000 damaged sheets bring no wrong label in silence (R14)."""

import csv
import io
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from review.sheet import BLANKS, TRIGGERS, flatten, sheet_row, write_sheet
from review.sheet_import import compare_sheet, import_sheet, told_lines
from review.sheet_read import read_sheet
from review.words import DECISION_WORDS, HEADERS, WORDS
from store.chain import chain_head
from store.db import reading
from store.decisions import Decision
from store.labels import append_event
from store.queue import QueueFilter, queue_rows
from store.records import TYPES, UsageError
from store.reviewers import add_reviewer
from store.schema import documents
from tests.store.samples import NIGHT, put_grouped

CELLS, FILES = 100_000, 1_000
NOW = datetime(2024, 9, 18, 2, 0, tzinfo=UTC)
HEAD = list(HEADERS["id"].values())
#: What spreadsheets and CSV stumble over, beside plain words.
LETTERS = (
    *sorted(TRIGGERS - {"\0"}),
    *BLANKS,
    *('"', '""', ",", ";", "\t", "|", "sep=;", "1,5", "1.234", "17/09/2024", "TRUE", "BENAR", "0012", "1E5"),
    *(
        "camat",
        "Lurah",
        "é",
        "\u0153",
        "\u2019",
        "\u0647\u0630\u0627",
        "\U0001f600",
        "e\u0301",
        "\ufeff",
        "\u00a0",
    ),
)

Rows = list[dict[str, str]]
Damage = Callable[[Rows, random.Random], bytes]


def test_a_hundred_thousand_random_cells_come_back(tmp_path: Path) -> None:
    chance = random.Random(14)
    count = -(-CELLS // len(HEAD))
    rows = [
        {header: flatten("".join(chance.choices(LETTERS, k=chance.randint(0, 6)))) for header in HEAD}
        for _ in range(count)
    ]
    for row in rows:
        row["id_kejadian"] = row["id_kejadian"] or "x"  # a row without any cell is none
    for separator in (",", ";"):
        path = tmp_path / "a.csv"
        write_sheet(path, rows, lang="id", separator=separator)  # type: ignore[arg-type]  # a literal of the loop
        sheet = read_sheet(path)
        assert len(sheet.lines) == count
        assert count * len(HEAD) >= CELLS
        for line, row in zip(sheet.lines, rows, strict=True):
            assert {HEADERS["id"][name]: cell for name, cell in line.cells.items()} == row


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """Eight incidents, two of which have changed since the sheet went out: a text, and a decision."""
    put_grouped(engine, *range(8))
    with engine.begin() as conn:
        for name in ("Siti Lontara", "Budi Uji"):
            add_reviewer(conn, name=name, role="reviewer", password_hash="", at=NOW)
    return engine


def filled(engine: Engine) -> tuple[Rows, dict[str, Decision]]:
    """The sheet as an analyst sends it back, and what was decided in it."""
    with reading(engine) as conn:
        found = queue_rows(conn, queue="incident", until=NIGHT, filters=QueueFilter())
    rows = [sheet_row(row, publishers={}, standing={}, lang="id") for row in found]
    words, meant = DECISION_WORDS["id"], {}
    for number, row in enumerate(rows):
        decision = ("case", "none", "unsure")[number % 3]
        types = (TYPES[number],) if decision == "case" else ()
        note = ("lihat paragraf 3", "Café “Béla”, 1–2", "")[number % 3]
        row |= {"keputusan": words[decision], "jenis": "; ".join(WORDS["id"][name] for name in types)}
        row |= {"catatan": note, "peninjau": ("Siti Lontara", "Budi Uji")[number % 2]}
        meant[row["id_kejadian"]] = Decision(decision, types, "", note)
    return rows, meant


def as_csv(rows: Rows, *, separator: str = ",", head: list[str] = HEAD, encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    made = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    made.writerows([head, *([row[name] for name in head] for row in rows)])
    return out.getvalue().encode(encoding, "replace")


def days(rows: Rows, chance: random.Random) -> bytes:
    """Excel has taken days, times and numbers for its own, in one of two locales."""
    form = chance.choice(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y-%m-%d"])
    told = (NIGHT + timedelta(days=chance.choice([0, 0, 0, 40]))).strftime(form)
    score = chance.choice(["88,0", "88.0", "0,88", "8,8E+01", "########"])
    return as_csv(
        [row | {"malam": told, "waktu_terbit": f"{told} 23.00", "skor_persen": score} for row in rows]
    )


def cut(rows: Rows, chance: random.Random) -> bytes:
    raw = as_csv(rows, encoding=chance.choice(["utf-8", "utf-8-sig", "utf-16"]))
    return raw[: chance.randrange(len(raw))]


def missing(rows: Rows, chance: random.Random) -> bytes:
    gone = chance.sample(HEAD, k=chance.randint(1, 4))
    return as_csv(rows, head=[name for name in HEAD if name not in gone])


def swapped_headers(rows: Rows, chance: random.Random) -> bytes:
    """Two columns have each other's header: one was dragged, the first row was frozen."""
    one, two = chance.sample(range(len(HEAD)), k=2)
    lines = as_csv(rows).decode("utf-8-sig").split("\r\n", 1)
    head = list(HEAD)
    head[one], head[two] = head[two], head[one]
    return f"{','.join(head)}\r\n{lines[1]}".encode("utf-8-sig")


def stray(rows: Rows, chance: random.Random) -> bytes:
    """A separator or a quote too many, somewhere."""
    raw = as_csv(rows, separator=";")
    place = chance.randrange(len(raw))
    return raw[:place] + chance.choice([b";", b'"', b"\r\n", b",", b"\t"]) + raw[place:]


DAMAGES: dict[str, Damage] = {
    "semicolon": lambda rows, _: as_csv(rows, separator=";"),
    "tab": lambda rows, _: as_csv(rows, separator="\t"),
    "cp1252": lambda rows, _: as_csv(rows, separator=";", encoding="cp1252"),
    "no BOM": lambda rows, _: as_csv(rows, encoding="utf-8"),
    "two BOMs": lambda rows, _: b"\xef\xbb\xbf" + as_csv(rows),
    "other order": lambda rows, chance: as_csv(rows, head=chance.sample(HEAD, k=len(HEAD))),
    "days": days,
    "cut": cut,
    "missing": missing,
    "swapped headers": swapped_headers,
    "stray": stray,
}
#: These change nothing that an analyst decided, so every decision must be read.
HARMLESS = ("semicolon", "tab", "cp1252", "no BOM", "two BOMs", "other order")


def test_a_thousand_damaged_sheets_bring_no_wrong_label_in_silence(desk: Engine, tmp_path: Path) -> None:
    rows, meant = filled(desk)
    stale_text, stale_event = rows[0]["id_kejadian"], rows[1]["id_kejadian"]
    with desk.begin() as conn:
        conn.execute(
            update(documents).where(documents.c.url == rows[0]["tautan"]).values(text_sha256="f" * 64)
        )
        append_event(
            conn,
            incident_id=stale_event,
            new=Decision("unsure", note="dari halaman"),
            seen=None,
            reviewer="Budi Uji",
            origin="page",
            at=NOW,
        )
    chance = random.Random(1000)
    outcomes: Counter[str] = Counter()
    for number in range(FILES):
        damage = list(DAMAGES)[number % len(DAMAGES)]
        path = tmp_path / "a.csv"
        path.write_bytes(DAMAGES[damage](rows, chance))
        try:
            sheet = read_sheet(path)
        except UsageError as refusal:
            outcomes[f"refused: {damage}"] += 1
            outcomes["refused"] += 1
            outcomes["refused by name"] += "a.csv" in str(refusal)
            continue
        report = compare_sheet(desk, sheet, reviewer="", lang="id")
        said, problems = told_lines(sheet, report, "id")
        taken = {v.incident_id: v.new for v in report.verdicts if v.outcome == "new" and v.new}
        # Neither what changed meanwhile, nor what somebody else decided, is ever overwritten.
        assert not {stale_text, stale_event} & set(taken), (damage, number)
        if damage in HARMLESS:
            assert taken == {i: d for i, d in meant.items() if i not in {stale_text, stale_event}}, damage
        for incident_id, decision in taken.items():
            if decision != meant[incident_id]:
                # Words of the analyst's stand in each other's column, or have a sign more: as the file says,
                # and shown row by row. The decision itself is always the one that was meant.
                assert damage in ("stray", "swapped headers"), (damage, number)
                assert decision.decision == meant[incident_id].decision, (damage, number)
                assert any(incident_id in line for line in said), (damage, number)
                outcomes["told"] += 1
        for verdict in report.bad:
            assert any(f"baris {verdict.line}," in problem for problem in problems), damage
        if report.bad:
            whole = import_sheet(
                desk, sheet, reviewer="", at=NOW, all_or_nothing=True, keep_in=tmp_path / "kept", lang="id"
            )
            assert (whole.noted, whole.refused_whole) == (0, True)
            outcomes["nothing taken"] += 1
        else:
            outcomes["clean"] += 1
    with reading(desk) as conn:
        assert chain_head(conn)[0] == 1
    assert not (tmp_path / "kept").exists()
    assert outcomes["refused"] == outcomes["refused by name"] > FILES // 20
    assert not [damage for damage in HARMLESS if outcomes[f"refused: {damage}"]]
    assert outcomes["nothing taken"] > FILES // 4
