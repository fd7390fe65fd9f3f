"""The monthly draw: a tenth, the same every time, nobody twice in a round, everybody once; and the calendar around it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.surveys.rules.interviews import REST, Step, problems_of, step_after
from core.surveys.rules.quarters import (
    Span,
    ends_at,
    last_quarter,
    month_of,
    next_quarter,
    quarter_number,
    quarter_of,
    starts_at,
)
from core.surveys.rules.sampling import Candidate, draw_sample, sample_seed, sample_size
from core.surveys.rules.script import DEFAULTS, PARTS, Script, script_problems

TENANT = UUID(int=7)
people = st.lists(st.uuids(version=4), unique=True, max_size=60)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def seed_of(number: int) -> str:
    return sample_seed(TENANT, date(2026 + number // 12, 1 + number % 12, 1), "interviews")


@pytest.mark.parametrize(
    ("eligible", "percent", "size"),
    [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (100, 10, 10), (8, 100, 8), (9, 0, 0)],
)
def test_a_tenth_is_rounded_up(eligible: int, percent: int, size: int) -> None:
    assert sample_size(eligible, percent) == size


@given(ids=people, percent=st.integers(1, 100))
def test_a_draw_is_the_same_when_it_is_made_again_in_any_order(ids: list[UUID], percent: int) -> None:
    first = draw_sample([Candidate(one) for one in ids], cycle=1, percent=percent, seed=seed_of(0))
    again = draw_sample([Candidate(one) for one in reversed(ids)], cycle=1, percent=percent, seed=seed_of(0))
    assert first == again
    assert len(first.drawn) == sample_size(len(ids), percent)


def test_tenants_months_and_campaigns_draw_differently() -> None:
    ids = [Candidate(uuid4()) for _ in range(200)]
    seeds = [
        sample_seed(TENANT, date(2026, 11, 1), "interviews"),
        sample_seed(TENANT, date(2026, 12, 1), "interviews"),
        sample_seed(UUID(int=8), date(2026, 11, 1), "interviews"),
        sample_seed(TENANT, date(2026, 11, 1), "after"),
    ]
    assert len({draw_sample(ids, cycle=1, percent=10, seed=seed).drawn for seed in seeds}) == 4


@settings(max_examples=60)
@given(ids=people, percent=st.integers(1, 100), months=st.integers(1, 30))
def test_nobody_comes_twice_in_a_round_and_everybody_once(ids: list[UUID], percent: int, months: int) -> None:
    cycles, cycle = dict.fromkeys(ids, 0), 1
    drawn_in: Counter[tuple[UUID, int]] = Counter()
    for month in range(months):
        candidates = [Candidate(one, cycles[one]) for one in ids]
        sample = draw_sample(candidates, cycle=cycle, percent=percent, seed=seed_of(month))
        assert len({one for one, _ in sample.drawn}) == len(sample.drawn), "twice in one month"
        for one, round_of in sample.drawn:
            assert cycles[one] < round_of
            cycles[one] = round_of
            drawn_in[one, round_of] += 1
        cycle = sample.cycle
    assert all(times == 1 for times in drawn_in.values())
    for finished in range(1, cycle):
        assert {one for one, round_of in drawn_in if round_of == finished} == set(ids)


@given(old=people, new=people, percent=st.integers(1, 50))
def test_who_is_new_joins_the_round_that_runs(old: list[UUID], new: list[UUID], percent: int) -> None:
    fresh = [one for one in new if one not in old]
    candidates = [Candidate(one, 1) for one in old] + [Candidate(one) for one in fresh]
    sample = draw_sample(candidates, cycle=1, percent=percent, seed=seed_of(3))
    first = [one for one, round_of in sample.drawn if round_of == 1]
    assert set(first) <= set(fresh)
    assert len(first) == min(len(fresh), sample_size(len(candidates), percent))


@given(ids=people, gone=st.data())
def test_who_cannot_be_asked_now_is_asked_in_a_later_month_of_the_round(ids: list[UUID], gone: st.DataObject) -> None:
    away = set(gone.draw(st.lists(st.sampled_from(ids), unique=True))) if ids else set()
    here = [Candidate(one) for one in ids if one not in away]
    first = draw_sample(here, cycle=1, percent=100, seed=seed_of(0))
    assert {one for one, _ in first.drawn} == set(ids) - away
    if away and first.cycle == 1:
        back = [Candidate(one, 0 if one in away else 1) for one in ids]
        second = draw_sample(back, cycle=1, percent=1, seed=seed_of(1))
        assert {one for one, round_of in second.drawn if round_of == 1} <= away
        assert second.drawn


def test_quarters_and_months_are_whole_calendar_ones() -> None:
    assert quarter_of(date(2026, 11, 23)) == Span(date(2026, 10, 1), date(2026, 12, 31))
    assert next_quarter(date(2026, 11, 23)) == Span(date(2027, 1, 1), date(2027, 3, 31))
    assert last_quarter(date(2026, 2, 28)) == Span(date(2025, 10, 1), date(2025, 12, 31))
    assert month_of(date(2028, 2, 5)) == Span(date(2028, 2, 1), date(2028, 2, 29))
    assert month_of(date(2026, 12, 31)) == Span(date(2026, 12, 1), date(2026, 12, 31))
    assert [quarter_number(date(2026, month, 1)) for month in (1, 3, 4, 12)] == [1, 1, 2, 4]


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_lies_in_its_quarter_and_the_next_one_follows_without_a_gap(day: date) -> None:
    span = quarter_of(day)
    assert span.first <= day <= span.last
    assert next_quarter(day).first == span.last + timedelta(days=1)
    assert last_quarter(next_quarter(day).first) == span


def test_a_day_begins_and_ends_on_the_tenants_own_clock() -> None:
    assert starts_at(date(2026, 10, 1), "Asia/Shanghai") == datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
    assert ends_at(date(2026, 12, 31), "Asia/Shanghai") == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    # The day on which Berlin's clocks go back has 25 hours.
    length = ends_at(date(2026, 10, 25), "Europe/Berlin") - starts_at(date(2026, 10, 25), "Europe/Berlin")
    assert length == timedelta(hours=25)


def test_who_does_not_answer_rests_and_is_given_up_after_the_last_try() -> None:
    assert step_after("no_answer", attempts=1, max_attempts=3, now=NOW) == Step("waiting", NOW + REST)
    assert step_after("no_answer", attempts=3, max_attempts=3, now=NOW) == Step("unreached")
    later = NOW + timedelta(days=1)
    assert step_after("call_later", attempts=9, max_attempts=3, now=NOW, call_at=later) == Step("waiting", later)
    assert step_after("reached", attempts=1, max_attempts=3, now=NOW) == Step("done")
    assert step_after("refused", attempts=1, max_attempts=3, now=NOW) == Step("refused")
    assert step_after("wrong_number", attempts=1, max_attempts=3, now=NOW) == Step("wrong_number")


@pytest.mark.parametrize(
    ("outcome", "call_at", "note", "codes"),
    [
        ("shouted", None, "", ["option"]),
        ("call_later", None, "", ["required"]),
        ("call_later", NOW, "", ["in-the-past"]),
        ("call_later", NOW + timedelta(days=40), "x" * 1001, ["after-the-end", "too-long"]),
        ("call_later", NOW + timedelta(days=1), "", []),
        ("refused", None, "", []),
    ],
)
def test_a_calls_result_must_make_sense(outcome: str, call_at: datetime | None, note: str, codes: list[str]) -> None:
    found = problems_of(outcome, call_at=call_at, note=note, now=NOW, until=NOW + timedelta(days=30))
    assert [problem.code for problem in found] == codes


def test_the_script_speaks_with_names_and_cannot_lose_its_consent() -> None:
    said = DEFAULTS["zh_CN"].spoken(name="王小明", clinic="安康", me="小陈")
    assert "王小明" in said.consent
    assert "安康的小陈" in said.consent
    assert Script("{x}", "", "", "").spoken(name="a", clinic="b", me="c").consent == "{x}"
    assert script_problems(DEFAULTS["en"]) == ()
    broken = Script(" ", "o", "", "y" * 2001)
    assert [(problem.path, problem.code) for problem in script_problems(broken)] == [
        ("consent", "required"),
        ("closing", "too-long"),
    ]
    assert PARTS[0] == "consent"
