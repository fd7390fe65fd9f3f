"""What a clock tells people and when: warnings, the due time, escalation steps, the end of a pause (rules 14 to 16)."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from core.clocks.rules.events import At, Step
from core.clocks.rules.folding import ClockState
from core.clocks.rules.measuring import Calendars, Facts, Ruler, auto_resume, due_at

Kind = Literal["warning", "due", "step", "unacknowledged", "auto_resume"]
_ORDER: dict[Kind, int] = {"auto_resume": 0, "warning": 1, "due": 2, "step": 3, "unacknowledged": 4}


class Stage(Struct, frozen=True, kw_only=True):
    """Something to tell at an instant; `name` is unique within a clock, its cycle and a policy version (rule 15)."""

    at: datetime
    name: str
    kind: Kind
    role: str | None = None
    next_role: str | None = None
    """Who is told instead when nobody is on duty in `role` (rule 16)."""
    channel: str = "app"
    need_ack: bool = False


class Told(Struct, frozen=True, kw_only=True):
    """A stage that was told: when, under which policy version, and whether somebody acknowledged it."""

    name: str
    policy_version: str
    at: datetime
    acknowledged: bool = False


def stages(state: ClockState, calendars: Calendars, told: Iterable[Told] = ()) -> tuple[Stage, ...]:
    """List everything this clock has told or will tell, as it stands, in due order.

    A closed clock tells what came before its fact; a cancelled one nothing; one held by a pause only what came before.
    """
    facts = state.facts
    if facts.cancelled_at is not None:
        return ()
    ruler = Ruler(facts, calendars, facts.closed_at or state.as_of)
    found = [*_warnings(state, calendars, ruler), *_steps(state, calendars, ruler), *_follow_ups(facts, told)]
    if state.due_at is not None:
        found.append(Stage(at=_not_before(facts, state.due_at), name="due", kind="due"))
    # Asked of the facts: judged after its limit a pause has ended, but nobody has been told, and no event says so.
    limit = auto_resume(facts, calendars) if facts.closed_at is None else None
    if limit is not None:
        found.append(Stage(at=limit, name=f"auto-resume-{len(facts.pauses)}", kind="auto_resume"))
    if facts.completed_at is not None:
        found = [stage for stage in found if stage.at < facts.completed_at]
    return tuple(sorted(found, key=lambda stage: (stage.at, _ORDER[stage.kind], stage.name)))


def untold(state: ClockState, calendars: Calendars, told: Collection[Told] = ()) -> tuple[Stage, ...]:
    """List what is still to be told under the policy version in force, in due order."""
    version = state.facts.plan.policy_version
    known = {each.name for each in told if each.policy_version == version}
    return tuple(stage for stage in stages(state, calendars, told) if stage.name not in known)


def next_stage(state: ClockState, calendars: Calendars, told: Collection[Told] = ()) -> Stage | None:
    """Return the one instant this clock owns in the schedule; None when it has nothing more to tell."""
    return next(iter(untold(state, calendars, told)), None)


def ripe(state: ClockState, calendars: Calendars, told: Collection[Told], now: datetime) -> tuple[Stage, ...]:
    """List what has to be told by now: after an outage all of it, in due order, none twice."""
    return tuple(stage for stage in untold(state, calendars, told) if stage.at <= now)


def _warnings(state: ClockState, calendars: Calendars, ruler: Ruler) -> Iterable[Stage]:
    for at in state.facts.plan.warnings:
        instant = _instant(state, at, calendars, ruler)
        if instant is not None:
            yield Stage(at=instant, name=f"warning {_text(at)}", kind="warning")


def _steps(state: ClockState, calendars: Calendars, ruler: Ruler) -> Iterable[Stage]:
    for number, step in enumerate(state.facts.plan.steps, 1):
        instant = _instant(state, step.at, calendars, ruler)
        if instant is not None:
            yield _step_stage(f"step {number}", "step", instant, step)


def _follow_ups(facts: Facts, told: Iterable[Told]) -> Iterable[Stage]:
    """A step that nobody acknowledged in time goes on to the next role."""
    steps = {f"step {number}": step for number, step in enumerate(facts.plan.steps, 1)}
    for each in told:
        step = steps.get(each.name)
        if step is None or each.policy_version != facts.plan.policy_version or each.acknowledged:
            continue
        if step.need_ack and step.ack_seconds is not None and step.next is not None:
            instant = each.at + timedelta(seconds=step.ack_seconds)
            follow_up = replace(step, role=step.next, next=None)
            yield _step_stage(f"{each.name} unacknowledged", "unacknowledged", instant, follow_up)


def _step_stage(name: str, kind: Kind, at: datetime, step: Step) -> Stage:
    return Stage(
        at=at,
        name=name,
        kind=kind,
        role=step.role,
        next_role=step.next,
        channel=step.channel,
        need_ack=step.need_ack,
    )


@lru_cache(maxsize=1024)
def _exact(fraction: float) -> tuple[int, int]:
    """Return the decimal that was written, 0.9 and not its binary neighbour, as numerator and denominator."""
    return Fraction(str(fraction)).as_integer_ratio()


@lru_cache(maxsize=1024)
def _text(at: At) -> str:
    return f"{at.seconds} s" if at.fraction is None else f"{Fraction(str(at.fraction)) * 100} %"


def _not_before(facts: Facts, instant: datetime) -> datetime:
    """Nothing is stamped before the start or the change that made it so (rule 8)."""
    return max(instant, facts.changed_at)


def _instant(state: ClockState, at: At, calendars: Calendars, ruler: Ruler) -> datetime | None:
    """Return the instant of a warning or a step; None without a deadline, behind a pause, or in an earlier cycle."""
    facts = state.facts
    budget = facts.plan.seconds
    if at.seconds is not None and at.seconds >= 0:
        return None if state.due_at is None else _not_before(facts, state.due_at) + timedelta(seconds=at.seconds)
    if budget is None:
        return _instant_of_days(state, at, calendars)
    if at.fraction is None:
        part = max(0, budget + (at.seconds or 0))
    else:
        share, of = _exact(at.fraction)
        part = (2 * share * budget + of) // (2 * of)  # the nearest second, a half upwards
    if part == budget:
        return None if state.due_at is None else _not_before(facts, state.due_at)
    if 0 < part <= facts.carried:
        return None  # told in the cycle that used it up
    instant = ruler.used_up_at(part)
    return None if instant is None else _not_before(facts, instant)


def _instant_of_days(state: ClockState, at: At, calendars: Calendars) -> datetime | None:
    """Working days have whole days only: a fraction is the end of the last whole one, at least the first."""
    facts = state.facts
    if facts.plan.days is None or state.due_at is None:
        return None
    if at.fraction is None:
        return _not_before(facts, state.due_at + timedelta(seconds=at.seconds or 0))
    if at.fraction == 0:
        return facts.changed_at
    share, of = _exact(at.fraction)
    days = max(1, share * facts.plan.days // of)
    return due_at(replace(facts, plan=replace(facts.plan, days=days)), calendars, state.as_of)
