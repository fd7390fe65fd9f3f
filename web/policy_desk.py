"""What the pages of complaint rules have in common: tabs, the draft, the names of calendars, reading posted steps."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.errors import FieldProblem, InvalidInput
from core.hooks.records.complaints import EscalationStep, Milestone, Policy, Severity
from core.policies.queries import (
    find_draft,
    find_version_in_force,
    get_declared,
    get_timetable,
)
from core.policies.rules.calendars import WALL, WORKDAYS, Mode, Timetable
from core.policies.rules.changes import MilestoneChange, PolicyChanges, apply_changes, known_roles, read_changes
from core.policies.rules.versions import POLICIES, DraftFacts, VersionFacts
from core.uow import Reader
from web.i18n import gettext, localized
from web.views.policies import calendar_name

BLANK_STEPS: Final = 2
"""Empty lines under the steps of a form."""
_UNITS: Final = {"minutes": 1, "hours": 60}


class Working(msgspec.Struct, frozen=True, kw_only=True):
    """The rules in force, the draft over them, and what both are made of."""

    declared: dict[Severity, Policy]
    live: dict[Severity, Policy]
    live_changes: PolicyChanges
    version: VersionFacts | None
    draft: DraftFacts | None
    changes: PolicyChanges
    policies: dict[Severity, Policy]
    names: dict[str, str]
    """Calendar id to its name."""
    timetable: Any

    @property
    def revision(self) -> int:
        """What a form must say that it saw."""
        return self.draft.revision if self.draft else 0

    @property
    def roles(self) -> dict[str, str]:
        """The names of all roles of all levels."""
        return {code: localized(role.label) for code, role in known_roles(self.declared.values()).items()}


async def get_working(reader: Reader) -> Working:
    """Load what the pages of policies show."""
    declared = get_declared(reader)
    version = await find_version_in_force(reader, subject=POLICIES, at=reader.now)
    live_changes = read_changes(version.body) if version else PolicyChanges()
    draft = await find_draft(reader, subject=POLICIES)
    changes = read_changes(draft.body) if draft else live_changes
    live, policies = apply_changes(declared, live_changes), apply_changes(declared, changes)
    named = {m.clock for each in (live, policies) for policy in each.values() for m in policy.milestones}
    timetable = await get_timetable(reader, {*named, WORKDAYS})
    return Working(
        declared=declared,
        live=live,
        live_changes=live_changes,
        version=version,
        draft=draft,
        changes=changes,
        policies=policies,
        names=names_of(timetable),
        timetable=timetable,
    )


def names_of(timetable: Timetable) -> dict[str, str]:
    """Return the newest name of each calendar."""
    return {calendar_id: calendar_name(versions[-1].name) for calendar_id, versions in timetable.versions.items()}


def tabs_of(root: str, current: str) -> list[tuple[str, str, bool]]:
    """Return the tabs of the area."""
    tabs = (
        ("rules", gettext("Promises"), root),
        ("calendars", gettext("Calendars"), f"{root}/calendars"),
        ("try", gettext("If this came in now…"), f"{root}/try"),
        ("versions", gettext("History"), f"{root}/versions"),
    )
    return [(label, href, name == current) for name, label, href in tabs]


def read_mode(text: str) -> Mode:
    """Read how running complaints are treated."""
    if text == "migrate_running":
        return "migrate_running"
    if text == "new_only":
        return "new_only"
    raise InvalidInput((FieldProblem("mode", "option"),))


def read_day(text: str, timezone: str) -> datetime | None:
    """Read the day from which rules hold, its first minute in the tenant's zone; empty is at once."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput((FieldProblem("effective_from", "bad-date"),)) from None
    return datetime.combine(day, time(), ZoneInfo(timezone))


def typed(posted: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a form."""
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _number(text: str, path: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise InvalidInput((FieldProblem(path, "number"),)) from None


def read_milestone(form: Mapping[str, str], declared: Milestone) -> MilestoneChange:
    """Read an edited milestone as what differs from the declared one; InvalidInput names the field."""
    if form.get("off") == "true":
        return MilestoneChange(off=True)
    clock = form.get("clock", WALL)
    minutes, days = _budget(form, declared)
    warnings = _warnings(form.get("warnings", ""))
    steps = _steps(form)
    pausable = form.get("pausable") == "true"
    return MilestoneChange(
        minutes=minutes if minutes != declared.minutes else None,
        days=days if days != declared.days else None,
        clock=clock if clock != declared.clock else None,
        pausable=pausable if pausable != declared.pausable else None,
        warnings=warnings if warnings != declared.warnings else None,
        steps=steps if steps != declared.steps else None,
    )


def _budget(form: Mapping[str, str], declared: Milestone) -> tuple[int | None, int | None]:
    amount, unit = form.get("amount", "").strip(), form.get("unit", "minutes")
    if not amount:
        if declared.timed:
            raise InvalidInput((FieldProblem("amount", "required"),))
        return None, None
    number = _number(amount, "amount")
    if not 0 < number < 10**6:
        raise InvalidInput((FieldProblem("amount", "number"),))
    if unit == "days":
        return None, number
    if unit not in _UNITS:
        raise InvalidInput((FieldProblem("unit", "option"),))
    return number * _UNITS[unit], None


def _warnings(text: str) -> tuple[float, ...]:
    parts = [part for part in text.replace("%", " ").replace("，", ",").replace("、", ",").split(",") if part.strip()]
    found = tuple(_number(part, "warnings") / 100 for part in parts)
    if any(not 0 < one < 1 for one in found) or list(found) != sorted(set(found)):
        raise InvalidInput((FieldProblem("warnings", "rising-fractions"),))
    return found


def _steps(form: Mapping[str, str]) -> tuple[EscalationStep, ...]:
    """Read the numbered lines; one without a role is left out, unless something else of it is filled in."""
    steps = []
    for index in range(20):
        role, at = form.get(f"role{index}", ""), form.get(f"at{index}", "").strip()
        ack, then = form.get(f"ack{index}", "").strip(), form.get(f"next{index}", "") or None
        if not role and not at and not ack and then is None:
            continue
        if not role:
            raise InvalidInput((FieldProblem(f"role{index}", "step-after-nobody" if then else "required"),))
        kind = form.get(f"kind{index}", "percent")
        number = _number(at, f"at{index}")
        if kind == "percent" and not 0 <= number <= 100:
            raise InvalidInput((FieldProblem(f"at{index}", "range", {"min": 0, "max": 100}),))
        timeout = _number(ack, f"ack{index}") if ack else None
        if timeout is not None and then is None:
            raise InvalidInput((FieldProblem(f"next{index}", "answer-from-nobody"),))
        channel: Any = form.get(f"channel{index}", "app") or "app"
        if channel not in {"app", "sms", "wechat", "phone", "email"}:
            raise InvalidInput((FieldProblem(f"role{index}", "option"),))
        steps.append(
            EscalationStep(
                role=role,
                fraction=number / 100 if kind == "percent" else None,
                minutes=None if kind == "percent" else (-number if kind == "before" else number),
                channel=channel,
                need_ack=timeout is not None,
                ack_timeout=timeout,
                next=then,
            )
        )
    return tuple(steps)


def form_of(milestone: Milestone, *, off: bool) -> dict[str, str]:
    """Return a milestone as the fields of its form."""
    minutes, days = milestone.minutes, milestone.days
    hours = minutes is not None and minutes % 60 == 0
    amount = days if days is not None else (minutes // 60 if hours and minutes else minutes)
    form = {
        "amount": "" if amount is None else str(amount),
        "unit": "days" if days is not None else ("hours" if hours else "minutes"),
        "clock": milestone.clock,
        "pausable": "true" if milestone.pausable else "",
        "warnings": ", ".join(str(round(one * 100)) for one in milestone.warnings),
        "off": "true" if off else "",
    }
    for index, step in enumerate(milestone.steps):
        percent = step.fraction is not None
        minutes_at = step.minutes or 0
        form |= {
            f"role{index}": step.role,
            f"kind{index}": "percent" if percent else ("before" if minutes_at < 0 else "after"),
            f"at{index}": str(round((step.fraction or 0) * 100) if percent else abs(minutes_at)),
            f"channel{index}": step.channel,
            f"ack{index}": "" if step.ack_timeout is None else str(step.ack_timeout),
            f"next{index}": step.next or "",
        }
    return form
