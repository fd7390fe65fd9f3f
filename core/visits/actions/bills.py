"""Adds lines to a bill, holds its total against the accepted estimate at every step, and makes it final."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, update

from core.customers.actions import record_event
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from core.hooks.records.events import BillOverEstimate
from core.loyalty.queries import get_membership
from core.outbox.actions import emit_event
from core.programs.queries import get_ladder
from core.uow import UnitOfWork
from core.visits.actions.spending import take_budgets
from core.visits.actions.visits import VisitClosed, lock_visit
from core.visits.models import Bill, BillApplied, BillChoice, BillLine
from core.visits.queries.bills import BillFacts, Standing, find_bill, get_bill, get_standing, list_estimates
from core.visits.queries.prices import list_live_items
from core.visits.queries.pricing import Pricing, get_pricing
from core.visits.queries.visits import VisitRow
from core.visits.rules.bills import MAX_LINES, Line, line_of, line_problems
from core.visits.rules.prices import find_item

_B, _L = table_of(Bill), table_of(BillLine)
_A, _H = table_of(BillApplied), table_of(BillChoice)
OVERRIDE: Final = "prices.manage"
"""Who may let a bill over its estimate become final in an emergency: director and administrator."""
MAX_REASON: Final = 500


class BillClosed(Conflict):
    """The bill is not where this step begins: final, paid or void already, or there is none."""

    code = "bill-closed"


class OverEstimate(Conflict):
    """The bill has reached 130 % of the accepted estimate, or no estimate was accepted: the customer agrees first."""

    code = "bill-over-estimate"


class ChoiceRefused(Conflict):
    """Something that was chosen for the bill takes nothing off it; `reason` is the code of the refusal."""

    code = "bill-choice-refused"


class LineDraft(msgspec.Struct, frozen=True, kw_only=True):
    """One line as somebody composes it: an item of the price list by code or name, how much, and what comes off."""

    item: str
    quantity_milli: int = 1000
    discount_fen: int = 0


class Terms(msgspec.Struct, frozen=True):
    """What the customer's card gives: what is paid of the whole, and whether members' prices hold."""

    pay_percent: int
    is_member: bool


async def get_terms(uow: UnitOfWork, customer_id: UUID) -> Terms:
    """Return what the customer's card gives now; the lowest tier is everybody's and gives no member's price."""
    ladder = await get_ladder(uow)
    card = await get_membership(uow, customer_id)
    return Terms(card.pay_percent, bool(ladder and card.tier and card.tier.code != ladder.tiers[0].code))


async def compose_lines(uow: UnitOfWork, *, lines: Sequence[LineDraft], branch_id: UUID | None) -> list[Line]:
    """Return lines as the price list in force prices them at a branch, not yet discounted; every problem at once."""
    if not lines:
        raise InvalidInput((FieldProblem("lines", "required"),))
    if len(lines) > MAX_LINES:
        raise InvalidInput((FieldProblem("lines", "too-many", {"max": MAX_LINES}),))
    items = await list_live_items(uow)
    made: list[Line] = []
    problems: list[FieldProblem] = []
    for number, draft in enumerate(lines):
        item = find_item(items, draft.item)
        if item is None:
            problems.append(FieldProblem(f"lines[{number}].item", "not-on-list"))
            continue
        line = line_of(item, branch_id=branch_id, quantity_milli=draft.quantity_milli, discount_fen=draft.discount_fen)
        problems += line_problems(line, path=f"lines[{number}].")
        made.append(line)
    if problems:
        raise InvalidInput(tuple(problems))
    return made


async def open_bill(uow: UnitOfWork, *, visit_id: UUID, from_estimate: bool = True) -> UUID:
    """Return the visit's bill, opening one when there is none; it begins with the lines of the accepted estimate."""
    visit = await lock_visit(uow, visit_id)
    known = await find_bill(uow, visit_id)
    if known is not None:
        return known.bill_id
    if visit.state == "cancelled":
        raise VisitClosed(visit_id=visit_id)
    bill_id = new_id()
    await uow.session.execute(
        insert(_B).values(
            tenant_id=uow.tenant_id,
            bill_id=bill_id,
            visit_id=visit_id,
            state="open",
            with_discount=True,
            pay_percent=100,
            total_fen=0,
            paid_fen=0,
            refunded_fen=0,
            over=False,
            override_reason="",
            override_by_name="",
            explained_by_name="",
            opened_at=uow.now,
            finalised_by_name="",
            void_reason="",
        )
    )
    base = get_standing(await list_estimates(uow, visit_id), 0).base
    if from_estimate and base is not None:
        await _insert_lines(uow, bill_id, base.lines)
    await reprice_bill(uow, visit=visit, bill_id=bill_id)
    uow.audit("bill.open", "bill", bill_id, {"visit_id": str(visit_id)})
    return bill_id


async def add_lines(uow: UnitOfWork, *, visit_id: UUID, lines: Sequence[LineDraft]) -> BillFacts:
    """Add lines to the open bill, opening one when there is none, and return it with its new total."""
    visit = await lock_visit(uow, visit_id)
    bill_id = await open_bill(uow, visit_id=visit_id)
    bill = await get_open_bill(uow, bill_id)
    fresh = await compose_lines(uow, lines=lines, branch_id=visit.branch_id)
    if len(bill.lines) + len(fresh) > MAX_LINES:
        raise InvalidInput((FieldProblem("lines", "too-many", {"max": MAX_LINES}),))
    await _insert_lines(uow, bill_id, fresh)
    await reprice_bill(uow, visit=visit, bill_id=bill_id)
    uow.audit("bill.add_lines", "bill", bill_id, {"items": [line.item_code for line in fresh]})
    return await get_bill(uow, bill_id)


async def remove_line(uow: UnitOfWork, *, visit_id: UUID, line_id: UUID) -> BillFacts:
    """Take a line off the open bill; the row stays and says who did it."""
    visit = await lock_visit(uow, visit_id)
    bill = await get_live_bill(uow, visit_id)
    if line_id not in {line.line_id for line in bill.lines}:
        raise NotFound("no such line")
    await get_open_bill(uow, bill.bill_id)
    await uow.session.execute(
        update(_L)
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.line_id == line_id)
        .values(removed_at=uow.now, removed_by_name=uow.actor.name)
    )
    await uow.session.execute(delete(_H).where(_H.c.tenant_id == uow.tenant_id, _H.c.line_id == line_id))
    await reprice_bill(uow, visit=visit, bill_id=bill.bill_id)
    uow.audit("bill.remove_line", "bill", bill.bill_id, {"line_id": str(line_id)})
    return await get_bill(uow, bill.bill_id)


async def set_discount(uow: UnitOfWork, *, visit_id: UUID, with_discount: bool) -> BillFacts:
    """Give the member's discount on the open bill, or leave it off."""
    visit = await lock_visit(uow, visit_id)
    bill = await get_open_bill(uow, (await get_live_bill(uow, visit_id)).bill_id)
    await set_bill(uow, bill.bill_id, with_discount=with_discount)
    await reprice_bill(uow, visit=visit, bill_id=bill.bill_id)
    return await get_bill(uow, bill.bill_id)


async def finalise_bill(uow: UnitOfWork, *, visit_id: UUID, override_reason: str = "") -> BillFacts:
    """Give the bill its number; from here on its lines stay as they are.

    Raises:
        OverEstimate: the customer has to accept an estimate first; `override_reason` by somebody with the right lets
            it pass in an emergency, and is written into the record as a risk of a complaint.
        Forbidden: the actor may not override.
        BillClosed: it is not open.
        InvalidInput: it has no lines.
        ChoiceRefused: a coupon, a benefit or points that were chosen take nothing off; somebody takes them off first.
    """
    visit = await lock_visit(uow, visit_id)
    bill = await get_open_bill(uow, (await get_live_bill(uow, visit_id)).bill_id)
    if not bill.lines:
        raise InvalidInput((FieldProblem("lines", "required"),))
    standing, pricing = await _final_prices(uow, visit, bill.bill_id)
    reason = clean_text(override_reason)[:MAX_REASON]
    total = pricing.total_fen
    if standing.needs_consent:
        if not reason:
            raise OverEstimate(visit_id=visit_id)
        if not uow.actor.may(OVERRIDE):
            raise Forbidden(permission=OVERRIDE)
        await _tell_over(uow, visit, bill.bill_id, standing, pricing.basis_fen, reason=reason)
        uow.audit("bill.override", "bill", bill.bill_id, {"reason": reason, "fen": total})
    await _keep_steps(uow, bill, pricing)
    number = await uow.next_number("bill")
    await set_bill(
        uow,
        bill.bill_id,
        state="final",
        number=number,
        estimate_id=standing.base.estimate_id if standing.base else None,
        override_reason=reason if standing.needs_consent else "",
        override_by_name=uow.actor.name if standing.needs_consent else "",
        finalised_at=uow.now,
        finalised_by_name=uow.actor.name,
    )
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind="bill_finalised",
        data={"number": number, "fen": total},
        subject_id=visit.subject_id,
        ref_id=visit_id,
    )
    uow.audit("bill.finalise", "bill", bill.bill_id, {"number": number, "fen": total})
    return await get_bill(uow, bill.bill_id)


async def get_live_bill(uow: UnitOfWork, visit_id: UUID) -> BillFacts:
    """Return the visit's bill that is not void; raise BillClosed when there is none."""
    bill = await find_bill(uow, visit_id)
    if bill is None:
        raise BillClosed(visit_id=visit_id)
    return bill


async def _final_prices(uow: UnitOfWork, visit: VisitRow, bill_id: UUID) -> tuple[Standing, Pricing]:
    """Price the bill for good: what campaigns take off comes out of their budgets, and one that is spent is left out."""
    without: frozenset[str] = frozenset()
    while True:
        standing, pricing = await reprice_bill(uow, visit=visit, bill_id=bill_id, without=without)
        if pricing.refused:
            choice_id, refusal = next(iter(pricing.refused.items()))
            raise ChoiceRefused(choice_id=str(choice_id), reason=refusal.code, **refusal.params)
        spent = await take_budgets(uow, visit=visit, bill_id=bill_id, steps=pricing.steps)
        if spent is None:
            return standing, pricing
        without |= {spent}


async def _keep_steps(uow: UnitOfWork, bill: BillFacts, pricing: Pricing) -> None:
    """Write down every step of the price, so that the bill explains itself for good."""
    rows = [
        {
            "tenant_id": uow.tenant_id,
            "applied_id": new_id(),
            "bill_id": bill.bill_id,
            "position": position,
            "step": row.step,
            "line_id": bill.lines[row.line].line_id if row.line is not None else None,
            "rule_id": row.rule_id,
            "rule_version": row.rule_version,
            "label": row.label,
            "ref_id": row.ref_id,
            "points": row.points,
            "fen": row.fen,
            "at": uow.now,
        }
        for position, row in enumerate(pricing.steps)
    ]
    if rows:
        await uow.session.execute(insert(_A), rows)


async def get_open_bill(uow: UnitOfWork, bill_id: UUID) -> BillFacts:
    """Return a bill while lines may be added; raise BillClosed afterwards."""
    bill = await get_bill(uow, bill_id)
    if bill.state != "open":
        raise BillClosed(bill_id=bill_id)
    return bill


async def _insert_lines(uow: UnitOfWork, bill_id: UUID, lines: Sequence[Line]) -> None:
    rows = [
        {
            "tenant_id": uow.tenant_id,
            "line_id": new_id(),
            "bill_id": bill_id,
            "refunded_fen": 0,
            "added_at": uow.now,
            "added_by_name": uow.actor.name,
            "removed_by_name": "",
            **{name: getattr(line, name) for name in Line.__struct_fields__},
        }
        for line in lines
    ]
    await uow.session.execute(insert(_L), rows)


async def reprice_bill(
    uow: UnitOfWork, *, visit: VisitRow, bill_id: UUID, without: frozenset[str] = frozenset()
) -> tuple[Standing, Pricing]:
    """Price every line anew with card, campaigns and choices of now, and say once when it has reached 130 %."""
    bill = await get_bill(uow, bill_id)
    pricing = await get_pricing(uow, visit=visit, bill=bill, without=without)
    for before, after in zip(bill.lines, pricing.lines, strict=True):
        if (before.share_fen, before.amount_fen) != (after.share_fen, after.amount_fen):
            mine = (_L.c.tenant_id == uow.tenant_id, _L.c.line_id == before.line_id)
            await uow.session.execute(
                update(_L).where(*mine).values(share_fen=after.share_fen, amount_fen=after.amount_fen)
            )
    await set_bill(
        uow,
        bill_id,
        pay_percent=pricing.pay_percent,
        basis_fen=pricing.basis_fen,
        total_fen=pricing.total_fen,
    )
    return await refresh_standing(uow, visit=visit, bill_id=bill_id), pricing


async def refresh_standing(uow: UnitOfWork, *, visit: VisitRow, bill_id: UUID) -> Standing:
    """Hold the bill against the estimates as they are now; reaching 130 % is told once for each estimate."""
    bill = await get_bill(uow, bill_id)
    standing = get_standing(await list_estimates(uow, visit.visit_id), bill.held_fen)
    values: dict[str, Any] = {"over": standing.is_over}
    if standing.is_over and standing.base is not None and bill.warned_for != standing.base.estimate_id:
        values["warned_for"] = standing.base.estimate_id
        await _tell_over(uow, visit, bill_id, standing, bill.held_fen)
    await set_bill(uow, bill_id, **values)
    return standing


async def _tell_over(
    uow: UnitOfWork, visit: VisitRow, bill_id: UUID, standing: Standing, total_fen: int, *, reason: str = ""
) -> None:
    """Note the risk of a complaint on the customer's record, and tell the plugins."""
    # 宠物医院客户投诉应急预案 §3.2: 费用超出预估30%以上 is a level-2 complaint.
    said = standing.base or standing.waiting
    estimate_fen = said.total_fen if said else 0
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind="bill_over_estimate",
        data={"fen": total_fen, "estimate_fen": estimate_fen, "reason": reason},
        subject_id=visit.subject_id,
        ref_id=visit.visit_id,
    )
    await emit_event(
        uow,
        BillOverEstimate(
            event_id=new_id(),
            occurred_at=uow.now,
            customer_id=visit.customer_id,
            visit_id=visit.visit_id,
            bill_id=bill_id,
            estimate_fen=estimate_fen,
            bill_fen=total_fen,
            override_reason=reason,
        ),
    )


async def set_bill(uow: UnitOfWork, bill_id: UUID, **values: Any) -> None:
    """Change the bill's own columns; its visit is locked."""
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.bill_id == bill_id)
    await uow.session.execute(update(_B).where(*mine).values(**values))


async def find_locked_bill(uow: UnitOfWork, visit_id: UUID) -> tuple[VisitRow, BillFacts]:
    """Lock the visit and return it with its bill as both are now."""
    visit = await lock_visit(uow, visit_id)
    return visit, await get_live_bill(uow, visit_id)
