"""The calendar agrees with the State Council, admits what it does not know, and reads its files strictly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.calendar import Calendar, Status, Year, differences
from workflow.calendar_file import load_calendar, load_years, parse_year, read_year
from workflow.errors import Invalid

SHIPPED = Path(__file__).parents[2] / "definitions" / "calendar"
CALENDAR = load_calendar(SHIPPED)

days = st.dates(date(2001, 1, 1), date(2099, 12, 31))
amounts = st.integers(-300, 300)


def every_day(first: int, last: int) -> list[date]:
    start = date(first, 1, 1)
    return [start + timedelta(days=each) for each in range((date(last, 12, 31) - start).days + 1)]


# ---------------------------------------------------------------- the shipped years


def test_every_day_since_2015_is_what_an_independent_package_says() -> None:
    ours = {day: CALENDAR.is_workday(day) for day in every_day(2015, 2026)}
    theirs = {day: chinese_calendar.is_workday(day) for day in every_day(2015, 2026)}
    assert [day for day in ours if ours[day] != theirs[day]] == []


def test_the_shipped_years_are_official_with_their_notice_and_only_2027_is_provisional() -> None:
    assert [year.year for year in CALENDAR.years] == list(range(2015, 2028))
    assert [year.year for year in CALENDAR.years if year.is_provisional] == [2027]
    for year in CALENDAR.years[:-1]:
        assert f"国务院办公厅关于{year.year}年部分节假日安排的通知（国办发明电〔" in year.source


@pytest.mark.parametrize(("year", "count"), [(2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_the_reference_counted(year: int, count: int) -> None:
    assert CALENDAR.workdays_in(year) == count


@pytest.mark.parametrize(
    ("day", "works", "why"),
    [
        ("2026-10-09", True, "工作日"),
        ("2026-10-10", True, "国庆节调休上班"),
        ("2026-10-01", False, "国庆节放假"),
        ("2026-10-03", False, "国庆节放假"),
        ("2025-10-06", False, "国庆节、中秋节放假"),
        ("2026-10-17", False, "周六"),
        ("2026-10-18", False, "周日"),
        ("2020-01-31", False, "春节放假"),
        ("2027-02-05", False, "春节放假"),
        ("2027-02-09", True, "工作日"),
        ("2031-05-01", False, "劳动节放假"),
        ("2031-05-02", False, "劳动节放假"),
        ("2012-05-02", True, "工作日"),
        ("2031-10-03", False, "国庆节放假"),
        ("2031-10-04", False, "周六"),
        ("2031-10-06", True, "工作日"),
    ],
)
def test_a_day_says_why_it_works_or_not(day: str, works: bool, why: str) -> None:
    assert CALENDAR.is_workday(date.fromisoformat(day)) is works
    assert CALENDAR.why(date.fromisoformat(day)) == why


def test_a_year_that_is_not_loaded_or_not_official_is_provisional() -> None:
    assert not CALENDAR.is_provisional(date(2026, 12, 31))
    assert CALENDAR.is_provisional(date(2027, 1, 1))
    assert CALENDAR.is_provisional(date(2028, 3, 1))
    assert CALENDAR.is_provisional(date(2014, 3, 3))
    assert CALENDAR.provisional_years(date(2025, 6, 1), date(2028, 1, 1)) == (2027, 2028)
    assert Calendar().is_provisional(date(2026, 3, 2))


def test_of_two_arrangements_of_one_year_the_later_counts() -> None:
    closed = Year(2026, Status.OFFICIAL, "本局通知", {date(2026, 11, 23): "暴雪停工"})
    calendar = Calendar([*CALENDAR.years, closed])
    assert not calendar.is_workday(date(2026, 11, 23))
    assert calendar.why(date(2026, 11, 23)) == "暴雪停工放假"
    assert len(calendar.years) == len(CALENDAR.years)


# ---------------------------------------------------------------- counting


def test_day_zero_is_the_given_day_even_if_it_does_not_work() -> None:
    assert CALENDAR.add_workdays(date(2026, 10, 3), 0) == date(2026, 10, 3)
    assert CALENDAR.add_workdays(date(2026, 10, 3), 1) == date(2026, 10, 8)
    assert CALENDAR.add_workdays(date(2026, 10, 3), -1) == date(2026, 9, 30)
    assert CALENDAR.next_workday(date(2026, 10, 3)) == date(2026, 10, 8)
    assert CALENDAR.next_workday(date(2026, 10, 8)) == date(2026, 10, 8)


@given(days, amounts)
def test_counting_back_gives_what_was_added(day: date, amount: int) -> None:
    assert CALENDAR.workdays_between(day, CALENDAR.add_workdays(day, amount)) == amount


@given(days, st.integers(1, 60))
def test_adding_is_the_same_as_walking_day_by_day(day: date, amount: int) -> None:
    forward = backward = day
    for _ in range(amount):
        forward += timedelta(days=1)
        backward -= timedelta(days=1)
        while not CALENDAR.is_workday(forward):
            forward += timedelta(days=1)
        while not CALENDAR.is_workday(backward):
            backward -= timedelta(days=1)
    assert CALENDAR.add_workdays(day, amount) == forward
    assert CALENDAR.add_workdays(day, -amount) == backward


@given(days, st.integers(0, 400))
def test_between_counts_the_end_but_not_the_start(day: date, distance: int) -> None:
    end = day + timedelta(days=distance)
    after = [day + timedelta(days=each) for each in range(1, distance + 1)]
    assert CALENDAR.workdays_between(day, end) == sum(map(CALENDAR.is_workday, after))
    before = [end - timedelta(days=each) for each in range(1, distance + 1)]
    assert CALENDAR.workdays_between(end, day) == -sum(map(CALENDAR.is_workday, before))


CLOSED_AT_THE_END = Calendar([Year(2100, Status.OFFICIAL, "", {date(2100, 12, 31): "休"})])
BEYOND: dict[str, Callable[[], object]] = {
    "before": lambda: CALENDAR.is_workday(date(1999, 12, 31)),
    "after": lambda: CALENDAR.why(date(2101, 1, 1)),
    "adding": lambda: CALENDAR.add_workdays(date(2100, 12, 1), 40),
    "taking away": lambda: CALENDAR.add_workdays(date(2000, 1, 20), -40),
    "between": lambda: CALENDAR.workdays_between(date(2026, 1, 1), date(2126, 1, 1)),
    "next": lambda: CLOSED_AT_THE_END.next_workday(date(2100, 12, 31)),
}


@pytest.mark.parametrize("ask", BEYOND.values(), ids=BEYOND)
def test_a_day_beyond_the_calendar_is_refused_with_its_code(ask: Callable[[], object]) -> None:
    with pytest.raises(Invalid) as refusal:
        ask()
    assert refusal.value.code == "date-beyond-calendar"
    assert "超出工作日历（2000—2100年）" in str(refusal.value)


# ---------------------------------------------------------------- what moves when a year is loaded


def test_loading_the_official_year_shows_exactly_the_days_that_change() -> None:
    provisional = next(year for year in CALENDAR.years if year.year == 2027)
    official = Year(
        2027,
        Status.OFFICIAL,
        "（演示）国务院办公厅关于2027年部分节假日安排的通知",
        {**provisional.off, date(2027, 2, 9): "春节"},
        {date(2027, 2, 20): "春节调休上班"},
    )
    changes = differences(provisional, official)
    assert [str(change) for change in changes] == [
        "2027-02-09 周二：工作日 → 春节放假",
        "2027-02-20 周六：周六 → 春节调休上班",
    ]
    assert differences(official, official) == ()


def test_a_year_not_yet_loaded_is_compared_with_its_fixed_holidays() -> None:
    provisional = next(year for year in CALENDAR.years if year.year == 2027)
    assert [change.day.isoformat() for change in differences(None, provisional)] == [
        "2027-02-05",
        "2027-02-08",
        "2027-04-05",
        "2027-06-09",
        "2027-09-15",
    ]


def test_different_years_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="2026"):
        differences(CALENDAR.years[-2], CALENDAR.years[-1])


def test_a_year_survives_being_stored() -> None:
    year = CALENDAR.years[-2]
    assert msgspec.json.decode(msgspec.json.encode(year), type=Year) == year


# ---------------------------------------------------------------- the files


GOOD = """\
year: 2028
status: official
source: 某通知
off:
  - {days: 2028-01-03, why: 元旦}
  - {days: [2028-10-02, 2028-10-06], why: 国庆节}
work:
  - {day: 2028-10-14, why: 国庆节调休上班}
"""


def found(text: str) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        parse_year(text, "2028.yaml")
    return [f"{each.place}: {each.code}" for each in refusal.value.reasons]


def test_a_good_file_becomes_a_year() -> None:
    year = parse_year(GOOD, "2028.yaml")
    assert (year.year, year.status, year.source) == (2028, Status.OFFICIAL, "某通知")
    assert sorted(year.off) == [date(2028, 1, 3), *(date(2028, 10, day) for day in range(2, 7))]
    assert year.work == {date(2028, 10, 14): "国庆节调休上班"}


def test_a_year_without_lists_is_only_weekends() -> None:
    for text in ("", "off:\nwork:\n", "off: []\nwork: []\n"):
        year = parse_year("year: 2028\nstatus: provisional\nsource: 无\n" + text, "2028.yaml")
        assert (year.off, year.work) == ({}, {})


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("year: 2028", "year: 二〇二八", "1:7: calendar-value"),
        ("year: 2028", "year: 2128", "1:7: calendar-value"),
        ("year: 2028", "year:", "1:6: calendar-value"),
        ("year: 2028", "year: [2028]", "1:7: calendar-shape"),
        ("year: 2028\n", "", "1:1: calendar-key-missing"),
        ("status: official", "status: 已公布", "2:9: calendar-value"),
        ("status: official", "status: {}", "2:9: calendar-shape"),
        ("source: 某通知", 'source: ""', "3:9: calendar-value"),
        ("source:", "sauce:", "3:1: calendar-key-unknown"),
        ("off:", "off: 无\nholidays:", "4:6: calendar-shape"),
        ("status:", "year: 2028\nstatus:", "2:1: calendar-key-repeated"),
        ("{days: 2028-01-03, why: 元旦}", "元旦", "5:5: calendar-shape"),
        (", why: 元旦", "", "5:5: calendar-key-missing"),
        ("why: 元旦", "why: [元旦]", "5:29: calendar-shape"),
        ("days: 2028-01-03", "days: 1月3日", "5:12: calendar-date"),
        ("days: 2028-01-03", "days: 2028-02-30", "5:12: calendar-date"),
        ("days: 2028-01-03", "days: 20280103", "5:12: calendar-date"),
        ("days: 2028-01-03", "days: 2027-12-31", "5:12: calendar-other-year"),
        ("days: 2028-01-03", "days: [2028-01-03]", "5:12: calendar-shape"),
        ("days: 2028-01-03", "days: [2028-01-03, [x]]", "5:25: calendar-date"),
        ("days: 2028-01-03", "days: 2028-10-04", "6:12: calendar-day-repeated"),
        ("[2028-10-02, 2028-10-06]", "[2028-10-06, 2028-10-02]", "6:12: calendar-range"),
        ("[2028-10-02, 2028-10-06]", "[2028-10-02, 9999-12-31]", "6:12: calendar-other-year"),
        ("day: 2028-10-14", "day: 2028-10-05", "8:11: calendar-day-both"),
        ("day: 2028-10-14", "day: 2028-10-10", "8:11: calendar-work-needless"),
        ("day: 2028-10-14", "days: 2028-10-14", "8:6: calendar-key-unknown"),
        ("why: 国庆节调休上班}", "why: 班}\n  - {day: 2028-10-14, why: 班}", "9:11: calendar-day-repeated"),
        ("{day:", "{? [a] : b, day:", "8:8: calendar-key-unknown"),
        ("work:", "work: [", "8:3: calendar-yaml"),
        ("source: 某通知", "source: \x07", "1:1: calendar-yaml"),
    ],
)
def test_a_mistake_is_found_at_its_line_and_column(old: str, new: str, finding: str) -> None:
    assert old in GOOD
    assert f"2028.yaml:{finding}" in found(GOOD.replace(old, new, 1))


def test_every_mistake_of_a_file_is_listed_at_once_in_order_with_what_to_do() -> None:
    text = "year: 2028\nstatus: 暂定\noff:\n  - {days: 2027-10-01}\nwork:\n  - {day: 2028-10-10, why: 班}\n"
    with pytest.raises(Invalid) as refusal:
        parse_year(text, "2028.yaml")
    assert [f"{each.place}: {each}" for each in refusal.value.reasons] == [
        "2028.yaml:1:1: 日历文件缺少“source”。请补上依据的通知名称和文号。",
        "2028.yaml:2:9: “status”不能是“暂定”。应当是official（已公布）或 provisional（暂定）。",
        "2028.yaml:4:5: off 的一条缺少“why”。请补上节日名称或原因。",
        "2028.yaml:4:12: 2027-10-01不是2028年的日子。跨年假期请按日子分别写进各年的文件。",
        "2028.yaml:6:11: 2028-10-10（周二）本来就上班。请核对日期；调休上班只写周六、周日。",
    ]


@pytest.mark.parametrize("text", ["", "[]", "休假", "---\n---\n", "a: &a [*a]"])
def test_a_file_that_is_no_calendar_is_refused(text: str) -> None:
    assert found(text)


def test_a_file_nested_without_end_is_refused_and_not_the_end_of_the_process() -> None:
    assert found("[" * 1_000_000 + "]" * 1_000_000) == ["2028.yaml:1:9: calendar-yaml"]


def test_a_folder_with_one_bad_file_gives_no_calendar_and_names_every_file_at_fault(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "2026.yaml", tmp_path / "2026.yaml")
    shutil.copy(SHIPPED / "2026.yaml", tmp_path / "明年.yaml")
    (tmp_path / "2028.yaml").write_bytes(GOOD.encode("gbk"))
    (tmp_path / "2029.yaml").write_text("year: 2029\n", encoding="utf-8")
    with pytest.raises(Invalid) as refusal:
        load_years(tmp_path)
    assert [f"{each.place}: {each.code}" for each in refusal.value.reasons] == [
        "2028.yaml:1:1: calendar-encoding",
        "2029.yaml:1:1: calendar-key-missing",
        "2029.yaml:1:1: calendar-key-missing",
        "明年.yaml:1:1: calendar-file-name",
        "明年.yaml:1:1: calendar-year-repeated",
    ]


def test_a_folder_without_calendars_is_a_mistake_and_not_an_empty_calendar(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Invalid) as refusal:
            load_calendar(folder)
        assert refusal.value.code == "calendar-none"


def test_a_file_written_by_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2028.yaml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert read_year(path) == parse_year(GOOD, "2028.yaml")
