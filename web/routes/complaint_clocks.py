"""Why a step of a case is due when it is: its clock explained from its events (sla.md, rule 18)."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.clocks.rules import ClockState, explain_clock, fold, read_events
from core.complaints.queries.cases import ComplaintDetail, get_complaint, list_clock_events
from core.errors import NotFound
from core.policies.queries import get_timetable
from core.policies.rules.calendars import Timetable
from core.uow import Reader
from web.case_sections import CaseSection, add_case_section
from web.formats import format_datetime
from web.i18n import gettext, localized
from web.request import WebRequest
from web.screens import show, tenant_path
from web.security import requires
from web.views.complaints import milestone_label, newest_clocks, number_text
from web.views.policies import PAUSES, calendar_name, day_words, event_words, plan_words

PATH: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}/clocks/{milestone:str}"


def _shown(timetable: Timetable) -> dict[str, str]:
    return {
        one.key: gettext("%(name)s, version %(n)s") % {"name": calendar_name(one.name), "n": one.number}
        for versions in timetable.versions.values()
        for one in versions
    }


def _facts(state: ClockState, names: dict[str, str]) -> list[tuple[str, str]]:
    facts = state.facts
    clocks = [names.get(name, name) if name else gettext("Wall clock") for _, name in facts.spans]
    due = format_datetime(state.due_at) if state.due_at else gettext("Held by a pause, or no deadline")
    rows = [
        (gettext("Started"), format_datetime(facts.started_at)),
        (gettext("Time allowed"), plan_words(facts.plan)),
        (gettext("Clock"), ", ".join(clocks)),
        (gettext("Due"), due),
    ]
    if state.remaining is not None and state.live:
        rows.append((gettext("Time left"), _minutes(state.remaining)))
    if facts.carried:
        rows.append((gettext("Used in earlier rounds"), _minutes(facts.carried)))
    if facts.completed_at:
        rows.append((gettext("Completed"), format_datetime(facts.completed_at)))
    if state.first_breached_at:
        rows.append((gettext("Broken since"), format_datetime(state.first_breached_at)))
    if state.overrun_wall:
        rows.append((gettext("Too late by"), _minutes(state.overrun_wall)))
    return rows


def _minutes(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return gettext("%(h)d h %(m)02d min") % {"h": hours, "m": minutes}


@get(PATH, guards=[requires("complaints.read")])
async def show_clock(
    request: WebRequest,
    reader: NamedDependency[Reader],
    complaint_id: FromPath[UUID],
    milestone: FromPath[str],
    cycle: FromQuery[int] = 0,
) -> Response[Any]:
    """Start, time, pauses, days skipped with the rule that closed them, and every event."""
    detail = await get_complaint(reader, complaint_id=complaint_id)
    cycles = sorted(clock.cycle for clock in detail.clocks if clock.milestone == milestone)
    if not cycles or (cycle and cycle not in cycles):
        raise NotFound("no such clock")
    events = read_events(
        (await list_clock_events(reader, complaint_id=complaint_id)).get((milestone, cycle or cycles[-1]), [])
    )
    timetable = await get_timetable(reader)
    names = _shown(timetable)
    state = fold(events, timetable.calendars, reader.now) if events else None
    told = explain_clock(state, timetable.calendars) if state else None
    root = tenant_path(request, "/complaints")
    return await show(
        request,
        "pages/policies/clock.html",
        root=root,
        here=f"{root}/{complaint_id}/clocks/{milestone}",
        case=detail,
        number=number_text(detail.number),
        label=milestone_label(detail.policy, milestone),
        state=state,
        facts=_facts(state, names) if state else [],
        days=[(day, day_words(day)) for day in told.days] if told else [],
        more_days=told.more_days if told else 0,
        pauses=[(one.start, one.end, gettext(PAUSES[one.reason])) for one in state.pauses] if state else [],
        events=[(event, *event_words(event, names)) for event in events],
        cycles=cycles,
    )


class ClockLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a case whose clock can be explained."""

    label: str
    milestone: str
    due: datetime | None
    status: str


async def _load_lines(reader: Reader, case: ComplaintDetail) -> list[ClockLine] | None:
    del reader
    clocks = newest_clocks(case)
    lines = [
        ClockLine(label=localized(m.label), milestone=m.id, due=clock.due_at, status=clock.status)
        for m in case.policy.milestones
        if m.timed and (clock := clocks.get(m.id)) is not None and clock.started_at is not None
    ]
    return lines or None


add_case_section(
    CaseSection(
        id="clocks",
        template="pages/policies/_case.html",
        load=_load_lines,
        permission="complaints.read",
        place="side",
        rank=90,
    )
)

routes = [show_clock]
