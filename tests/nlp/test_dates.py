"""Dates: the stamps that Indonesian pages carry, refusals, which source wins, any text at all."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.dates import DateCandidate, DateSource, Published, date_in_url, find_published, parse_published

WIB = timezone(timedelta(hours=7))
WITA = timezone(timedelta(hours=8))
WIT = timezone(timedelta(hours=9))
NOW = datetime(2024, 9, 20, 12, 0, tzinfo=WIB)


def minute(*parts: int, zone: timezone = WIB) -> Published:
    year, month, day, hour, minutes = parts
    return Published(datetime(year, month, day, hour, minutes, tzinfo=zone), "minute")


def day(year: int, month: int, number: int) -> Published:
    return Published(datetime(year, month, number, tzinfo=WIB), "day")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rabu, 18 September 2024 07:45 WIB", minute(2024, 9, 18, 7, 45)),
        ("Rabu, 18 Sep 2024 07:45 WIB", minute(2024, 9, 18, 7, 45)),
        ("Rabu, 18/09/2024 07:45 WIB", minute(2024, 9, 18, 7, 45)),
        ("Kabar.test - 18/09/2024, 07:45 WIB", minute(2024, 9, 18, 7, 45)),
        ("Kabar.test, 18 September 2024, 07:45 WIB", minute(2024, 9, 18, 7, 45)),
        ("Diperbarui 18 Sep 2024, 07:45 WIB", minute(2024, 9, 18, 7, 45)),
        ("Jum'at, 06/09/2024 19.30 WIB", minute(2024, 9, 6, 19, 30)),
        ("Jum’at, 6 September 2024 | 19.30 WITA", minute(2024, 9, 6, 19, 30, zone=WITA)),
        ("Jumat, 3 Nop 2023 pukul 08.05 WIT", minute(2023, 11, 3, 8, 5, zone=WIT)),
        ("Ahad, 15 Sept 2024", day(2024, 9, 15)),
        ("Minggu, 18 Agu 2024 21:00", minute(2024, 8, 18, 21, 0)),
        ("Sabtu, 17 Agt 2024 - 06.00 wib", minute(2024, 8, 17, 6, 0)),
        ("SENIN, 02 PEBRUARI 2015 | 11:40 WIB | LAPORAN: RAKA", minute(2015, 2, 2, 11, 40)),
        ("03/02/2024 08:00 WIB", minute(2024, 2, 3, 8, 0)),
        ("18.09.2024 07.45", minute(2024, 9, 18, 7, 45)),
        ("18-Sep-2024 07.45", minute(2024, 9, 18, 7, 45)),
        ("07:45 WIB, Rabu, 18 September 2024", minute(2024, 9, 18, 7, 45)),
        ("September 18, 2024 7:45 pm", minute(2024, 9, 18, 19, 45)),
        ("Sep 18th, 2024 at 12:05 AM", minute(2024, 9, 18, 0, 5)),
        ("| Senin 16/9/24", day(2024, 9, 16)),
        ("18 \u200eSeptember\u200e 2024 07:45", minute(2024, 9, 18, 7, 45)),
        ("2018-09-28WIB19:17:34+07:00", Published(datetime(2018, 9, 28, 19, 17, 34, tzinfo=WIB), "minute")),
        ("2024/09/18 07:45:00", minute(2024, 9, 18, 7, 45)),
        ("2024-09-18T07:45:00+07:00", minute(2024, 9, 18, 7, 45)),
        ("2024-09-18T00:45:00Z", minute(2024, 9, 18, 7, 45)),
        ("2024-09-18 08:45:00 +0800", minute(2024, 9, 18, 7, 45)),
        ("2024-09-18", day(2024, 9, 18)),
        ("20240918T0745", minute(2024, 9, 18, 7, 45)),
        ("Wed, 18 Sep 2024 00:45:00 +0000", minute(2024, 9, 18, 7, 45)),
        ("Wed, 18 Sep 2024 00:45:00 GMT", minute(2024, 9, 18, 7, 45)),
        ("1726620300", minute(2024, 9, 18, 7, 45)),
        ("1726620300000", minute(2024, 9, 18, 7, 45)),
        ("Wed Sep 18 07:45:00 2024", minute(2024, 9, 18, 7, 45)),
        ("2 jam yang lalu", minute(2024, 9, 20, 10, 0)),
        ("45 menit lalu", minute(2024, 9, 20, 11, 15)),
        ("sejam lalu", minute(2024, 9, 20, 11, 0)),
        ("3 hari lalu", day(2024, 9, 17)),
        ("1 pekan lalu", day(2024, 9, 13)),
        ("2 days ago", day(2024, 9, 18)),
        ("Kemarin, 07.45 WIB", minute(2024, 9, 19, 7, 45)),
        ("hari ini 07:45", minute(2024, 9, 20, 7, 45)),
        ("baru saja", minute(2024, 9, 20, 12, 0)),
    ],
)
def test_a_stamp_is_read(text: str, expected: Published) -> None:
    found = parse_published(text, timezone="Asia/Jakarta", now=NOW)
    assert found is not None
    assert (found.at.astimezone(UTC), found.precision) == (expected.at.astimezone(UTC), expected.precision)


#: The figures of 17 September 2024, 09:11, as outlets write them.
WRITTEN = (
    *("Selasa, 17 September 2024 09:11 {}", "Selasa, 17 Sep 2024 09:11 {}", "Selasa, 17/09/2024 09:11 {}"),
    *("Warta.test - 17/09/2024, 09:11 {}", "Warta.test, 17 September 2024, 09:11 {}"),
    *("Diperbarui 17 Sep 2024, 09:11 {}", "Selasa (17/9/2024) pukul 09.11 {}", "17/09/24 09:11 {}"),
    *("SELASA, 17 SEPTEMBER 2024 | 09:11 {} | LAPORAN: RAKA", "SELASA , 17 SEPTEMBER 2024 , 09:11:00 {}"),
    *("Tayang: Selasa, 17 Sept 2024 09.11 {}", "Terbit: 17 September 2024 | 09:11 {}", "17-09-2024 09.11 {}"),
    *("2024-09-17{}09:11:00", "2024-09-17 09:11:00 {}", "2024/09/17 09:11:00 {}", "2024.09.17 09:11 {}"),
    *("17 September 2024 09:11 ({})", "Sel, 17 Sep 2024 | 9 : 11 {}", "Rabu,17 September 2024,09:11{}"),
    *("09:11 {}, Selasa, 17 September 2024", "Oleh Rani Paembonan | 17 September 2024 | 09:11 {}"),
    *("17 Sep 2024, 09:11 {} - Dibaca 1.204 kali", "Last Updated: 17 Sep 2024 - 09:11 {}"),
    *("17 September 2024 - 09:11 {}", "September 17, 2024 09:11 {}", "Dipublikasikan: 17 Sep 2024, 09.11 {}"),
)


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(("name", "hours"), [("WIB", 7), ("WITA", 8), ("WIT", 9), ("Wita", 8)])
def test_every_way_of_writing_keeps_its_hour_and_zone(written: str, name: str, hours: int) -> None:
    # The outlet's own zone is none of those, so that a zone that is passed over shows.
    found = parse_published(written.format(name), timezone="UTC", now=NOW)
    assert found is not None
    assert found.precision == "minute"
    assert found.at.isoformat(timespec="minutes") == f"2024-09-17T09:11+{hours:02}:00"


def test_the_fraction_of_a_second_that_blogger_writes_is_dropped() -> None:
    found = parse_published("2024-09-18T07:45:00.001+07:00", timezone="Asia/Jakarta")
    assert found is not None
    assert found.at == datetime(2024, 9, 18, 7, 45, tzinfo=WIB)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rabu",
        "18 September",
        "pukul 07.45",
        "31/02/2024",
        "0000-00-00 00:00:00",
        "1970-01-01T00:00:00Z",
        "17 Agustus 1945",
        "23 September 2024 09:00 WIB",
        "0812-3456-7890",
        "Nomor 800/58/2024.PKA",
        "99 jam 99",
        "Kemarin camat hadir dalam deklarasi dan tiga hari lalu ia juga terlihat di lapangan itu",
    ],
)
def test_what_is_no_possible_date_is_refused(text: str) -> None:
    assert parse_published(text, timezone="Asia/Jakarta", now=NOW) is None


def test_a_clock_two_days_ahead_is_still_believed() -> None:
    assert parse_published("22 September 2024 11:00 WIB", timezone="Asia/Jakarta", now=NOW) is not None


@pytest.mark.parametrize("text", ["2 jam lalu", "kemarin", "baru saja"])
def test_relative_forms_need_the_time_of_fetching(text: str) -> None:
    assert parse_published(text, timezone="Asia/Jakarta") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Diterbitkan: 16 Sep 2024 07.45 | Diperbarui: 17 Sep 2024 09.00", minute(2024, 9, 16, 7, 45)),
        ("Diperbarui: 17 Sep 2024 09.00 | Diterbitkan: 16 Sep 2024 07.45", minute(2024, 9, 16, 7, 45)),
        ("Terbit: 31/02/2024, 17 Sep 2024", day(2024, 9, 17)),
    ],
)
def test_of_several_dates_the_published_one_wins(text: str, expected: Published) -> None:
    found = parse_published(text, timezone="Asia/Jakarta", now=NOW)
    assert found is not None
    assert (found.at, found.precision) == (expected.at, expected.precision)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rabu, 09/10/2024", (2024, 10, 9)),
        ("Selasa, 09/10/2024", (2024, 9, 10)),
        ("09/10/2024", (2024, 10, 9)),
        ("09/17/2024", (2024, 9, 17)),
    ],
)
def test_day_first_unless_only_the_other_order_fits(text: str, expected: tuple[int, int, int]) -> None:
    found = parse_published(text, timezone="Asia/Jakarta")
    assert found is not None
    assert (found.at.year, found.at.month, found.at.day) == expected


def test_a_time_without_a_zone_is_in_the_zone_of_the_outlet() -> None:
    found = parse_published("18 September 2024 07:45", timezone="Asia/Makassar")
    assert found is not None
    assert found.at == datetime(2024, 9, 17, 23, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (
            [("meta", "2024-09-17T10:00:00+07:00"), ("json-ld", "2024-09-18T07:45:00+07:00")],
            minute(2024, 9, 18, 7, 45),
        ),
        ([("json-ld", "tanpa tanggal"), ("text", "18/09/2024 07:45")], minute(2024, 9, 18, 7, 45)),
        ([("json-ld", "2024-09-18"), ("text", "18/09/2024 07:45 WIB")], minute(2024, 9, 18, 7, 45)),
        ([("json-ld", "2024-09-18"), ("text", "17/09/2024 07:45 WIB")], day(2024, 9, 18)),
        ([("selector", "17/09/2024"), ("meta", "16/09/2024")], day(2024, 9, 16)),
        # A Z behind the local time, as the page itself shows; elsewhere the Z is believed.
        (
            [("json-ld", "2024-09-18T07:45:12Z"), ("text", "18/09/2024 07.45 WIB")],
            minute(2024, 9, 18, 7, 45),
        ),
        ([("json-ld", "2024-09-18T00:45:00Z"), ("text", "18/09/2024 07:45")], minute(2024, 9, 18, 7, 45)),
        ([("json-ld", "2024-09-18T00:45:00Z"), ("text", "18/09/2024 09:00")], minute(2024, 9, 18, 7, 45)),
        ([("url", "2024-09-18")], day(2024, 9, 18)),
        ([("url", "20240918T0745")], Published(datetime(2024, 9, 18, 7, 45, tzinfo=WIB), "day")),
        ([], None),
    ],
)
def test_which_source_wins(sources: list[tuple[DateSource, str]], expected: Published | None) -> None:
    candidates = [DateCandidate(source, text) for source, text in sources]
    found = find_published(candidates, timezone="Asia/Jakarta", now=NOW)
    assert (found and (found.at, found.precision)) == (expected and (expected.at, expected.precision))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.kabar.test/read/2024/09/18/07450011/camat", "2024-09-18"),
        ("https://kabar.test/2024/9/8", "2024-09-08"),
        ("https://kabar.test/berita-20240918-camat", "2024-09-18"),
        ("https://kabar.test/arsip/2024-09-18/camat", "2024-09-18"),
        ("https://kabar.test/2024/09/camat-hadir.html", ""),
        ("https://kabar.test/2024/13/40/camat", ""),
        ("https://kabar.test/artikel/1234567890/camat", ""),
    ],
)
def test_a_date_in_an_address(url: str, expected: str) -> None:
    assert date_in_url(url) == expected


MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
STAMP_PIECES = st.sampled_from(
    [
        "18",
        "9",
        "2024",
        "/",
        "-",
        ".",
        ":",
        " ",
        "Sep",
        "Mei",
        "Jum'at",
        "WIB",
        "+07",
        "T",
        "Z",
        "lalu",
        "jam",
        "²",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), st.lists(STAMP_PIECES, max_size=12).map("".join)), st.sampled_from([None, NOW]))
def test_any_text_is_read_or_refused(text: str, now: datetime | None) -> None:
    found = parse_published(text, timezone="Asia/Jayapura", now=now)
    assert found is None or found.at.tzinfo is not None


@given(st.datetimes(min_value=datetime(1996, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_what_pages_write_comes_back(moment: datetime) -> None:
    written = moment.replace(second=0, microsecond=0)
    stamp = f"{written.day} {MONTHS[written.month - 1]} {written.year}, {written:%H.%M} WITA"
    found = parse_published(stamp, timezone="Asia/Jakarta")
    assert found == Published(written.replace(tzinfo=WITA), "minute")
