"""Reads how likely open promises are to be broken: two statements for a whole page, whatever the past."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.calendars.rules import seconds_of
from core.clocks.rules import fold
from core.complaint_reports.models import ComplaintRisk
from core.complaint_reports.past import read_all
from core.complaint_reports.risks import curve_in
from core.complaint_reports.rules.survival import Curve, Risk, find_risk
from core.complaints.models import ClockEvent, Complaint, ComplaintClock
from core.db import one_of, table_of
from core.policies.queries import get_calendars
from core.uow import Reader

_R, _C, _K, _E = table_of(ComplaintRisk), table_of(Complaint), table_of(ComplaintClock), table_of(ClockEvent)
Place = tuple[UUID, str]
"""A case and one of its milestones."""
MOST = 500
"""More promises than any page shows."""


async def get_risks(reader: Reader, clocks: Iterable[Place]) -> dict[Place, Risk]:
    """Return the risk of each of these promises that runs and has at least 20 alike; the newest cycle counts.

    The budget used so far stands in the row of a clock that has only ever run, and is folded from the events of any
    other, so that pauses and calendars count as they do for its due time. What is paused, done, broken or without enough alike is left out.
    """
    wanted = list(dict.fromkeys(clocks))[:MOST]
    if not wanted:
        return {}
    curves = await _curves(reader, sorted({milestone for _, milestone in wanted}))
    if not curves:
        return {}
    rows = await _clocks(reader, wanted)
    folded = [row for row in rows if row.seconds is None or row.calendar is not None]
    consumed = await _folded(reader, [(row.complaint_id, row.milestone) for row in folded]) if folded else {}
    found: dict[Place, Risk] = {}
    for row in rows:
        place = row.complaint_id, row.milestone
        if row.seconds is not None and row.calendar is None:
            # It has only ever run, on the wall clock: no event says more of it than its row.
            running = row.due_at > reader.now
            used = (seconds_of(reader.now) - seconds_of(row.started_at)) / row.seconds if running else None
        else:
            used = consumed.get(place)
        mine = curves.get(row.milestone)
        if used is None or mine is None:
            continue
        branch = "" if row.branch_id is None else str(row.branch_id)
        risk = find_risk(mine, severity=row.severity, branch=branch, fraction=used)
        if risk is not None:
            found[place] = risk
    return found


async def _clocks(reader: Reader, wanted: Sequence[Place]) -> Sequence[Any]:
    """The newest live clock of each place with its case."""
    same = and_(_C.c.tenant_id == reader.tenant_id, _C.c.complaint_id == _K.c.complaint_id)
    columns = (_K.c.complaint_id, _K.c.milestone, _K.c.started_at, _K.c.due_at, _K.c.seconds, _K.c.calendar)
    query = (
        select(*columns, _C.c.severity, _C.c.branch_id)
        .join(_C, same)
        .where(
            _K.c.tenant_id == reader.tenant_id,
            _K.c.status == "running",
            one_of(_K.c.complaint_id, sorted({complaint_id for complaint_id, _ in wanted})),
            _K.c.milestone.in_(sorted({milestone for _, milestone in wanted})),
        )
        .order_by(_K.c.cycle)
    )
    asked = set(wanted)
    newest = {(row.complaint_id, row.milestone): row for row in await reader.session.execute(query)}
    return [row for place, row in newest.items() if place in asked]


async def _folded(reader: Reader, places: Sequence[Place]) -> dict[Place, float]:
    """How much of its budget each clock that runs has used, folded from its events with its pauses and calendars."""
    calendars = await get_calendars(reader)
    used: dict[Place, float] = {}
    for row in await _events(reader, places):
        state = fold(read_all(row.events), calendars, reader.now)
        if state.facts.plan.seconds and state.status == "running":
            used[row.complaint_id, row.milestone] = state.consumed / state.facts.plan.seconds
    return used


async def _events(reader: Reader, wanted: Sequence[Place]) -> Sequence[Any]:
    """The events of the newest live clock of each place, as one text each."""
    here = (_K.c.tenant_id == reader.tenant_id, _K.c.status == "running")
    newest = (
        select(_K.c.complaint_id, _K.c.milestone, func.max(_K.c.cycle).label("cycle"))
        .where(
            *here,
            one_of(_K.c.complaint_id, list({complaint_id for complaint_id, _ in wanted})),
            tuple_(_K.c.complaint_id, _K.c.milestone).in_(wanted),
        )
        .group_by(_K.c.complaint_id, _K.c.milestone)
        .cte("newest")
        .prefix_with("MATERIALIZED")
    )
    same = and_(
        _E.c.tenant_id == reader.tenant_id,
        _E.c.complaint_id == newest.c.complaint_id,
        _E.c.milestone == newest.c.milestone,
        _E.c.cycle == newest.c.cycle,
    )
    text = func.string_agg(cast(_E.c.event, Text), aggregate_order_by(literal(","), _E.c.seq))
    query = (
        select(newest.c.complaint_id, newest.c.milestone, text.label("events"))
        .join(_E, same)
        .group_by(newest.c.complaint_id, newest.c.milestone)
    )
    return list(await reader.session.execute(query))


async def _curves(reader: Reader, milestones: Sequence[str]) -> dict[str, dict[tuple[str, str], Curve]]:
    columns = (_R.c.milestone, _R.c.severity, _R.c.branch, _R.c.clocks, _R.c.known, _R.c.survival)
    query = select(*columns).where(_R.c.tenant_id == reader.tenant_id, _R.c.milestone.in_(milestones))
    found: dict[str, dict[tuple[str, str], Curve]] = {}
    for row in await reader.session.execute(query):
        found.setdefault(row.milestone, {})[row.severity, row.branch] = curve_in(row)
    return found
