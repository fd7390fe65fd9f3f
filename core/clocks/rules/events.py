"""What happens to a clock: its events, append-only and the only truth, and the plan a policy gives it (sla.md)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from core.errors import Conflict
from core.hooks.records.complaints import Milestone

PauseReason = Literal["customer", "laboratory", "expert", "third_party", "disaster", "other"]
CancelReason = Literal["merged", "withdrawn", "superseded"]

DEFAULT_WARNINGS = (0.5, 0.75, 0.9)  # sla.md, rule 14


class ClockRefused(Conflict):
    """An event that the clock's state does not allow; `params["why"]` is the reason, `params["kind"]` the event."""

    code = "clock-refused"


class At(msgspec.Struct, frozen=True):
    """An instant of a clock: a fraction of its budget, or seconds relative to its due time.

    Before the due time seconds are the clock's own (open, unpaused) time, after it they are wall time.
    """

    fraction: float | None = None
    seconds: int | None = None

    def __post_init__(self) -> None:
        """Refuse neither and both."""
        if (self.fraction is None) == (self.seconds is None):
            raise ValueError("an instant has either fraction or seconds")


class Step(msgspec.Struct, frozen=True):
    """One step of the escalation chain, snapshotted with the plan (rule 16).

    Without acknowledgement in `ack_seconds`, or with nobody on duty in `role`, it goes on to the role `next`.
    """

    role: str
    at: At
    channel: str = "app"
    need_ack: bool = False
    ack_seconds: int | None = None
    next: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy version says about one milestone.

    `seconds` is a budget of time; `days` counts open dates and is due at the end of one; neither means no deadline.
    `calendar` names a calendar version, None is the wall clock; days need one.
    """

    policy_version: str
    seconds: int | None = None
    days: int | None = None
    calendar: str | None = None
    pausable: bool = False
    max_pause: int | None = None
    """Longest pause in all, in the clock's own seconds; None is twice the budget (rule 7)."""
    warnings: tuple[At, ...] = tuple(At(fraction=fraction) for fraction in DEFAULT_WARNINGS)
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a plan whose due time cannot be computed."""
        if self.seconds is not None and self.days is not None:
            raise ValueError("a plan counts either seconds or days")
        if min(self.seconds or 0, self.days or 0, self.max_pause or 0) < 0:
            raise ValueError("a budget is not negative")
        if self.days is not None and (self.calendar is None or self.pausable):
            raise ValueError("working days need a calendar and cannot be paused")


def plan_of(milestone: Milestone, policy_version: str, calendar: str | None = None) -> Plan:
    """Turn a milestone of a plugin's policy into a plan; `calendar` is the version its clock name stands for now."""
    return Plan(
        policy_version=policy_version,
        seconds=None if milestone.minutes is None else milestone.minutes * 60,
        days=milestone.days,
        calendar=calendar,
        pausable=milestone.pausable,
        warnings=tuple(At(fraction=fraction) for fraction in milestone.warnings),
        steps=tuple(
            Step(
                role=step.role,
                at=At(step.fraction, None if step.minutes is None else step.minutes * 60),
                channel=step.channel,
                need_ack=step.need_ack,
                ack_seconds=None if step.ack_timeout is None else step.ack_timeout * 60,
                next=step.next,
            )
            for step in milestone.steps
        ),
    )


class Paused(msgspec.Struct, frozen=True):
    """One pause, half open `[start, end)`; no end means that it lasts."""

    start: datetime
    end: datetime | None = None
    reason: PauseReason = "other"


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """`seq` rises by the complaint's counter; `at` is server time, but for the fact of a completion; who and why."""

    seq: int
    at: datetime
    by: str = ""
    note: str = ""


class Start(_Event, frozen=True, kw_only=True, tag="start"):
    """The first event of a clock. A reopened one carries what earlier cycles used, and their first breach."""

    plan: Plan
    cycle: int = 1
    carried: int = 0
    pauses: tuple[Paused, ...] = ()
    first_breached_at: datetime | None = None


class Pause(_Event, frozen=True, kw_only=True, tag="pause"):
    """The clock stops; a second reason may overlap the first."""

    reason: PauseReason


class Resume(_Event, frozen=True, kw_only=True, tag="resume"):
    """The pause with this reason ends, or all of them."""

    reason: PauseReason | None = None


class Complete(_Event, frozen=True, kw_only=True, tag="complete"):
    """A fact completes the milestone at the fact's time `at`; earlier than `recorded_at` needs an approver (rule 12)."""

    recorded_at: datetime
    fact: str = ""
    approved_by: str | None = None


class Cancel(_Event, frozen=True, kw_only=True, tag="cancel"):
    """The milestone is no longer wanted."""

    reason: CancelReason


class Reopen(_Event, frozen=True, kw_only=True, tag="reopen"):
    """The closed clock was followed by cycle `cycle`; this one stays as it is."""

    cycle: int


class Retarget(_Event, frozen=True, kw_only=True, tag="retarget"):
    """Severity, category or policy changed: same start, same pauses, new plan (rule 8)."""

    plan: Plan


class Recalendar(_Event, frozen=True, kw_only=True, tag="recalendar"):
    """A calendar was published anew: the old version holds before `effective_from`, this one after (rule 9)."""

    calendar: str
    effective_from: datetime


class Override(_Event, frozen=True, kw_only=True, tag="override"):
    """A decision by a person: a due time of its own, or, at a merge, another start and other pauses (rule 11)."""

    due_at: datetime | None = None
    started_at: datetime | None = None
    pauses: tuple[Paused, ...] | None = None


ClockEvent = Start | Pause | Resume | Complete | Cancel | Reopen | Retarget | Recalendar | Override


def event_data(event: ClockEvent) -> dict[str, Any]:
    """Return the JSON form of an event, for its row."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    return data


def read_events(rows: Sequence[object]) -> tuple[ClockEvent, ...]:
    """Read events back from their JSON forms, in the order of their numbers."""
    events: list[ClockEvent] = [msgspec.convert(row, ClockEvent) for row in rows]
    return tuple(sorted(events, key=lambda event: event.seq))
