"""A trial gives the past back exactly when nothing is changed, and what the fold says when something is."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calendars.rules import Calendar
from core.clocks.rules import ClockEvent, ClockRefused, Complete, Pause, Plan, Reopen, Resume, Retarget, Start, fold
from core.complaint_reports.rules.judging import PastCase, PastClock, judge, judge_bent, judged_of
from core.hooks.records.complaints import Milestone, Policy, Severity
from core.policies.rules.declared import CORE_POLICIES
from core.policy_trials.rules.candidates import Candidate, Changed, candidate_of
from core.policy_trials.rules.replaying import Replay, Replayed
from core.policy_trials.rules.sums import TrialSums, add_all, quantile, rounded
from tests.rules.clocks import CALENDARS, OFFICE, at, complete, pause, plan, resume, start
from tests.rules.test_clock_properties import events_of, steps

CASE = UUID(int=1)
NOW = at("12-31 12:00")
LEVELS: dict[str, Severity] = {"v1": "L1", "v2": "L2"}


def _replay(candidate: Candidate, tried: dict[str, Calendar] | None = None) -> Replay:
    return Replay(
        candidate,
        calendars=CALENDARS,
        tried=tried or {},
        levels=LEVELS,
        key_at=lambda clock, _: clock,
        as_of=NOW,
    )


def _case(*clocks: PastClock) -> PastCase:
    return PastCase(CASE, "L1", None, at("03-02 09:00"), list(clocks))


def _one(change: Changed, *events: ClockEvent, milestone: str = "contact", **tried: Calendar) -> Replayed:
    candidate = Candidate(changes={f"L1 {milestone}": change})
    (found,) = _replay(candidate, tried).case(_case(PastClock(milestone, 1, events)))
    return found


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_candidate_without_changes_is_what_happened(walk: list[tuple[str, int, str, int]]) -> None:
    events = events_of(walk)
    (found,) = _replay(Candidate()).case(_case(PastClock("contact", 1, events)))
    assert found.after == found.before
    last = max(event.recorded_at if isinstance(event, Complete) else event.at for event in events)
    assert found.before == judged_of(fold(events, CALENDARS, max(NOW, last)))


kinds = st.lists(st.tuples(st.sampled_from("pppprrrrcg"), st.integers(0, 700)), max_size=10)


@settings(max_examples=150, deadline=None)
@given(kinds, st.booleans())
def test_replaying_every_promise_under_the_live_policies_gives_production(
    walk: list[tuple[str, int]], wall: bool
) -> None:
    """The whole way, not the short one: each plan is made anew from the live policies and all is folded again."""
    budgets: dict[Severity, int] = {"L1": 480, "L2": 1200}
    clock = "wall" if wall else "office"
    live: dict[Severity, Policy] = {level: _policy(level, minutes, clock) for level, minutes in budgets.items()}
    plans = {
        level: plan(minutes, calendar=None if wall else "office", version=f"v{level[1]}")
        for level, minutes in budgets.items()
    }
    events: list[ClockEvent] = [start(given=plans["L1"])]
    now = at("03-02 10:00")
    for seq, (kind, minutes) in enumerate(walk, 2):
        now += timedelta(minutes=minutes)
        drawn: dict[str, ClockEvent] = {
            "p": Pause(seq=seq, at=now, reason="customer"),
            "r": Resume(seq=seq, at=now),
            "c": Complete(seq=seq, at=now, recorded_at=now),
            "g": Retarget(seq=seq, at=now, plan=plans["L2"]),
        }
        event = drawn[kind]
        try:
            fold([*events, event], CALENDARS)
        except ClockRefused:
            continue
        events.append(event)
    candidate = candidate_of(live, live, everything=True)
    (found,) = _replay(candidate).case(_case(PastClock("contact", 1, tuple(events))))
    assert found.after == found.before


def _policy(level: Severity, minutes: int, clock: str = "wall") -> Policy:
    milestone = Milestone(
        id="contact", label="联系", minutes=minutes, owner_role="director", pausable=True, clock=clock
    )
    return msgspec.structs.replace(CORE_POLICIES[level], milestones=(milestone,), reopen=())


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("calendar", [None, "office"])
@pytest.mark.parametrize("end", ["03-02 11:00", "03-02 18:00", "03-02 18:01", "03-05 10:00"])
def test_the_short_way_judges_like_the_fold(calendar: str | None, end: str, paused: bool) -> None:
    events: tuple[ClockEvent, ...] = (start(given=plan(480, calendar=calendar)), complete(4, end))
    if paused:
        events = (events[0], pause(2, "03-02 10:10"), resume(3, "03-02 10:40"), events[1])
    assert judge(events, CALENDARS, NOW) == judged_of(fold(events, CALENDARS, NOW))
    again = (*events, Reopen(seq=9, at=at("03-06 10:00"), cycle=2))
    assert judge(again, CALENDARS, NOW) == judge(events, CALENDARS, NOW)


def test_a_shorter_promise_breaks_what_was_kept_and_a_longer_one_keeps_what_was_broken() -> None:
    kept = (start(given=plan(60, calendar=None)), complete(2, "03-02 10:45"))
    lost = _one(Changed(seconds=30 * 60, pausable=True), *kept)
    assert lost.is_lost
    assert lost.after is not None
    assert lost.after.due_at == at("03-02 10:30")
    late = (start(given=plan(30, calendar=None)), complete(2, "03-02 10:45"))
    assert _one(Changed(seconds=60 * 60, pausable=True), *late).is_saved


def test_a_promise_in_office_hours_is_counted_in_them() -> None:
    events = (start("03-02 17:00", plan(120, calendar=None)), complete(2, "03-03 09:30"))
    found = _one(Changed(seconds=120 * 60, clock="office"), *events)
    assert found.is_saved
    assert found.after is not None
    assert found.after.consumed == 90 * 60


def test_a_calendar_of_the_candidate_takes_the_place_of_all_its_versions() -> None:
    events = (start("03-02 17:00", plan(120, calendar="office@2")), complete(2, "03-03 10:30"))
    change = Changed(seconds=120 * 60, clock="office", pausable=True)
    assert _one(change, *events).after == judge(events, CALENDARS, NOW)  # office@2: the 3rd is a holiday
    found = _one(change, *events, office=OFFICE)
    assert found.is_lost


def test_pauses_count_only_where_the_candidate_allows_them() -> None:
    events = (
        start(given=plan(60, calendar=None)),
        pause(2, "03-02 10:10"),
        resume(3, "03-02 12:10"),
        complete(4, "03-02 12:30"),
    )
    assert _one(Changed(seconds=3600, pausable=True), *events).before.outcome == "met"
    assert _one(Changed(seconds=3600, pausable=False), *events).is_lost


def test_a_promise_that_is_not_made_any_more_is_gone() -> None:
    assert _one(Changed(gone=True), start(given=plan(60, calendar=None)), complete(2, "03-02 10:45")).after is None


def test_a_promise_that_gets_its_first_deadline_counts_from_receipt_or_from_the_step_before() -> None:
    free = Plan(policy_version="v1", warnings=())
    step = PastClock("report", 1, (start("03-03 09:00", free), complete(2, "03-03 09:00")))
    before = PastClock("contact", 1, (start(given=plan(60, calendar=None)), complete(2, "03-02 11:00")))
    for change, due in (
        (Changed(seconds=24 * 3600, starts="receipt"), at("03-03 09:00")),
        (Changed(seconds=24 * 3600, starts="after", after="contact"), at("03-03 11:00")),
    ):
        found = list(_replay(Candidate(changes={"L1 report": change})).case(_case(before, step)))
        assert found[1].before.outcome == "free"
        assert found[1].after is not None
        assert (found[1].after.outcome, found[1].after.due_at) == ("met", due)


def test_a_change_of_level_is_replayed_under_the_candidates_plan_of_that_level() -> None:
    events = (
        start(given=plan(60, calendar=None)),
        Retarget(seq=2, at=at("03-02 10:10"), plan=plan(30, calendar=None, version="v2")),
        complete(3, "03-02 10:45"),
    )
    candidate = Candidate(changes={"L2 contact": Changed(seconds=3600, pausable=True)})
    (found,) = _replay(candidate).case(_case(PastClock("contact", 1, events)))
    assert found.severity == "L2"
    assert found.is_saved
    (gone,) = _replay(Candidate(changes={"L2 contact": Changed(gone=True)})).case(
        _case(PastClock("contact", 1, events))
    )
    assert gone.after is not None
    assert gone.after.outcome == "cancelled"


def test_a_second_cycle_goes_on_with_what_the_first_would_have_used() -> None:
    first = PastClock("contact", 1, (start("03-02 17:00", plan(480, calendar=None)), complete(2, "03-03 01:00")))
    second = PastClock(
        "contact", 2, (Start(seq=9, at=at("03-03 09:00"), plan=plan(480, calendar=None), cycle=2, carried=8 * 3600),)
    )
    candidate = Candidate(changes={"L1 contact": Changed(seconds=480 * 60, clock="office")})
    found = list(_replay(candidate).case(_case(first, second)))
    assert found[1].before.due_at == at("03-03 09:00")
    assert found[1].after is not None
    assert found[1].after.due_at == at("03-03 16:00")  # one of eight hours was used in office hours


def test_a_calendar_without_open_time_never_falls_due() -> None:
    shut = msgspec.structs.replace(OFFICE, week=((),) * 7)
    assert judge_bent((start(given=plan(60)),), CALENDARS | {"office": shut}, NOW) is None
    paused = (start(given=plan(60, pausable=False)), pause(2, "03-02 10:10"))
    assert judge_bent(paused, CALENDARS | {"office": shut}, NOW) is None
    found = judge_bent(paused, CALENDARS, NOW)
    assert found is not None
    assert found.outcome == "late"


def test_only_what_moves_a_due_time_is_a_change() -> None:
    live = CORE_POLICIES
    assert candidate_of(live, live) == Candidate()
    contact, proposal = live["L1"].milestones
    quiet = msgspec.structs.replace(contact, warnings=(0.1,), label="x")
    same = live | {"L1": msgspec.structs.replace(live["L1"], milestones=(quiet, proposal))}
    assert candidate_of(live, same) == Candidate()
    short = msgspec.structs.replace(contact, minutes=15)
    extra = Milestone(id="again", label="再联系", minutes=60, owner_role="director")
    draft = live | {"L1": msgspec.structs.replace(live["L1"], milestones=(short, extra), reopen=())}
    found = candidate_of(live, draft)
    assert found.changes["L1 ack_contact"] == Changed(seconds=900, after=None)
    assert found.changes["L1 propose_solution"].gone
    assert found.added == ("L1 again",)
    free = msgspec.structs.replace(contact, minutes=None, steps=())
    was_free = live | {"L1": msgspec.structs.replace(live["L1"], milestones=(free, proposal))}
    assert candidate_of(was_free, live).changes["L1 ack_contact"].starts == "receipt"
    moved = msgspec.structs.replace(proposal, counts_from="after")
    later = live | {"L1": msgspec.structs.replace(live["L1"], milestones=(contact, moved))}
    assert candidate_of(live, later).changes["L1 propose_solution"].starts == "after"


def test_sums_count_every_promise_once_on_each_side() -> None:
    kept = (start(given=plan(60, calendar=None)), complete(2, "03-02 10:45"))
    sums = TrialSums()
    change = Changed(seconds=30 * 60, pausable=True)
    moves = add_all(sums, [_one(change, *kept), _one(change, *kept[:1]), _one(Changed(gone=True), *kept)])
    assert [move.is_lost for move in moves] == [True]
    mine = sums.promises["L1 contact"]
    assert (mine.before.met, mine.before.late, mine.after.late, mine.gone, mine.lost) == (2, 1, 2, 1, 1)
    assert mine.before.percent == 66.7
    assert mine.before.quantile(0.5) == rounded(45 * 60)
    whole = sums.whole()
    assert (whole.before.judged, whole.moved, whole.gone) == (3, 2, 1)
    read = msgspec.convert(msgspec.to_builtins(sums, str_keys=True), TrialSums, strict=False)
    assert read == sums


def test_times_are_kept_to_within_one_in_a_hundred() -> None:
    for seconds in (0, 5, 255, 256, 3601, 86_399, 10**7):
        assert 0 <= seconds - rounded(seconds) <= seconds / 100
    assert quantile({}, 0.5) is None
    assert quantile({10: 1, 20: 1, 30: 2}, 0.5) == 20
    assert quantile({10: 1, 20: 1, 30: 2}, 0.9) == 30
