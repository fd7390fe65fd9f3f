"""Counts every night how clocks of each kind lived, so that the risk of an open one is a look-up."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert

from core.clocks.rules import Calendars
from core.complaint_reports.models import ComplaintRisk
from core.complaint_reports.past import get_levels_of_versions, list_past_cases
from core.complaint_reports.rules.judging import PastCase, PastClock, judge
from core.complaint_reports.rules.survival import Curve, Lived, curve_of
from core.db import table_of
from core.hooks.records.complaints import Severity
from core.policies.queries import get_calendars
from core.uow import UnitOfWork

_R = table_of(ComplaintRisk)
WINDOW: Final = timedelta(days=365)
"""Own design: older clocks were worked by other people under other rules."""
MOST: Final = 200_000
"""Cases of the window that are counted, in the order of their ids; enough for any percentage that is shown."""
PIECE: Final = 5_000

Kind = tuple[str, str, str]
"""Milestone, level (empty: all), branch (empty: all)."""


async def count_risks(uow: UnitOfWork) -> int:
    """Estimate the curves anew from the clocks of the last year and return how many clocks they rest on."""
    calendars = await get_calendars(uow)
    levels = await get_levels_of_versions(uow)
    lives: dict[Kind, list[Lived]] = {}
    after: UUID | None = None
    seen = clocks = 0
    while seen < MOST:
        cases = await list_past_cases(uow, after=after, limit=PIECE, since=uow.now - WINDOW)
        for case in cases:
            for kind, lived in _lived(case, calendars, levels, uow):
                lives.setdefault(kind, []).append(lived)
                clocks += kind[1:] == ("", "")
        seen += len(cases)
        if len(cases) < PIECE:
            break
        after = cases[-1].complaint_id
    await _store(uow, {kind: curve_of(found) for kind, found in lives.items()})
    return clocks


def _lived(
    case: PastCase, calendars: Calendars, levels: dict[str, Severity], uow: UnitOfWork
) -> Iterator[tuple[Kind, Lived]]:
    for clock in case.clocks:
        judged = judge(clock.events, calendars, uow.now)
        if not judged.budget:  # no deadline, or one in working days, whose budget is no stretch of time
            continue
        fraction = judged.consumed / judged.budget
        if judged.completed_at is not None:
            # What counts as late is the due time's business, to the second.
            fraction = min(fraction, 1.0) if judged.outcome == "met" else max(fraction, 1.0 + 1e-9)
        lived = Lived(fraction, judged.completed_at is not None)
        severity = _level(clock, case.severity, levels)
        for kind in ((clock.milestone, "", ""), (clock.milestone, severity, "")):
            yield kind, lived
        if case.branch_id is not None:
            yield (clock.milestone, severity, str(case.branch_id)), lived


def _level(clock: PastClock, otherwise: Severity, levels: dict[str, Severity]) -> Severity:
    plans = [plan for event in clock.events if (plan := getattr(event, "plan", None)) is not None]
    return levels.get(plans[-1].policy_version, otherwise) if plans else otherwise


async def _store(uow: UnitOfWork, curves: dict[Kind, Curve]) -> None:
    await uow.session.execute(delete(_R).where(_R.c.tenant_id == uow.tenant_id))
    rows: list[dict[str, Any]] = [
        {
            "tenant_id": uow.tenant_id,
            "milestone": milestone,
            "severity": severity,
            "branch": branch,
            "clocks": curve.clocks,
            "known": curve.known,
            "survival": [round(share, 6) for share in curve.survival],
            "counted_at": uow.now,
        }
        for (milestone, severity, branch), curve in curves.items()
    ]
    if rows:
        await uow.session.execute(upsert(_R), rows)


def curve_in(row: Any) -> Curve:
    """Read a stored curve."""
    return Curve(
        clocks=row.clocks,
        known=msgspec.convert(row.known, list[int]),
        survival=msgspec.convert(row.survival, list[float]),
    )
