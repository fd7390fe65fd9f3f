"""What a decision about a complaint means for its clocks: new severity, reopening, merging, splitting, publishing."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from msgspec import Struct

from core.clocks.rules.events import Cancel, ClockEvent, ClockRefused, Override, Paused, Plan, Retarget, Start
from core.clocks.rules.folding import ClockState

REOPEN_WINDOW = timedelta(hours=72)  # sla.md, rule 10


class Change(Struct, frozen=True, kw_only=True):
    """One event for one milestone's clock."""

    milestone: str
    event: ClockEvent


class Preview(Struct, frozen=True, kw_only=True):
    """What publishing would do to the clocks that run: how many move, how many would breach (rule 9)."""

    moved: int
    breached: int


def retarget_all(
    states: Mapping[str, ClockState], plans: Mapping[str, Plan], *, at: datetime, seq: int, by: str = "", note: str = ""
) -> tuple[Change, ...]:
    """Return the events of a severity or category change (rule 8), numbered from `seq`.

    A milestone in both policies is retargeted, a new one starts at the change, a vanished one is cancelled as
    superseded; a closed clock stays as it is.
    """
    numbers = count(seq)
    changes: list[Change] = []
    for milestone, state in states.items():
        if not state.live:
            continue
        event: ClockEvent
        if milestone in plans:
            event = Retarget(seq=next(numbers), at=at, by=by, note=note, plan=plans[milestone])
        else:
            event = Cancel(seq=next(numbers), at=at, by=by, note=note, reason="superseded")
        changes.append(Change(milestone=milestone, event=event))
    for milestone, plan in plans.items():
        if milestone not in states:
            event = Start(seq=next(numbers), at=at, by=by, note=note, plan=plan)
            changes.append(Change(milestone=milestone, event=event))
    return tuple(changes)


def reopened(
    state: ClockState,
    *,
    mode: Literal["remaining", "full"],
    at: datetime,
    seq: int,
    window: timedelta = REOPEN_WINDOW,
    plan: Plan | None = None,
    by: str = "",
) -> Start:
    """Return the start of the next cycle of a closed clock (rule 10).

    `remaining` (resolution and the like) goes on with what is left when at most `window` has passed since the close;
    otherwise, and with `full` (contact), the budget is whole again. The first breach stays on the record.
    """
    closed = state.facts.closed_at
    if closed is None:
        raise ClockRefused(why="not-closed", kind="reopen")
    goes_on = mode == "remaining" and at - closed <= window
    return Start(
        seq=seq,
        at=at,
        by=by,
        plan=plan or state.facts.plan,
        cycle=state.facts.cycle + 1,
        carried=state.consumed if goes_on else 0,
        first_breached_at=state.first_breached_at,
    )


def merged(survivor: ClockState, loser: ClockState, *, at: datetime, seq: int, by: str = "") -> Override:
    """Return what a merge does to the survivor's clock: the earliest start, the pauses that both had (rule 11)."""
    return Override(
        seq=seq,
        at=at,
        by=by,
        note="merged",
        started_at=min(survivor.facts.started_at, loser.facts.started_at),
        pauses=common_pauses(survivor.pauses, loser.pauses),
    )


def moved_over(loser: ClockState, *, seq: int, by: str = "") -> Start:
    """Return the start, for the survivor, of a milestone that only the merged complaint had."""
    facts = loser.facts
    return Start(
        seq=seq,
        at=facts.started_at,
        by=by,
        note="merged",
        plan=facts.plan,
        carried=facts.carried,
        pauses=loser.pauses,
        first_breached_at=loser.first_breached_at,
    )


def split_off(plans: Mapping[str, Plan], *, at: datetime, seq: int, by: str = "") -> tuple[Change, ...]:
    """Return the starts of a complaint that was split off: its clocks start at the split (rule 11)."""
    return tuple(
        Change(milestone=milestone, event=Start(seq=number, at=at, by=by, note="split", plan=plan))
        for number, (milestone, plan) in enumerate(plans.items(), seq)
    )


def common_pauses(one: Iterable[Paused], two: Iterable[Paused]) -> tuple[Paused, ...]:
    """Return the time in which both were paused; a pause that is open in both stays open, with the first's reason."""
    two = _joined(two)
    common: list[Paused] = []
    for a in _joined(one):
        for b in two:
            start, end = max(a.start, b.start), _earlier(a.end, b.end)
            if end is None or start < end:
                common.append(Paused(start, end, a.reason))
    return tuple(common)


def preview(pairs: Iterable[tuple[ClockState, ClockState]]) -> Preview:
    """Count, over live clocks before and after a change, those whose due time moves and those newly breached."""
    moved = breached = 0
    for before, after in pairs:
        moved += before.due_at != after.due_at
        breached += before.status != "breached" and after.status == "breached"
    return Preview(moved=moved, breached=breached)


def _joined(pauses: Iterable[Paused]) -> list[Paused]:
    """Make overlapping pauses one, so that no stretch is met twice."""
    joined: list[Paused] = []
    for pause in sorted(pauses, key=lambda pause: pause.start):
        last = joined[-1] if joined else None
        if last is None or (last.end is not None and last.end < pause.start):
            joined.append(pause)
        elif last.end is not None:
            end = None if pause.end is None else max(last.end, pause.end)
            joined[-1] = Paused(last.start, end, last.reason)
    return joined


def _earlier(one: datetime | None, two: datetime | None) -> datetime | None:
    if one is None or two is None:
        return one or two
    return min(one, two)
