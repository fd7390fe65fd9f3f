"""Looks once a night who may be leaving: closes what ended by itself, and opens a case for each new sign."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Integer, Text, and_, cast, func, literal, or_, select, update

from core.churn.actions.cases import Sign, add_sign, end_case, get_rule, mark_told, open_case
from core.churn.actions.watching import refresh_watch
from core.churn.actions.winbacks import WINBACK_SIGNALS, assign_winback
from core.churn.models import ChurnCase, ChurnSignal, ChurnWatch, PlannedVisit
from core.churn.ports import Team
from core.churn.queries.silence import HOUSEHOLD, find_known
from core.churn.rules import LOOK_AGAIN, REGULAR_GAPS, overdue_on, why_silent
from core.customers.models import Customer
from core.db import table_of
from core.hooks.records.loyalty.care import Churn
from core.profiles.models import CustomerPreference
from core.surveys.models import SurveyAnswer
from core.uow import UnitOfWork
from core.visits.models import Bill, Estimate, Visit

_K, _W, _C, _F, _V = (table_of(one) for one in (ChurnCase, ChurnWatch, Customer, CustomerPreference, PlannedVisit))
_A, _B, _M, _T = table_of(SurveyAnswer), table_of(Bill), table_of(Estimate), table_of(Visit)
_G = table_of(ChurnSignal)
SWEEP_TASK: Final = "churn.sweep"
_BACK: Final = timedelta(days=7)
"""A night without a worker is caught up on; each sign counts once anyway."""
DETRACTOR: Final = 6
"""NPS: 0 to 6."""
UNHAPPY: Final = 2
"""CSAT: 1 or 2 of 5."""


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a night did."""

    opened: int = 0
    closed: int = 0
    silent: int = 0
    """Signs for which nobody is to be called."""


async def sweep(uow: UnitOfWork, *, team: Team) -> Swept:
    """Do the night's work; a second run the same night does nothing more.

    At most `nightly_limit` cases are opened, those who left most recently first: a clinic that imports ten years of
    customers gets a list that it can work through, and the rest in the next nights.
    """
    rule = await get_rule(uow)
    await refresh_watch(uow, least_gaps=REGULAR_GAPS)
    closed = await _close_returned(uow)
    closed += await _follow_households(uow)
    signs: list[Sign] = []
    for signal in rule.signals:
        signs += await _FINDERS[signal](uow, rule, team)
    opened = silent = 0
    known = await find_known(uow, {sign.household: sign.customer_id for sign in signs})
    for sign in signs:
        if opened >= rule.nightly_limit:
            break
        facts = known.get(sign.household)
        if facts is None:
            continue
        if why_silent(facts):
            silent += 1
            await _keep_silent(uow, sign, ended=bool(facts.ended))
        elif sign.signal != "no_spend" and await _is_quiet(uow, rule, sign):
            await add_sign(uow, sign, case_id=None)
        else:
            opened += await _open(uow, rule, sign, team)
    return Swept(opened=opened, closed=closed, silent=silent)


async def _open(uow: UnitOfWork, rule: Churn, sign: Sign, team: Team) -> bool:
    case_id = await open_case(uow, rule=rule, sign=sign, team=team)
    if sign.signal == "no_spend":
        await mark_told(uow, [sign.household])
    if sign.signal == "planned_date":
        await _plan_told(uow, sign.customer_id)
    if case_id is not None and sign.signal in WINBACK_SIGNALS:
        await assign_winback(uow, case_id=case_id, household=sign.household)
    return case_id is not None


async def _keep_silent(uow: UnitOfWork, sign: Sign, *, ended: bool) -> None:
    """Who stays away is looked at again in a week, for a complaint ends; another sign counts once and is kept."""
    if sign.signal != "no_spend":
        await add_sign(uow, sign, case_id=None)
        if sign.signal == "planned_date":
            await _plan_told(uow, sign.customer_id)
    elif ended:
        await mark_told(uow, [sign.household])
    else:
        mine = (_W.c.tenant_id == uow.tenant_id, _W.c.household == sign.household)
        later = uow.today + LOOK_AGAIN
        await uow.session.execute(update(_W).where(*mine).values(look_again_on=later))


async def _is_quiet(uow: UnitOfWork, rule: Churn, sign: Sign) -> bool:
    """A case of the same signal was closed a short while ago."""
    since = uow.now - timedelta(days=rule.quiet_days)
    mine = (_K.c.tenant_id == uow.tenant_id, _K.c.household == sign.household, _K.c.signal == sign.signal)
    query = select(_K.c.case_id).where(*mine, _K.c.state == "closed", _K.c.closed_at > since).limit(1)
    return await uow.session.scalar(query) is not None


async def _plan_told(uow: UnitOfWork, customer_id: UUID) -> None:
    mine = (_V.c.tenant_id == uow.tenant_id, _V.c.customer_id == customer_id)
    await uow.session.execute(update(_V).where(*mine).values(told=True))


async def _close_returned(uow: UnitOfWork) -> int:
    """Close the cases of those who came by themselves, or after a call."""
    zone = uow.scope.timezone
    opened_on = func.date(func.timezone(zone, _K.c.opened_at))
    query = (
        select(_K.c.case_id, _K.c.customer_id)
        .join(_W, and_(_W.c.tenant_id == _K.c.tenant_id, _W.c.household == _K.c.household))
        .where(_K.c.tenant_id == uow.tenant_id, _K.c.state == "open")
        .where(or_(_W.c.last_on > _K.c.last_on, and_(_K.c.last_on.is_(None), _W.c.last_on >= opened_on)))
        .order_by(_K.c.case_id)
        .with_for_update(of=_K)
    )
    rows = (await uow.session.execute(query)).all()
    for row in rows:
        await end_case(uow, row.case_id, row.customer_id, "came_back")
    return len(rows)


async def _follow_households(uow: UnitOfWork) -> int:
    """After a merge or a move, let open cases follow to the household of their customer; of two, the older stays."""
    query = (
        select(_K.c.case_id, _K.c.customer_id, HOUSEHOLD.label("now"))
        .join(_C, and_(_C.c.tenant_id == _K.c.tenant_id, _C.c.customer_id == _K.c.customer_id))
        .where(_K.c.tenant_id == uow.tenant_id, _K.c.state == "open", _K.c.household != HOUSEHOLD)
        .order_by(_K.c.opened_at)
        .with_for_update(of=_K)
    )
    closed = 0
    for row in (await uow.session.execute(query)).all():
        there = select(_K.c.case_id).where(
            _K.c.tenant_id == uow.tenant_id, _K.c.household == row.now, _K.c.state == "open"
        )
        if await uow.session.scalar(there) is not None:
            await end_case(uow, row.case_id, row.customer_id, "merged")
            closed += 1
            continue
        mine = (_K.c.tenant_id == uow.tenant_id, _K.c.case_id == row.case_id)
        await uow.session.execute(update(_K).where(*mine).values(household=row.now))
    return closed


async def _who(uow: UnitOfWork, query: Any) -> Sequence[Any]:
    rows: Sequence[Any] = (await uow.session.execute(query)).all()
    return rows


async def _find_no_spend(uow: UnitOfWork, rule: Churn, _team: Team) -> Iterable[Sign]:
    """3个月未消费, by the household's own rhythm; the plain bound is what the index reads, the rest is exact."""
    today = uow.today
    by_months = func.date(_W.c.last_on + func.make_interval(0, rule.months))
    by_gap = _W.c.last_on + cast(literal(rule.gap_factor) * _W.c.gap_days, Integer)
    query = (
        select(_W)
        .where(_W.c.tenant_id == uow.tenant_id, ~_W.c.told, _W.c.last_on <= today - timedelta(days=28 * rule.months))
        .where(by_months <= today, or_(_W.c.gap_days.is_(None), by_gap <= today))
        .where(or_(_W.c.look_again_on.is_(None), _W.c.look_again_on <= today))
        .order_by(_W.c.last_on.desc(), _W.c.household)
        .limit(rule.nightly_limit)
    )
    return [
        Sign(
            household=row.household,
            customer_id=row.seen_id,
            signal="no_spend",
            key=f"no_spend:{row.household}:{row.last_on}",
            at=uow.now,
            data={
                "last_on": row.last_on.isoformat(),
                "gap_days": row.gap_days,
                "overdue_on": overdue_on(rule, last=row.last_on, gap_days=row.gap_days).isoformat(),
            },
            last_on=row.last_on,
            gap_days=row.gap_days,
        )
        for row in await _who(uow, query)
    ]


def _signs(rows: Iterable[Any], signal: str, keys: Iterable[str], stands: Iterable[dict[str, Any]]) -> list[Sign]:
    return [
        Sign(
            household=row.household,
            customer_id=row.customer_id,
            signal=signal,
            key=key,
            at=row.at,
            data=data,
            last_on=row.last_visit_on,
        )
        for row, key, data in zip(rows, keys, stands, strict=True)
    ]


_WHOM: Final = (HOUSEHOLD.label("household"), _C.c.customer_id, _C.c.last_visit_on)


async def _find_planned(uow: UnitOfWork, rule: Churn, _team: Team) -> Iterable[Sign]:
    """A planned day + 14 days passed, and nobody of the household came since it was planned."""
    today = uow.today
    here = and_(_C.c.tenant_id == _V.c.tenant_id, _C.c.customer_id == _V.c.customer_id)
    seen = and_(_W.c.tenant_id == _V.c.tenant_id, _W.c.household == HOUSEHOLD)
    set_on = func.date(func.timezone(uow.scope.timezone, _V.c.set_at))
    query = (
        select(*_WHOM, _V.c.planned_on, _V.c.reason, _V.c.set_at.label("at"), (_W.c.last_on > set_on).label("came"))
        .join(_C, here)
        .outerjoin(_W, seen)
        .where(_V.c.tenant_id == uow.tenant_id, ~_V.c.told, _C.c.state == "active")
        .where(_V.c.planned_on <= today - timedelta(days=rule.planned_days))
        .order_by(_V.c.planned_on.desc())
        .limit(rule.nightly_limit)
    )
    rows = await _who(uow, query)
    for row in rows:
        if row.came:
            await _plan_told(uow, row.customer_id)
    missed = [row for row in rows if not row.came]
    return _signs(
        missed,
        "planned_date",
        (f"planned:{row.customer_id}:{row.planned_on}" for row in missed),
        ({"planned_on": row.planned_on.isoformat(), "reason": row.reason} for row in missed),
    )


async def _answers(uow: UnitOfWork, *, after_complaint: bool) -> Sequence[Any]:
    unhappy = _A.c.csat <= UNHAPPY if after_complaint else or_(_A.c.csat <= UNHAPPY, _A.c.nps <= DETRACTOR)
    query = (
        select(*_WHOM, _A.c.submission_id, _A.c.nps, _A.c.csat, _A.c.answered_at.label("at"))
        .join(_C, and_(_C.c.tenant_id == _A.c.tenant_id, _C.c.customer_id == _A.c.customer_id))
        .where(_A.c.tenant_id == uow.tenant_id, _A.c.answered_at > uow.now - _BACK, _C.c.state == "active")
        .where(_A.c.source == "complaint" if after_complaint else _A.c.source != "complaint", unhappy)
        .where(~_counted(uow, "answer:", _A.c.submission_id))
        .order_by(_A.c.answered_at)
    )
    return await _who(uow, query)


def _counted(uow: UnitOfWork, prefix: str, source: Any) -> Any:
    """Whether this source was a sign before."""
    same = and_(_G.c.tenant_id == uow.tenant_id, _G.c.key == func.concat(prefix, cast(source, Text)))
    return select(literal(1)).select_from(_G).where(same).exists()


async def _find_negative(uow: UnitOfWork, _rule: Churn, _team: Team) -> Iterable[Sign]:
    """负面评价: a survey with an NPS of 0 to 6 or a CSAT of 1 or 2; what stands on other platforms is noted by hand."""
    rows = await _answers(uow, after_complaint=False)
    return _signs(rows, "negative_review", _answer_keys(rows), ({"nps": row.nps, "csat": row.csat} for row in rows))


async def _find_not_satisfied(uow: UnitOfWork, _rule: Churn, _team: Team) -> Iterable[Sign]:
    """Not satisfied with how a complaint ended."""
    rows = await _answers(uow, after_complaint=True)
    return _signs(rows, "not_satisfied", _answer_keys(rows), ({"csat": row.csat} for row in rows))


def _answer_keys(rows: Sequence[Any]) -> list[str]:
    return [f"answer:{row.submission_id}" for row in rows]


async def _find_over_estimate(uow: UnitOfWork, rule: Churn, _team: Team) -> Iterable[Sign]:
    """费用超出预估30%以上 (宠物医院客户投诉应急预案 §3.2): a final bill against the estimate that was accepted."""
    # Before coupons and points: they are no part of what a treatment costs.
    held_fen = func.coalesce(_B.c.basis_fen, _B.c.total_fen)
    over = held_fen * 100 >= _M.c.total_fen * (100 + rule.over_estimate_percent)
    query = (
        select(
            *_WHOM,
            _B.c.bill_id,
            held_fen.label("total_fen"),
            _M.c.total_fen.label("said_fen"),
            _B.c.finalised_at.label("at"),
        )
        .join(_T, and_(_T.c.tenant_id == _B.c.tenant_id, _T.c.visit_id == _B.c.visit_id))
        .join(_C, and_(_C.c.tenant_id == _T.c.tenant_id, _C.c.customer_id == _T.c.customer_id))
        .join(_M, and_(_M.c.tenant_id == _B.c.tenant_id, _M.c.estimate_id == _B.c.estimate_id))
        .where(_B.c.tenant_id == uow.tenant_id, _B.c.over, _B.c.finalised_at > uow.now - _BACK, over)
        .where(_B.c.state.in_(("final", "paid")), _C.c.state == "active", ~_counted(uow, "bill:", _B.c.bill_id))
        .order_by(_B.c.finalised_at)
    )
    rows = await _who(uow, query)
    return _signs(
        rows,
        "over_estimate",
        (f"bill:{row.bill_id}" for row in rows),
        ({"bill_fen": row.total_fen, "estimate_fen": row.said_fen} for row in rows),
    )


async def _find_staff_left(uow: UnitOfWork, rule: Churn, team: Team) -> Iterable[Sign]:
    """服务人员离职造成的客户流失率高达41% (医美服务体系): whoever lost their named clinician is called by somebody else."""
    left = await team.list_left(uow)
    if not left:
        return []
    source = func.concat(cast(_F.c.clinician_id, Text), ":", cast(HOUSEHOLD, Text))
    query = (
        select(*_WHOM, _F.c.clinician_id, literal(uow.now).label("at"))
        .join(_C, and_(_C.c.tenant_id == _F.c.tenant_id, _C.c.customer_id == _F.c.customer_id))
        .where(_F.c.tenant_id == uow.tenant_id, _F.c.clinician_id.in_(left), _C.c.state == "active")
        .where(~_counted(uow, "left:", source))
        .order_by(_C.c.last_visit_on.desc().nulls_last(), _C.c.customer_id)
        .limit(rule.nightly_limit)
    )
    rows = await _who(uow, query)
    return _signs(
        rows,
        "staff_left",
        (f"left:{row.clinician_id}:{row.household}" for row in rows),
        ({"name": left[row.clinician_id]} for row in rows),
    )


_FINDERS: Final = {
    "no_spend": _find_no_spend,
    "planned_date": _find_planned,
    "negative_review": _find_negative,
    "over_estimate": _find_over_estimate,
    "staff_left": _find_staff_left,
    "not_satisfied": _find_not_satisfied,
}
