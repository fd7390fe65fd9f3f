"""Opens a case for a household that may be leaving, and writes down what was done about it until it is closed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.churn.models import ChurnCase, ChurnSignal, ChurnStep, ChurnWatch, PlannedVisit
from core.churn.ports import Owner, Team
from core.churn.queries.silence import HOUSEHOLD
from core.churn.rules import OUTCOMES, Outcome, due_at
from core.customers.actions import record_event
from core.customers.models import Customer
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.care import Churn
from core.profiles.models import CustomerPreference
from core.programs.queries import get_program, get_version_id
from core.uow import UnitOfWork

_K, _G, _E, _W = table_of(ChurnCase), table_of(ChurnSignal), table_of(ChurnStep), table_of(ChurnWatch)
_C, _F, _V = table_of(Customer), table_of(CustomerPreference), table_of(PlannedVisit)
_MAX_WORDS: Final = 1000
_LATEST: Final = timedelta(days=366)


class CaseClosed(Conflict):
    """The case is over; open it anew by hand when there is something to do."""

    code = "churn-case-closed"


class CaseOpen(Conflict):
    """The household has an open case already; the params name it."""

    code = "churn-case-open"


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """One sign about one household: `key` names its source, so that it counts once."""

    household: UUID
    customer_id: UUID
    signal: str
    key: str
    at: datetime
    data: dict[str, Any] = {}
    last_on: date | None = None
    gap_days: int | None = None


async def get_rule(uow: UnitOfWork) -> Churn:
    """Return the live rule of the program in force, or the documents' own when it has none: 3个月未消费."""
    program = await get_program(uow)
    found = program.live(Churn) if program else ()
    return found[0] if found else Churn()


async def add_sign(uow: UnitOfWork, sign: Sign, *, case_id: UUID | None) -> bool:
    """Write a sign down; False when its source counted before."""
    row = {
        "tenant_id": uow.tenant_id,
        "signal_id": new_id(),
        "key": sign.key,
        "case_id": case_id,
        "customer_id": sign.customer_id,
        "signal": sign.signal,
        "at": sign.at,
        "data": sign.data,
    }
    fresh = upsert(_G).values(row).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    return await uow.session.scalar(fresh.returning(_G.c.signal_id)) is not None


async def open_case(uow: UnitOfWork, *, rule: Churn, sign: Sign, team: Team) -> UUID | None:
    """Open a case for the sign, or add the sign to the household's open one; return the id of a new case only.

    The household's one open case is kept one by an index, whoever else opens one at the same time.
    """
    facts = (
        await uow.session.execute(
            select(_C.c.branch_id, _F.c.clinician_id)
            .outerjoin(_F, (_F.c.tenant_id == _C.c.tenant_id) & (_F.c.customer_id == _C.c.customer_id))
            .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == sign.customer_id)
        )
    ).one()
    owner = await team.find_owner(
        uow, roles=rule.roles, branch_id=facts.branch_id, clinician_id=facts.clinician_id
    ) or Owner(UUID(int=0), "")
    case_id = new_id()
    row = {
        "tenant_id": uow.tenant_id,
        "case_id": case_id,
        "number": await uow.next_number("churn"),
        "household": sign.household,
        "customer_id": sign.customer_id,
        "branch_id": facts.branch_id,
        "signal": sign.signal,
        "state": "open",
        "owner_id": owner.staff_id if owner.name else None,
        "owner_name": owner.name,
        "last_on": sign.last_on,
        "gap_days": sign.gap_days,
        "opened_at": uow.now,
        "due_at": due_at(rule, uow.now),
        "rule_version": await get_version_id(uow),
    }
    fresh = (
        upsert(_K)
        .values(row)
        .on_conflict_do_nothing(index_elements=["tenant_id", "household"], index_where=text("state = 'open'"))
    )
    made = await uow.session.scalar(fresh.returning(_K.c.case_id))
    if made is None:
        mine = (_K.c.tenant_id == uow.tenant_id, _K.c.household == sign.household, _K.c.state == "open")
        await add_sign(uow, sign, case_id=await uow.session.scalar(select(_K.c.case_id).where(*mine)))
        return None
    await add_sign(uow, sign, case_id=case_id)
    await add_step(uow, case_id, "opened", data={"signal": sign.signal})
    await record_event(
        uow, customer_id=sign.customer_id, kind="churn_opened", ref_id=case_id, data={"signal": sign.signal}
    )
    return case_id


async def add_step(
    uow: UnitOfWork, case_id: UUID, kind: str, *, data: dict[str, Any] | None = None, words: str = ""
) -> None:
    """Append what was done; the words are the person's own."""
    await uow.session.execute(
        insert(_E).values(
            tenant_id=uow.tenant_id,
            step_id=new_id(),
            case_id=case_id,
            kind=kind,
            data=data or {},
            words=words,
            actor_id=uow.actor.id if uow.actor.kind == "staff" else None,
            actor_name=uow.actor.name,
            at=uow.now,
        )
    )


async def lock_open(uow: UnitOfWork, case_id: UUID) -> Any:
    """Return the case's row, locked.

    Raises:
        NotFound: no such case.
        CaseClosed: it is over.
    """
    mine = (_K.c.tenant_id == uow.tenant_id, _K.c.case_id == case_id)
    row = (await uow.session.execute(select(_K).where(*mine).with_for_update())).first()
    if row is None:
        raise NotFound("no such case")
    if row.state != "open":
        raise CaseClosed(number=row.number)
    return row


def _words(said: str, *, wanted: bool = False, path: str = "words") -> str:
    words = clean_text(said)
    if wanted and not words:
        raise InvalidInput((FieldProblem(path, "required"),))
    if len(words) > _MAX_WORDS:
        raise InvalidInput((FieldProblem(path, "too-long", {"max": _MAX_WORDS}),))
    return words


async def open_by_hand(uow: UnitOfWork, *, customer_id: UUID, words: str, team: Team) -> UUID:
    """Open a case because somebody noticed something: a bad review, a word at the counter.

    Raises:
        CaseOpen: the household has one.
        InvalidInput: nothing was said about why.
    """
    said = _words(words, wanted=True)
    row = await _present(uow, customer_id)
    customer_id = row.customer_id
    sign = Sign(
        household=row.household,
        customer_id=customer_id,
        signal="by_hand",
        key=f"hand:{new_id()}",
        at=uow.now,
        data={"words": said},
        last_on=row.last_visit_on,
    )
    case_id = await open_case(uow, rule=await get_rule(uow), sign=sign, team=team)
    if case_id is None:
        raise CaseOpen(household=str(row.household))
    await add_step(uow, case_id, "note", words=said)
    uow.audit("churn.open", "churn_case", case_id, {"customer_id": str(customer_id)})
    return case_id


async def _present(uow: UnitOfWork, customer_id: UUID) -> Any:
    """The customer as known now; NotFound."""
    known = await find_present_customer(uow, customer_id)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == known, _C.c.state == "active")
    query = select(_C.c.customer_id, HOUSEHOLD.label("household"), _C.c.last_visit_on).where(*mine)
    row = (await uow.session.execute(query)).first()
    if row is None:
        raise NotFound("no such customer")
    return row


async def log_call(uow: UnitOfWork, *, case_id: UUID, reached: bool, words: str, again_on: date | None = None) -> None:
    """Write a call down; `again_on` moves the time until which somebody calls to the end of that local day.

    Raises:
        InvalidInput: nothing was said about a talk, or the day is past or too far away.
    """
    said = _words(words, wanted=reached)
    today = uow.today
    if again_on is not None and not today <= again_on <= today + _LATEST:
        raise InvalidInput((FieldProblem("again_on", "out-of-range"),))
    await lock_open(uow, case_id)
    data: dict[str, Any] = {"reached": reached}
    if again_on is not None:
        data["again_on"] = again_on.isoformat()
        await _set(uow, case_id, due_at=uow.now + timedelta(days=(again_on - today).days + 1))
    await add_step(uow, case_id, "call", data=data, words=said)


async def give_case(uow: UnitOfWork, *, case_id: UUID, owner_id: UUID, team: Team) -> None:
    """Make somebody the owner; NotFound unless they may be."""
    owner = next((one for one in await team.list_owners(uow) if one.staff_id == owner_id), None)
    if owner is None:
        raise NotFound("no such person")
    before = await lock_open(uow, case_id)
    await _set(uow, case_id, owner_id=owner.staff_id, owner_name=owner.name)
    await add_step(uow, case_id, "owner", data={"from": before.owner_name, "to": owner.name})


async def close_case(uow: UnitOfWork, *, case_id: UUID, outcome: str, words: str = "") -> None:
    """End a case with one of OUTCOMES; what was not foreseen needs words.

    Raises:
        InvalidInput: no such outcome, or `other` without words.
    """
    if outcome not in OUTCOMES:
        raise InvalidInput((FieldProblem("outcome", "unknown-choice"),))
    said = _words(words, wanted=outcome == "other")
    row = await lock_open(uow, case_id)
    await end_case(uow, row.case_id, row.customer_id, outcome, words=said)
    uow.audit("churn.close", "churn_case", case_id, {"outcome": outcome})


async def end_case(
    uow: UnitOfWork, case_id: UUID, customer_id: UUID, outcome: Outcome | str, *, words: str = ""
) -> None:
    """Close a case that is known to be open."""
    await _set(uow, case_id, state="closed", outcome=outcome, closed_at=uow.now)
    await add_step(uow, case_id, "closed", data={"outcome": outcome}, words=words)
    await record_event(uow, customer_id=customer_id, kind="churn_closed", ref_id=case_id, data={"outcome": outcome})


async def add_note(uow: UnitOfWork, *, case_id: UUID, words: str) -> None:
    """Write something down for whoever calls next."""
    said = _words(words, wanted=True)
    await lock_open(uow, case_id)
    await add_step(uow, case_id, "note", words=said)


async def plan_visit(uow: UnitOfWork, *, customer_id: UUID, planned_on: date | None, reason: str = "") -> None:
    """Note the day on which a customer was asked to come again; None takes it back."""
    customer_id = (await _present(uow, customer_id)).customer_id
    words = clean_text(reason)
    today = uow.today
    if len(words) > 200:
        raise InvalidInput((FieldProblem("reason", "too-long", {"max": 200}),))
    if planned_on is None:
        await uow.session.execute(_V.delete().where(_V.c.tenant_id == uow.tenant_id, _V.c.customer_id == customer_id))
        return
    if not today <= planned_on <= today + 3 * _LATEST:
        raise InvalidInput((FieldProblem("planned_on", "out-of-range"),))
    values = {
        "planned_on": planned_on,
        "reason": words,
        "told": False,
        "set_by_name": uow.actor.name,
        "set_at": uow.now,
    }
    fresh = upsert(_V).values(tenant_id=uow.tenant_id, customer_id=customer_id, **values)
    await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "customer_id"], set_=values))


async def mark_told(uow: UnitOfWork, households: Sequence[UUID]) -> None:
    """Keep the sweep from telling of the same absence again."""
    mine = (_W.c.tenant_id == uow.tenant_id, _W.c.household.in_(households))
    await uow.session.execute(update(_W).where(*mine).values(told=True))


async def _set(uow: UnitOfWork, case_id: UUID, **values: Any) -> None:
    mine = (_K.c.tenant_id == uow.tenant_id, _K.c.case_id == case_id)
    await uow.session.execute(update(_K).where(*mine).values(values))
