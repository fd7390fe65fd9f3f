"""What the pages of complaint rules show: budgets, clocks, steps and differences in the reader's words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from core.calendars.explain.rules import ExplainedDay
from core.clocks.rules import (
    Cancel,
    ClockEvent,
    Complete,
    Override,
    Pause,
    Plan,
    Recalendar,
    Reopen,
    Resume,
    Retarget,
    Start,
)
from core.hooks.records.complaints import EscalationStep, Milestone, Policy
from core.policies.rules.calendars import WALL, WORKDAYS_NAME
from core.policies.rules.changes import UNCHANGED, Difference, MilestoneChange
from web.i18n import N_, gettext, localized, ngettext

PAUSES: Final = {
    "customer": N_("Waiting for the customer"),
    "laboratory": N_("Waiting for the laboratory"),
    "expert": N_("Waiting for an expert"),
    "third_party": N_("Waiting for a third party"),
    "disaster": N_("A disaster"),
    "other": N_("Another reason"),
}
MODES: Final = {
    "new_only": N_("New complaints only"),
    "migrate_running": N_("Running complaints too"),
}
REASONS: Final = {
    "weekly-hours": N_("Weekly hours"),
    "weekly-closed": N_("Closed on this weekday"),
    "holiday": N_("Holiday"),
    "special-hours": N_("Hours of its own (make-up day)"),
    "special-closed": N_("Closed on this date"),
}
Names = Mapping[str, str]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One milestone of a policy as the table shows it."""

    id: str
    label: str
    owner: str
    budget: str
    clock: str
    pauses: str
    warnings: str
    steps: tuple[str, ...]
    source: str
    after: str
    changed: bool
    off: bool
    declared: str


def time_words(minutes: int) -> str:
    """Return minutes in the largest whole unit."""
    if minutes % 60:
        return ngettext("%(num)d minute", "%(num)d minutes", minutes) % {"num": minutes}
    hours = minutes // 60
    return ngettext("%(num)d hour", "%(num)d hours", hours) % {"num": hours}


def budget_words(milestone: Milestone) -> str:
    """Return how long a step may take."""
    if milestone.days is not None:
        return ngettext("%(num)d working day", "%(num)d working days", milestone.days) % {"num": milestone.days}
    return time_words(milestone.minutes) if milestone.minutes is not None else gettext("No deadline")


def clock_words(clock: str, calendars: Names) -> str:
    """Return the name of a clock."""
    return gettext("Wall clock") if clock == WALL else calendar_name(calendars.get(clock, clock))


def roles_of(policy: Policy) -> dict[str, str]:
    """Return the names of a policy's roles."""
    return {role.code: localized(role.label) for role in policy.roles}


def step_words(step: EscalationStep, roles: Names) -> str:
    """Return who is told when."""
    who = roles.get(step.role, step.role)
    if step.fraction is not None:
        when = gettext("when due") if step.fraction == 1 else gettext("at %(n)d %%") % {"n": round(step.fraction * 100)}
    elif (step.minutes or 0) >= 0:
        when = gettext("%(time)s after it was due") % {"time": time_words(step.minutes or 0)}
    else:
        when = gettext("%(time)s before it is due") % {"time": time_words(-(step.minutes or 0))}
    words = gettext("%(who)s %(when)s") % {"who": who, "when": when}
    if step.need_ack and step.ack_timeout is not None:
        then = roles.get(step.next or "", step.next or "")
        more = gettext("no answer in %(time)s: %(who)s") % {"time": time_words(step.ack_timeout), "who": then}
        return f"{words} ({more})"
    return words


def calendar_name(name: str) -> str:
    """Return a calendar's name: the tenant's own words, or ours for the one that everybody has, in the reader's language."""
    return gettext(WORKDAYS_NAME) if name == WORKDAYS_NAME else name


def warning_words(warnings: Sequence[float]) -> str:
    """Return the fractions as percentages."""
    return ", ".join(f"{round(one * 100)} %" for one in warnings) or "—"


def rows_of(declared: Policy, policy: Policy, changes: Mapping[str, MilestoneChange], calendars: Names) -> list[Row]:
    """Return the table of a level: the declared steps in their order, with the tenant's values in place."""
    now = {milestone.id: milestone for milestone in policy.milestones}
    roles = roles_of(declared) | roles_of(policy)
    labels = {milestone.id: localized(milestone.label) for milestone in declared.milestones}
    rows = []
    for milestone in declared.milestones:
        shown = now.get(milestone.id, milestone)
        change = changes.get(milestone.id, UNCHANGED)
        rows.append(
            Row(
                id=milestone.id,
                label=labels[milestone.id],
                owner=roles.get(milestone.owner_role, milestone.owner_role),
                budget=budget_words(shown),
                clock=clock_words(shown.clock, calendars) if shown.timed else "",
                pauses=gettext("with a reason") if shown.pausable else gettext("no pause"),
                warnings=warning_words(shown.warnings) if shown.timed else "—",
                steps=tuple(step_words(step, roles) for step in shown.steps),
                source=milestone.source,
                after=labels.get(shown.after or "", ""),
                changed=change != UNCHANGED,
                off=milestone.id not in now,
                declared=budget_words(milestone),
            )
        )
    return rows


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """One milestone that differs, with what changed."""

    level: str
    label: str
    what: str
    rows: tuple[tuple[str, str, str], ...]


def diffs_of(differences: Sequence[Difference], roles: Names, calendars: Names) -> list[Diff]:
    """Return differences in words."""
    return [
        Diff(
            level=each.severity,
            label=localized((each.after or each.before).label),  # type: ignore[union-attr] # one of both is there
            what="changed" if each.before and each.after else ("added" if each.after else "removed"),
            rows=tuple(
                (gettext(name), old, new)
                for name, old, new in zip(
                    _FIELDS, _values(each.before, roles, calendars), _values(each.after, roles, calendars), strict=True
                )
                if old != new
            )
            if each.before and each.after
            else (),
        )
        for each in differences
    ]


_FIELDS: Final = (N_("Time allowed"), N_("Clock"), N_("May rest"), N_("Warnings"), N_("Who is told"), N_("Comes after"))


def _values(milestone: Milestone | None, roles: Names, calendars: Names) -> tuple[str, ...]:
    if milestone is None:
        return ("",) * len(_FIELDS)
    return (
        budget_words(milestone),
        clock_words(milestone.clock, calendars),
        gettext("with a reason") if milestone.pausable else gettext("no pause"),
        warning_words(milestone.warnings),
        "; ".join(step_words(step, roles) for step in milestone.steps) or "—",
        milestone.after or "—",
    )


def day_words(day: ExplainedDay) -> str:
    """Return which rule decided a day."""
    return gettext(REASONS[day.reason])


def plan_words(plan: Plan) -> str:
    """Return a plan's budget."""
    if plan.days is not None:
        return ngettext("%(num)d working day", "%(num)d working days", plan.days) % {"num": plan.days}
    return gettext("No deadline") if plan.seconds is None else time_words(plan.seconds // 60)


_CANCELLED: Final = {
    "merged": N_("merged with another complaint"),
    "withdrawn": N_("withdrawn"),
    "superseded": N_("no longer asked for"),
}


def event_words(event: ClockEvent, shown: Mapping[str, str]) -> tuple[str, str]:
    """Return what happened to a clock, and its icon; `shown` names calendar versions."""
    found: tuple[str, str] = ("", "circle-dot")
    match event:
        case Start():
            found = gettext("Started with %(time)s") % {"time": plan_words(event.plan)}, "circle-play"
        case Pause():
            found = gettext("Paused: %(why)s") % {"why": gettext(PAUSES[event.reason])}, "circle-pause"
        case Resume():
            found = gettext("Went on"), "circle-play"
        case Complete():
            found = gettext("Completed"), "circle-check"
        case Cancel():
            found = gettext("Ended: %(why)s") % {"why": gettext(_CANCELLED[event.reason])}, "circle-slash"
        case Reopen():
            found = gettext("Opened again"), "rotate-ccw"
        case Retarget():
            found = gettext("New time: %(time)s") % {"time": plan_words(event.plan)}, "scale"
        case Recalendar():
            name = shown.get(event.calendar, event.calendar)
            found = gettext("Goes on with %(calendar)s") % {"calendar": name}, "calendar-clock"
        case Override():
            found = gettext("Decided by a person"), "hand"
    return found


class YearDay(msgspec.Struct, frozen=True):
    """One day of the year view."""

    day: int
    kind: str
    """open, closed, holiday, special."""
    title: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of "if this came in now": a step under the live rules and under the draft."""

    label: str
    live: datetime | None
    draft: datetime | None
    live_words: str
    draft_words: str
    moved: bool
