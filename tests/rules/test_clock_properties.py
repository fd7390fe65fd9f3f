"""Laws of the fold that hold for any events: it is deterministic, and the stored state is the rebuilt one."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calendars.rules import due, seconds_of
from core.clocks.rules import (
    Cancel,
    ClockEvent,
    ClockRefused,
    ClockState,
    Complete,
    Facts,
    Override,
    Pause,
    Recalendar,
    Resume,
    Retarget,
    apply,
    event_data,
    fold,
    read_events,
    settle,
    stages,
)
from tests.rules.clocks import CALENDARS, OFFICE, at, plan, start

BEGIN = at("03-02 10:00")
reasons = st.sampled_from(["customer", "laboratory"])
budgets = st.sampled_from([0, 30, 60, 240, 480, 2000])
steps = st.lists(
    st.tuples(st.sampled_from("pppprrrrtcoxk"), st.integers(0, 900), reasons, budgets), min_size=1, max_size=12
)


def events_of(walk: list[tuple[str, int, str, int]]) -> tuple[ClockEvent, ...]:
    """Turn a random walk into the events that the clock accepts, as the product would append them."""
    events: list[ClockEvent] = [start(given=plan(480))]
    now = BEGIN
    for seq, (kind, minutes, reason, budget) in enumerate(walk, 2):
        now += timedelta(minutes=minutes)
        event: ClockEvent
        match kind:
            case "p":
                event = Pause(seq=seq, at=now, reason=reason)  # type: ignore[arg-type] # drawn from the enum
            case "r":
                event = Resume(seq=seq, at=now)
            case "t":
                event = Retarget(seq=seq, at=now, plan=plan(budget, version=f"v{seq}"))
            case "c":
                event = Complete(seq=seq, at=now, recorded_at=now)
            case "o":
                event = Override(seq=seq, at=now, due_at=now + timedelta(minutes=budget))
            case "k":
                event = Recalendar(seq=seq, at=now, calendar="office@2", effective_from=now + timedelta(minutes=budget))
            case _:
                event = Cancel(seq=seq, at=now, reason="withdrawn")
        try:
            fold([*events, event], CALENDARS)
        except ClockRefused:
            continue
        events.append(event)
    return tuple(events)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_the_stored_state_is_the_rebuilt_one(walk: list[tuple[str, int, str, int]]) -> None:
    events = events_of(walk)
    stored: ClockState = fold(events[:1], CALENDARS)
    for event in events[1:]:
        stored = apply(stored, event, CALENDARS)
    rows = msgspec.json.decode(msgspec.json.encode([event_data(event) for event in events]))
    assert stored == fold(read_events(rows), CALENDARS) == fold(events, CALENDARS)
    raw = msgspec.json.encode(stored)
    assert msgspec.json.decode(raw, type=ClockState) == stored
    assert msgspec.json.decode(msgspec.json.encode(stored.facts), type=Facts) == stored.facts


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 5000))
def test_what_a_state_says_of_itself_agrees(walk: list[tuple[str, int, str, int]], later: int) -> None:
    events = events_of(walk)
    now = fold(events, CALENDARS).as_of + timedelta(minutes=later)
    clock = fold(events, CALENDARS, now)
    assert clock.consumed >= 0
    assert clock.remaining is None or clock.remaining >= 0
    assert (clock.status == "paused") <= (clock.due_at is None)
    if clock.status == "breached":
        assert clock.due_at is not None
        assert clock.due_at <= now
    if clock.status == "running":
        assert clock.due_at is not None
        assert clock.due_at > now
    assert (clock.status in {"breached", "met_late"}) <= (clock.breached_at is not None)
    assert clock.first_breached_at is None or clock.first_breached_at <= now
    told = [stage.at for stage in stages(clock, CALENDARS)]
    assert told == sorted(told)
    assert all(instant >= BEGIN for instant in told)


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(1, 5000))
def test_time_alone_never_uses_less_nor_takes_back_a_breach(walk: list[tuple[str, int, str, int]], later: int) -> None:
    facts = fold(events_of(walk), CALENDARS).facts
    first = fold(events_of(walk), CALENDARS)
    second = settle(facts, CALENDARS, first.as_of + timedelta(minutes=later))
    assert second.consumed >= first.consumed
    assert (first.status == "breached") <= (second.status == "breached")
    if first.due_at is not None and first.live:
        assert second.due_at == first.due_at


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 200)), max_size=4), budgets)
def test_the_due_time_of_a_clock_is_that_of_the_arithmetic(gaps: list[tuple[int, int]], budget: int) -> None:
    events: list[ClockEvent] = [start(given=plan(budget, max_pause=10**9))]
    pauses, now = [], BEGIN
    for seq, (wait, length) in enumerate(gaps, 1):
        begin = now + timedelta(minutes=wait)
        now = begin + timedelta(minutes=length)
        events += [Pause(seq=seq * 2, at=begin, reason="customer"), Resume(seq=seq * 2 + 1, at=now)]
        pauses.append((seconds_of(begin), seconds_of(now)))
    found = fold(events, CALENDARS).due_at
    assert found is not None
    assert seconds_of(found) == due(OFFICE, seconds_of(BEGIN), budget * 60, pauses)
