"""Ten thousand hostile strings in the filters of list and sheet; SQL stands in store/ alone (S16)."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from review.web.site import plain
from store.db import reading
from store.labels import current_labels
from store.listing import ListFilter, count_listed
from store.queue import QueueFilter, find_incident, queue_rows
from store.reviewers import find_reviewer
from store.second import second_review_due
from tests.review.web.conftest import Page
from tests.store.samples import NIGHT, put_grouped

ROOT = Path(__file__).parents[2]
STRINGS = 10_000
FIELDS = ("province", "position", "type", "source")
#: What ends a literal, a pattern or a statement, in the notations of both databases.
PIECES = (
    *(
        "'",
        '"',
        "`",
        "''",
        '""',
        "\\",
        "\\'",
        "%",
        "_",
        "%%",
        "*",
        "?",
        "[a-z]",
        "--",
        "/*",
        "*/",
        ";",
        "#",
        "\n",
    ),
    *(" OR 1=1", " OR ''='", "' OR '1'='1", '" OR ""="', ") OR (1=1", "')) OR (('1'='1", " UNION SELECT 1"),
    *(
        "'; DROP TABLE incidents",
        " AND SLEEP(9)",
        "||pg_sleep(9)",
        "$$",
        "$1",
        ":1",
        ":kind",
        "@x",
        "{0}",
        "%s",
    ),
    *("%(x)s", "\x00", "\x1a", "\ud800", "\u2019", "\uff07", "\u02bc", "NULL", "0x27", "CHAR(39)", "\\x27"),
    *("sulawesi selatan", "Sulawesi%", "camat_lurah", "mobil_se", "kabar-lontar_", "attend_active"),
)
#: Ways in which SQL is written in Python: a statement as text, or the expressions of SQLAlchemy.
SQL = re.compile(
    r"^\s*(?:from sqlalchemy import (?!Engine$|Connection$|Engine, Connection$|Connection, Engine$)"
    r"|import (?:sqlite3|sqlalchemy)\b|from sqlalchemy\.)"
    r"|[\"'](?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA)\s",
    re.MULTILINE,
)


def hostile_strings(count: int) -> Iterator[str]:
    """Strings of one to five pieces; the same ones at each call."""
    chance = random.Random(16)
    for _ in range(count):
        yield "".join(chance.choices(PIECES, k=chance.randint(1, 5)))


def test_no_hostile_string_finds_a_row_or_an_error(engine: Engine) -> None:
    put_grouped(engine, 1, 2)
    names = {"", "sulawesi selatan", "camat_lurah", "attend_active", "mobilise", "kabar-lontara"}
    tried = 0
    with reading(engine) as conn:
        assert count_listed(conn, ListFilter()) == 2
        assert count_listed(conn, ListFilter(province="Sulawesi Selatan", type="mobilise")) == 2
        for number, hostile in enumerate(map(plain, hostile_strings(STRINGS))):
            if hostile.casefold() in names:
                continue
            field = FIELDS[number // 10 % len(FIELDS)]
            if number % 10:
                assert count_listed(conn, ListFilter(**{field: hostile})) == 0, (field, hostile)
            else:
                rows = queue_rows(conn, queue="new", until=NIGHT, filters=QueueFilter(**{field: hostile}))
                assert rows == [], (field, hostile)
            tried += 1
        assert tried > STRINGS - 500
        for hostile in filter(None, map(plain, hostile_strings(500))):
            assert find_incident(conn, hostile) is None
            assert find_reviewer(conn, hostile) is None
            assert current_labels(conn, [hostile]) == {}
            assert second_review_due(conn, reviewer=hostile, share=1.0) == []


def test_no_hostile_string_in_an_address_breaks_the_page(page: Page, engine: Engine) -> None:
    put_grouped(engine, 1)
    client = page.log_in("sekar")
    names = (*FIELDS, "since", "until", "min_score", "max_score", "state", "kind", "page", "said", "review")
    for number, hostile in enumerate(hostile_strings(100)):
        # What a browser would send for half a surrogate pair.
        sent = hostile.encode("utf-8", "replace")
        name = names[number % len(names)]
        answer = client.get("/", params={name: sent})
        assert answer.status_code == 200, (name, hostile)
        # A word finds what has this very word; a bound that is none is left out.
        if name in FIELDS and plain(hostile):
            assert "Camat hadir" not in answer.text, (name, hostile)
    for path in ("%27", "I-%00", "..%2f..%2fetc", "%25", "I-0' OR '1'='1"):
        assert client.get(f"/incidents/{path}").status_code == 404


def test_sql_is_written_in_the_store_alone() -> None:
    rooms = ("crawlers", "nlp", "review", "verbs")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")] + [ROOT / "pipeline.py"]
    assert len(files) > 100
    found = {
        str(path.relative_to(ROOT)): match[0].strip()
        for path in files
        if (match := SQL.search(path.read_text(encoding="utf-8")))
    }
    assert found == {}
    # The pattern sees SQL where there is some.
    assert SQL.search((ROOT / "store" / "listing.py").read_text(encoding="utf-8"))
