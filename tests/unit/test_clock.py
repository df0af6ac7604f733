"""The clock keeps the law's way of counting, and can explain every date it gives, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.calendar import Calendar, Status, Year
from workflow.calendar_file import load_calendar
from workflow.clock import (
    Due,
    Limit,
    Span,
    Unit,
    deadline_at,
    due,
    elapsed,
    explain,
    local_day,
    parse_limit,
    parse_span,
    remaining,
    renew_from,
    rung_at,
    validity_end,
)
from workflow.errors import Invalid
from workflow.explain import describe_due, describe_late

CALENDAR = load_calendar(Path(__file__).parents[2] / "definitions" / "calendar")

day = date.fromisoformat


def workdays(amount: int) -> Limit:
    return Limit(amount, Unit.WORKDAYS)


def natural(amount: int) -> Limit:
    return Limit(amount, Unit.DAYS)


def due_on(start: str, limit: Limit, *spans: Span, extensions: tuple[Limit, ...] = ()) -> str:
    answer = due(CALENDAR, day(start), limit, spans, extensions)
    assert answer is not None
    return answer.day.isoformat()


# ---------------------------------------------------------------- golden vectors (2026 calendar)


def test_accepted_02_12_plus_5_is_02_26() -> None:
    assert due_on("2026-02-12", workdays(5)) == "2026-02-26"


def test_accepted_02_13_plus_20_is_03_19() -> None:
    assert due_on("2026-02-13", workdays(20)) == "2026-03-19"


def test_accepted_04_29_plus_5_is_05_09_a_saturday_that_works() -> None:
    assert due_on("2026-04-29", workdays(5)) == "2026-05-09"
    assert day("2026-05-09").isoweekday() == 6


def test_accepted_04_30_plus_10_is_05_18() -> None:
    assert due_on("2026-04-30", workdays(10)) == "2026-05-18"


def test_accepted_09_18_plus_5_is_09_24_because_sunday_09_20_counts() -> None:
    assert due_on("2026-09-18", workdays(5)) == "2026-09-24"


def test_accepted_09_18_plus_20_is_10_22() -> None:
    assert due_on("2026-09-18", workdays(20)) == "2026-10-22"


def test_accepted_09_24_plus_7_is_10_12() -> None:
    assert due_on("2026-09-24", workdays(7)) == "2026-10-12"


def test_accepted_09_30_plus_20_is_11_03() -> None:
    assert due_on("2026-09-30", workdays(20)) == "2026-11-03"


def test_accepted_11_20_plus_20_is_12_18() -> None:
    assert due_on("2026-11-20", workdays(20)) == "2026-12-18"


def test_a_pause_of_5_working_days_moves_10_22_to_10_29() -> None:
    assert due_on("2026-09-18", workdays(20), Span(day("2026-09-21"), day("2026-09-29"))) == "2026-10-29"


def test_two_years_from_2025_08_26_run_to_2027_08_26() -> None:
    assert validity_end(day("2025-08-26"), Limit(2, Unit.YEARS)) == day("2027-08-26")


@pytest.mark.parametrize("start", ["2026-12-03", "2026-12-04"])
def test_from_2026_12_04_a_deadline_of_20_working_days_rests_on_2027(start: str) -> None:
    answer = due(CALENDAR, day(start), workdays(20))
    assert (
        answer
        == {
            "2026-12-03": Due(day("2026-12-31"), provisional=False),
            "2026-12-04": Due(day("2027-01-04"), provisional=True),
        }[start]
    )


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-03-02", "10 days", "2026-03-12"),
        ("2026-03-02", "12 days", "2026-03-16"),  # Saturday, so Monday
        ("2026-09-18", "14 days", "2026-10-08"),  # 2 October, so the day after the holiday
        ("2026-09-04", "16 days", "2026-09-20"),  # a Sunday that works
        ("2026-01-31", "1 month", "2026-02-28"),  # no 31 February; the 28th is a Saturday that works
        ("2026-03-31", "3 months", "2026-06-30"),
        ("2026-11-30", "3 months", "2027-03-01"),  # 28 February 2027 is a Sunday
        ("2024-02-29", "1 year", "2025-02-28"),
        ("2026-10-03", "1 workday", "2026-10-08"),
    ],
)
def test_each_unit_is_counted_by_its_own_rule(start: str, limit: str, expected: str) -> None:
    assert due_on(start, parse_limit(limit)) == expected


def test_an_unreachable_date_is_refused() -> None:
    for limit in (Limit(90_000, Unit.YEARS), Limit(99_999, Unit.MONTHS), natural(99_999), workdays(99_999)):
        with pytest.raises(Invalid) as refusal:
            due(CALENDAR, day("2026-03-02"), limit)
        assert refusal.value.code == "date-beyond-calendar"


def test_limits_are_written_in_chinese_and_read_in_english() -> None:
    written = [
        str(parse_limit(text)) for text in ("20 workdays", "30 days", "3  months", " 2 years ", "1 day")
    ]
    assert written == ["20个工作日", "30日", "3个月", "2年", "1日"]


@pytest.mark.parametrize(
    "text", ["", "20", "20 weeks", "0 days", "-1 day", "1.5 days", "3 months before", "days"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="不是期限"):
        parse_limit(text)


def test_a_span_is_read_from_two_days() -> None:
    assert parse_span("2026-09-21..2026-09-29") == Span(day("2026-09-21"), day("2026-09-29"))


@pytest.mark.parametrize("text", ["", "2026-09-21", "2026-09-21..", "2026-09-31..2026-10-08", "a..b..c"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="不是停表期间"):
        parse_span(text)


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="早于停表日"):
        parse_span("2026-09-29..2026-09-21")


# ---------------------------------------------------------------- spans and extensions


def test_while_the_clock_is_stopped_there_is_no_due_date() -> None:
    stopped = Span(day("2026-09-21"), None)
    assert due(CALENDAR, day("2026-09-18"), workdays(20), [stopped]) is None


def test_stopping_on_the_last_day_leaves_that_day_for_the_resumption() -> None:
    assert due_on("2026-03-02", workdays(5)) == "2026-03-09"
    assert due_on("2026-03-02", workdays(5), Span(day("2026-03-09"), day("2026-03-18"))) == "2026-03-18"


def test_stopping_on_the_day_of_acceptance_and_resuming_the_next_costs_nothing() -> None:
    assert due_on("2026-03-02", workdays(5), Span(day("2026-03-02"), day("2026-03-03"))) == "2026-03-09"


def test_spans_that_overlap_are_not_counted_twice() -> None:
    stopped = Span(day("2026-03-04"), day("2026-03-10"))
    excluded = Span(day("2026-03-06"), day("2026-03-12"), "专家评审", "excluded")
    whole = Span(day("2026-03-04"), day("2026-03-12"))
    assert due_on("2026-03-02", workdays(10), stopped, excluded) == due_on("2026-03-02", workdays(10), whole)
    assert due_on("2026-03-02", workdays(10), excluded, stopped) == due_on("2026-03-02", workdays(10), whole)


def test_spans_before_the_start_or_after_the_due_day_change_nothing() -> None:
    before, after = Span(day("2026-02-02"), day("2026-02-05")), Span(day("2026-03-10"), day("2026-03-20"))
    assert due_on("2026-03-02", workdays(5), before, after) == "2026-03-09"


def test_a_natural_limit_gains_the_natural_days_of_the_span() -> None:
    assert due_on("2026-03-02", natural(10), Span(day("2026-03-06"), day("2026-03-11"))) == "2026-03-17"


def test_twenty_and_ten_more_working_days_are_thirty() -> None:
    assert due_on("2026-03-02", workdays(20), extensions=(workdays(10),)) == due_on(
        "2026-03-02", workdays(30)
    )


def test_extensions_of_other_units_run_on_from_the_expiry_in_order() -> None:
    both = (natural(3), workdays(2))
    assert due_on("2026-03-02", workdays(3)) == "2026-03-05"
    assert due_on("2026-03-02", workdays(3), extensions=both) == "2026-03-10"  # Thu 5, Sun 8, Tue 10


# ---------------------------------------------------------------- provisional


def test_a_date_is_provisional_only_if_a_provisional_day_mattered() -> None:
    def provisional(start: str, limit: str) -> bool:
        answer = due(CALENDAR, day(start), parse_limit(limit))
        assert answer is not None
        return answer.provisional

    assert not provisional("2026-12-01", "10 workdays")
    assert provisional("2026-12-30", "2 workdays")
    assert not provisional("2026-12-01", "30 days")  # 31 December works, by the official year
    assert provisional("2026-12-01", "31 days")  # whether 1 January works is only expected
    assert provisional("2012-03-01", "5 workdays")


def test_a_date_in_an_official_year_may_rest_on_a_provisional_one() -> None:
    """A year that was loaded before the one that precedes it does not settle what lies in that."""
    calendar = Calendar(
        [
            Year(2026, Status.PROVISIONAL, "演示"),
            Year(2027, Status.OFFICIAL, "演示", {date(2027, 1, 1): "元旦"}),
        ]
    )

    assert due(calendar, day("2026-12-30"), workdays(3)) == Due(day("2027-01-05"), provisional=True)
    assert due(calendar, day("2026-12-31"), workdays(2)) == Due(day("2027-01-05"), provisional=False)


def test_loading_the_official_year_settles_the_date() -> None:
    official = Year(2027, Status.OFFICIAL, "演示", {date(2027, 1, 1): "元旦", date(2027, 1, 4): "元旦"})
    calendar = Calendar([*CALENDAR.years, official])
    assert due(CALENDAR, day("2026-12-31"), workdays(1)) == Due(day("2027-01-04"), provisional=True)
    assert due(calendar, day("2026-12-31"), workdays(1)) == Due(day("2027-01-05"), provisional=False)


# ---------------------------------------------------------------- laws of counting

starts = st.dates(date(2024, 1, 1), date(2028, 6, 30))
limits = st.one_of(
    st.builds(Limit, st.integers(1, 60), st.just(Unit.WORKDAYS)),
    st.builds(Limit, st.integers(1, 90), st.just(Unit.DAYS)),
    st.builds(Limit, st.integers(1, 6), st.just(Unit.MONTHS)),
    st.builds(Limit, st.just(1), st.just(Unit.YEARS)),
)
plain_limits = st.builds(Limit, st.integers(1, 60), st.sampled_from([Unit.WORKDAYS, Unit.DAYS]))


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[date, list[Span]]:
    """A start, and spans that mostly lie where they matter."""
    start = draw(starts)
    offsets = draw(st.lists(st.tuples(st.integers(-5, 90), st.integers(0, 30)), max_size=4))
    begun = [(start + timedelta(days=begin), length) for begin, length in offsets]
    return start, [Span(begin, begin + timedelta(days=length), "评审") for begin, length in begun]


@given(ledgers(), limits, st.lists(limits, max_size=2))
@settings(max_examples=200)
def test_the_explanation_ends_on_the_due_day(
    ledger: tuple[date, list[Span]], limit: Limit, extensions: list[Limit]
) -> None:
    start, stops = ledger
    answer = due(CALENDAR, start, limit, stops, extensions)
    told = explain(CALENDAR, start, limit, stops, extensions)
    assert answer is not None
    assert told[-1].counted
    assert told[-1].day == answer.day
    assert any(each.provisional for each in told) == answer.provisional
    assert [each.day for each in told] == [start + timedelta(days=each) for each in range(len(told))]
    assert CALENDAR.is_workday(answer.day)
    if limit.unit in (Unit.WORKDAYS, Unit.DAYS) and not extensions:
        assert sum(each.counted for each in told) == told[-1].number == limit.amount


@given(ledgers(), plain_limits, st.integers(0, 30))
def test_who_starts_later_is_never_due_earlier(
    ledger: tuple[date, list[Span]], limit: Limit, later: int
) -> None:
    start, stops = ledger
    first = due(CALENDAR, start, limit, stops)
    second = due(CALENDAR, start + timedelta(days=later), limit, stops)
    assert first
    assert second
    assert first.day <= second.day


@given(starts, limits, st.integers(0, 30))
def test_who_starts_later_is_never_due_earlier_in_any_unit(start: date, limit: Limit, later: int) -> None:
    first = due(CALENDAR, start, limit)
    second = due(CALENDAR, start + timedelta(days=later), limit)
    assert first
    assert second
    assert first.day <= second.day


@given(ledgers(), limits, st.integers(0, 5), st.lists(plain_limits, max_size=2))
def test_a_longer_limit_is_never_due_earlier(
    ledger: tuple[date, list[Span]], limit: Limit, more: int, extensions: list[Limit]
) -> None:
    start, stops = ledger
    first = due(CALENDAR, start, limit, stops, extensions)
    second = due(CALENDAR, start, Limit(limit.amount + more, limit.unit), stops, extensions)
    assert first
    assert second
    assert first.day <= second.day


@given(ledgers(), plain_limits)
def test_what_elapsed_by_a_working_due_day_is_the_limit(
    ledger: tuple[date, list[Span]], limit: Limit
) -> None:
    start, stops = ledger
    answer = due(CALENDAR, start, limit, stops)
    assert answer
    counted = elapsed(CALENDAR, start, answer.day, stops, limit.unit)
    assert counted == limit.amount if limit.unit is Unit.WORKDAYS else counted >= limit.amount


# ---------------------------------------------------------------- explanations


def test_the_printed_explanation_names_every_day_and_ends_with_the_date() -> None:
    lines = describe_due(
        CALENDAR,
        day("2026-09-28"),
        workdays(3),
        [Span(day("2026-09-30"), day("2026-10-08"), "专家评审", "excluded")],
        [workdays(2)],
    )
    assert lines == [
        "2026-09-28 周一 不计：起算当日",
        "2026-09-29 周二 第1个工作日",
        "2026-09-30 周三 不计：扣除（专家评审）",
        *(f"2026-10-0{each} 周{name} 不计：国庆节放假" for each, name in enumerate("四五六日一二三", 1)),
        "2026-10-08 周四 第2个工作日",
        "2026-10-09 周五 第3个工作日",
        "2026-10-10 周六 第4个工作日（国庆节调休上班，延长）",
        "2026-10-11 周日 不计：周日",
        "2026-10-12 周一 第5个工作日（延长）",
        "2026-10-12",
    ]


def test_the_printed_explanation_says_what_is_provisional() -> None:
    assert describe_due(CALENDAR, day("2026-12-30"), workdays(2)) == [
        "2026-12-30 周三 不计：起算当日",
        "2026-12-31 周四 第1个工作日",
        "2027-01-01 周五 不计：元旦放假（暂定：2027年放假安排尚未载入）",
        "2027-01-02 周六 不计：周六（暂定：2027年放假安排尚未载入）",
        "2027-01-03 周日 不计：周日（暂定：2027年放假安排尚未载入）",
        "2027-01-04 周一 第2个工作日（暂定：2027年放假安排尚未载入）",
        "到期日暂定：载入2027年放假安排后重新计算",
        "2027-01-04",
    ]


def test_a_natural_limit_that_ends_on_a_day_off_says_that_it_rolls_on() -> None:
    assert describe_due(CALENDAR, day("2026-03-12"), natural(2), [], [])[-4:] == [
        "2026-03-14 周六 不计：周六，末日顺延",
        "2026-03-15 周日 不计：周日，末日顺延",
        "2026-03-16 周一 第2日（末日顺延）",
        "2026-03-16",
    ]


def test_a_stopped_clock_is_explained_up_to_the_day_it_stopped() -> None:
    assert describe_due(CALENDAR, day("2026-03-12"), workdays(5), [Span(day("2026-03-14"), None)]) == [
        "2026-03-12 周四 不计：起算当日",
        "2026-03-13 周五 第1个工作日",
        "2026-03-14 周六 不计：停表",
        "停表中，恢复后再算到期日",
    ]


def test_a_limit_of_nothing_is_due_on_the_day_itself_or_the_next_that_works() -> None:
    for start, expected in (("2026-03-13", "2026-03-13"), ("2026-03-14", "2026-03-16")):
        assert due_on(start, workdays(0)) == expected
        assert explain(CALENDAR, day(start), workdays(0))[-1].day == day(expected)


# ---------------------------------------------------------------- rungs, days and instants


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-3, "2026-10-08"), (-1, "2026-10-10"), (0, "2026-10-12"), (1, "2026-10-13"), (5, "2026-10-19")],
)
def test_a_rung_takes_effect_at_nine_on_a_working_day(offset: int, expected: str) -> None:
    assert rung_at(CALENDAR, day("2026-10-12"), offset) == datetime.fromisoformat(
        f"{expected}T09:00:00+08:00"
    )


def test_a_rung_is_an_aware_utc_instant_at_the_hour_the_office_chose() -> None:
    instant = rung_at(CALENDAR, day("2026-10-12"), 0, at=time(8, 30))
    assert instant == datetime(2026, 10, 12, 0, 30, tzinfo=UTC)
    assert instant.tzinfo is UTC


def test_the_rungs_of_a_validity_that_ends_on_a_day_off_stand_on_working_days() -> None:
    sunday = day("2026-03-15")
    stood = [local_day(rung_at(CALENDAR, sunday, offset)).isoformat() for offset in (-1, 0, 1)]
    assert stood == ["2026-03-13", "2026-03-16", "2026-03-17"]


def test_a_deadline_ends_at_midnight_in_shanghai() -> None:
    end = deadline_at(day("2026-10-12"))
    assert end == datetime(2026, 10, 12, 16, 0, tzinfo=UTC)
    assert local_day(end - timedelta(seconds=1)) == day("2026-10-12")
    assert local_day(end) == day("2026-10-13")


def test_an_instant_without_a_zone_belongs_to_no_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_day(datetime(2026, 10, 12))  # noqa: DTZ001 -- that is the point


@pytest.mark.parametrize(
    ("today", "left"),
    [("2026-10-09", 2), ("2026-10-11", 1), ("2026-10-12", 0), ("2026-10-13", -1), ("2026-10-19", -5)],
)
def test_remaining_working_days_turn_negative_when_late(today: str, left: int) -> None:
    assert remaining(CALENDAR, day(today), day("2026-10-12")) == left


def test_late_begins_on_the_day_after_even_if_it_is_a_saturday() -> None:
    assert remaining(CALENDAR, day("2026-03-14"), day("2026-03-13")) == -1
    assert remaining(CALENDAR, day("2026-03-16"), day("2026-03-13")) == -1


def test_elapsed_leaves_out_what_was_stopped_even_while_it_still_is() -> None:
    start, today = day("2026-03-02"), day("2026-03-13")
    stopped = Span(day("2026-03-10"), None)
    assert elapsed(CALENDAR, start, today) == 9
    assert elapsed(CALENDAR, start, today, [stopped]) == 5
    assert elapsed(CALENDAR, start, today, [stopped], Unit.DAYS) == 7
    assert elapsed(CALENDAR, start, today, [Span(day("2026-03-20"), day("2026-03-25"))]) == 9
    assert elapsed(CALENDAR, start, today, [Span(day("2026-03-20"), None)]) == 9
    assert elapsed(CALENDAR, today, start) == 0


# ---------------------------------------------------------------- validity


@pytest.mark.parametrize(
    ("issued_on", "limit", "until"),
    [
        ("2024-02-29", "1 year", "2025-02-28"),
        ("2024-02-29", "4 years", "2028-02-29"),
        ("2026-08-31", "6 months", "2027-02-28"),
        ("2026-09-18", "14 days", "2026-10-02"),
    ],
)
def test_validity_ends_on_the_same_calendar_day_whether_it_works_or_not(
    issued_on: str, limit: str, until: str
) -> None:
    assert validity_end(day(issued_on), parse_limit(limit)) == day(until)


def test_no_paper_is_valid_by_working_days() -> None:
    with pytest.raises(ValueError, match="工作日"):
        validity_end(day("2026-03-02"), workdays(20))


def test_renewal_begins_that_long_before_a_paper_lapses() -> None:
    until = day("2027-05-31")
    assert renew_from(until, Limit(3, Unit.MONTHS)) == day("2027-02-28")
    assert renew_from(until, natural(30)) == day("2027-05-01")
    assert renew_from(day("2026-12-31"), workdays(30), CALENDAR) == day("2026-11-19")
    with pytest.raises(ValueError, match="工作日历"):
        renew_from(until, workdays(30))


def test_a_late_deadline_counts_on_to_today() -> None:
    """A weekend is named and not counted; on the day itself nothing is late."""
    due_on = day("2026-11-13")

    assert describe_late(CALENDAR, due_on, due_on) == []
    assert describe_late(CALENDAR, due_on, day("2026-11-17")) == [
        "2026-11-14 周六 不计：周六",
        "2026-11-15 周日 不计：周日",
        "2026-11-16 周一 超第1个工作日",
        "2026-11-17 周二 超第2个工作日",
    ]
