"""What spreadsheets make of days, times and numbers is read; where two readings fit, both are given."""

from datetime import date, datetime, time

import pytest

from review.cells import days_in, moments_in, numbers_in, show_value

DAY = date(2024, 9, 17)


@pytest.mark.parametrize(
    "text", ["2024-09-17", "17/09/2024", "17-09-2024", "17.09.2024", "9/17/2024", "17/09/24", " 2024-9-17 "]
)
def test_a_day_is_read_in_every_locale(text):
    assert days_in(text) == {DAY}


def test_a_day_with_two_readings_gives_both():
    assert days_in("03/04/2024") == {date(2024, 4, 3), date(2024, 3, 4)}


@pytest.mark.parametrize("text", ["", "kemarin", "31/02/2024", "17/09-2024", "2024-13-01"])
def test_what_is_no_day_gives_none(text):
    assert days_in(text) == set()


@pytest.mark.parametrize(
    "text", ["2024-09-17 09:11 WIB", "17/09/2024 09.11", "17/09/2024 9.11.00", "9/17/2024 09:11:00"]
)
def test_a_time_of_day_is_read_with_colon_and_with_point(text):
    assert moments_in(text) == {(DAY, time(9, 11))}


def test_a_moment_may_lack_its_time_but_not_have_a_wrong_one():
    assert moments_in("17/09/2024") == {(DAY, None)}
    assert moments_in("17/09/2024 29.11") == set()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("93", {93.0}),
        ("93,0", {93.0}),
        ("93.5", {93.5}),
        ("93%", {93.0}),
        ("1.234,5", {1234.5}),
        ("1.234", {1234.0, 1.234}),
        ("-2", {-2.0}),
        ("sembilan", set()),
        ("9,3.1,2", set()),
        ("", set()),
    ],
)
def test_every_reading_of_a_number_is_given(text, numbers):
    assert numbers_in(text) == numbers


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        (True, "BENAR", "TRUE"),
        (False, "SALAH", "FALSE"),
        (1.5, "1,5", "1.5"),
        (93.0, "93", "93"),
        (12345678901234, "12345678901234", "12345678901234"),
        (datetime(2024, 9, 17, 9, 11), "17/09/2024 09.11", "2024-09-17 09:11"),  # noqa: DTZ001 - as a cell
        (datetime(2024, 9, 17), "17/09/2024", "2024-09-17"),  # noqa: DTZ001 - as a cell
        (DAY, "17/09/2024", "2024-09-17"),
        (time(9, 11), "09.11", "09:11"),
        (None, "", ""),
        ("teks", "teks", "teks"),
    ],
)
def test_a_typed_cell_is_shown_as_its_reader_sees_it(value, indonesian, english):
    assert (show_value(value, "id"), show_value(value, "en")) == (indonesian, english)
