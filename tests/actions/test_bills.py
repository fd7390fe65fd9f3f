"""A bill over its estimate waits for the customer; a bill is settled once; what is taken back leaves a credit note."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.bus import Bus
from core.customers.queries import list_events
from core.db import Database
from core.errors import Forbidden, InvalidInput, NotFound
from core.hooks.host import PluginHost
from core.loyalty.queries import count_ledger_fen, get_membership
from core.uow import UnitOfWork
from core.visits.actions.bills import (
    BillClosed,
    LineDraft,
    OverEstimate,
    add_lines,
    finalise_bill,
    open_bill,
    remove_line,
    set_discount,
)
from core.visits.actions.estimates import EstimateChanged, answer_estimate, give_estimate
from core.visits.actions.payments import BillPaid, PaymentDraft, refund_bill, settle_bill, void_bill
from core.visits.queries.bills import find_bill, get_bill, list_estimates, list_void_bills
from core.visits.queries.visits import get_visit
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.work import Workplace
from tests.visits import estimate, final_bill, make_visit
from tests.workplaces import TestTenant, open_tenant
from workers.embedded.postgres import Dsns

CASH = "cash"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


@pytest.fixture
async def visit_id(clinic: TestTenant) -> UUID:
    return await make_visit(clinic)


async def _kinds(uow: UnitOfWork, visit_id: UUID) -> list[str]:
    visit = await get_visit(uow, visit_id)
    return [event.kind for event in await list_events(uow, visit.customer_id) if event.ref_id == visit_id]


async def _pay(uow: UnitOfWork, visit_id: UUID, fen: int, key: str = "k") -> bool:
    done = await settle_bill(
        uow, visit_id=visit_id, payments=[PaymentDraft(method=CASH, fen=fen)], explained=True, key=key
    )
    return done.replayed


async def test_at_130_percent_of_the_estimate_the_customer_has_to_agree_anew(
    clinic: TestTenant, visit_id: UUID
) -> None:
    async with clinic.unit("front_desk") as uow:
        await estimate(uow, visit_id, "C01")  # 100.00
        bill = await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="D02", quantity_milli=29_990)])
        assert (bill.total_fen, bill.over) == (129_99, False)
        bill = await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="D02", quantity_milli=10)])
        assert (bill.total_fen, bill.over) == (130_00, True)
        with pytest.raises(OverEstimate):
            await finalise_bill(uow, visit_id=visit_id)
        assert (await _kinds(uow, visit_id)).count("bill_over_estimate") == 1
        told = await uow.session.scalar(
            text("SELECT count(*) FROM outbox WHERE payload->>'kind' = 'bill.over_estimate'")
        )
        assert told == 1
        fresh = await estimate(uow, visit_id, "C01", "D01", "D02", "D02", accept=False)
        with pytest.raises(OverEstimate):
            await finalise_bill(uow, visit_id=visit_id)
        await answer_estimate(
            uow, visit_id=visit_id, estimate_id=fresh.estimate_id, answer="accepted", place="phone", name="王小美"
        )
        bill = await finalise_bill(uow, visit_id=visit_id)
        assert (bill.state, bill.number, bill.estimate_id, bill.over) == ("final", 1, fresh.estimate_id, False)


async def test_only_the_director_lets_an_emergency_pass_and_the_risk_is_written_down(
    clinic: TestTenant, visit_id: UUID
) -> None:
    async with clinic.unit("front_desk") as uow:
        await estimate(uow, visit_id, "C01")
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="E01")])
        with pytest.raises(Forbidden):
            await finalise_bill(uow, visit_id=visit_id, override_reason="大出血，主人联系不上")
    async with clinic.unit("director") as uow:
        bill = await finalise_bill(uow, visit_id=visit_id, override_reason="大出血，主人联系不上")
        assert (bill.state, bill.override_by_name, bill.over) == ("final", "director", True)
        assert "bill.override" in [act.action for act in uow._acts]
        visit = await get_visit(uow, visit_id)
        noted = [event for event in await list_events(uow, visit.customer_id) if event.kind == "bill_over_estimate"]
        assert noted[0].data["reason"] == "大出血，主人联系不上"


async def test_a_price_that_was_told_and_not_agreed_to_holds_the_bill_back(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        given = await estimate(uow, visit_id, "C01", accept=False)
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01")])
        with pytest.raises(OverEstimate):
            await finalise_bill(uow, visit_id=visit_id)
        await answer_estimate(
            uow,
            visit_id=visit_id,
            estimate_id=given.estimate_id,
            answer="declined",
            place="phone",
            name="王",
            words="贵",
        )
        with pytest.raises(OverEstimate):
            await finalise_bill(uow, visit_id=visit_id)


async def test_an_estimate_is_answered_once_and_only_the_newest(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        first = await estimate(uow, visit_id, "C01", accept=False)
        second = await estimate(uow, visit_id, "C01", "E01", accept=False)
        assert (first.version, second.version, second.total_fen) == (1, 2, 180_00)
        for one in (first, second, second):
            try:
                await answer_estimate(
                    uow, visit_id=visit_id, estimate_id=one.estimate_id, answer="accepted", place="desk", name="王"
                )
            except EstimateChanged:
                continue
        newest, oldest = await list_estimates(uow, visit_id)
        assert (newest.answer, newest.answered_by, oldest.answer) == ("accepted", "王", None)
        for name, signature in (("", ""), ("王", "data:image/png;base64,AAAA"), ("王", "x"), ("x" * 61, "")):
            third = await estimate(uow, visit_id, "C01", accept=False)
            with pytest.raises(InvalidInput):
                await answer_estimate(
                    uow,
                    visit_id=visit_id,
                    estimate_id=third.estimate_id,
                    answer="accepted",
                    place="phone",
                    name=name,
                    signature=signature,
                )
    async with clinic.unit() as uow:
        await uow.session.execute(text("SAVEPOINT here"))
        with pytest.raises(DBAPIError, match="permission denied"):
            await uow.session.execute(text("UPDATE estimate SET total_fen = 0"))
        await uow.session.execute(text("ROLLBACK TO here"))
        with pytest.raises(DBAPIError, match="permission denied"):
            await uow.session.execute(text("DELETE FROM estimate_answer"))
        await uow.session.execute(text("ROLLBACK TO here"))


async def test_nothing_is_charged_that_the_price_list_does_not_name(clinic: TestTenant, visit_id: UUID) -> None:
    drafts = [
        LineDraft(item="神秘费"),
        LineDraft(item="D01", quantity_milli=0),
        LineDraft(item="C01", discount_fen=1_000_00),
    ]
    async with clinic.unit() as uow:
        for act in (give_estimate, add_lines):
            with pytest.raises(InvalidInput) as refused:
                await act(uow, visit_id=visit_id, lines=drafts)
            assert [(p.path, p.code) for p in refused.value.problems] == [
                ("lines[0].item", "not-on-list"),
                ("lines[1].quantity", "quantity-range"),
                ("lines[2].discount", "discount-range"),
            ]
        with pytest.raises(InvalidInput):
            await give_estimate(uow, visit_id=visit_id, lines=[])


async def test_a_bill_begins_with_the_lines_that_were_accepted_and_keeps_what_is_taken_off(
    clinic: TestTenant, visit_id: UUID
) -> None:
    async with clinic.unit("front_desk") as uow:
        await estimate(uow, visit_id, "C01", "E01")
        bill_id = await open_bill(uow, visit_id=visit_id)
        assert await open_bill(uow, visit_id=visit_id) == bill_id
        bill = await get_bill(uow, bill_id)
        assert [line.item_code for line in bill.lines] == ["C01", "E01"]
        bill = await remove_line(uow, visit_id=visit_id, line_id=bill.lines[1].line_id)
        assert bill.total_fen == 100_00
        with pytest.raises(NotFound):
            await remove_line(uow, visit_id=visit_id, line_id=bill_id)
        kept = await uow.session.scalar(text("SELECT removed_by_name FROM bill_line WHERE removed_at IS NOT NULL"))
        assert kept == "front_desk"


async def test_a_silver_member_pays_nine_tenths_unless_the_desk_leaves_it_off(
    clinic: TestTenant, visit_id: UUID
) -> None:
    async with clinic.unit() as uow:
        await final_bill(uow, visit_id, "S01")
        await _pay(uow, visit_id, 1000_00)
    second = await make_visit(clinic)
    async with clinic.unit() as uow:
        whose = (await get_visit(uow, visit_id)).customer_id
        await uow.session.execute(
            text("UPDATE visit SET customer_id = :c WHERE visit_id = :v"), {"c": whose, "v": second}
        )
        bill = await add_lines(uow, visit_id=second, lines=[LineDraft(item="C01"), LineDraft(item="D01")])
        assert (bill.pay_percent, bill.total_fen) == (90, 99_01)  # 110.01 * 0.9 = 99.009
        assert sum(line.amount_fen for line in bill.lines) == 99_01
        bill = await set_discount(uow, visit_id=second, with_discount=False)
        assert bill.total_fen == 110_01


async def test_a_settled_bill_moves_ledger_and_tier_once(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit("front_desk") as uow:
        await final_bill(uow, visit_id, "S01")
        whose = (await get_visit(uow, visit_id)).customer_id
        with pytest.raises(InvalidInput) as refused:
            await settle_bill(
                uow,
                visit_id=visit_id,
                payments=[PaymentDraft(method="gold", fen=0, detail="x" * 61), PaymentDraft(method=CASH, fen=1000_01)],
                explained=False,
                key="",
            )
        assert {problem.code for problem in refused.value.problems} == {
            *("not-explained", "bad-key", "option", "not-positive", "too-long", "more-than-due")
        }
        part = await settle_bill(
            uow, visit_id=visit_id, payments=[PaymentDraft(method="wechat", fen=400_00)], explained=True, key="a"
        )
        assert (part.bill.state, part.bill.due_fen, part.recorded) == ("final", 600_00, None)
        assert await count_ledger_fen(uow, whose) == 0
        assert not await _pay(uow, visit_id, 600_00, "b")
        assert await _pay(uow, visit_id, 600_00, "b"), "the same form sent twice"
        with pytest.raises(BillPaid):
            await _pay(uow, visit_id, 600_00, "c")
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        assert (bill.state, bill.paid_fen, bill.explained_by_name) == ("paid", 1000_00, "front_desk")
        assert [(one.method, one.amount_fen) for one in bill.payments] == [("wechat", 400_00), (CASH, 600_00)]
        assert (await get_membership(uow, whose)).spent_fen == 1000_00
        assert (await _kinds(uow, visit_id))[:2] == ["bill_paid", "bill_finalised"]


async def test_a_refund_of_lines_gives_a_credit_note_and_lowers_the_ledger(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        await final_bill(uow, visit_id, "S01", "D01")
        await _pay(uow, visit_id, 1010_01)
        whose = (await get_visit(uow, visit_id)).customer_id
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        drug = bill.lines[1].line_id
        asked = {"visit_id": visit_id, "reason": "未拆封", "method": CASH}
        note = await refund_bill(uow, fen_by_line={drug: 5_00}, key="r", **asked)
        again = await refund_bill(uow, fen_by_line={drug: 5_00}, key="r", **asked)
        assert (note.number, note.amount_fen, again.number) == (1, 5_00, 1)
        with pytest.raises(InvalidInput):
            await refund_bill(uow, fen_by_line={drug: 5_02}, key="r2", **asked)
        assert await count_ledger_fen(uow, whose) == 1005_01
        card = await get_membership(uow, whose)
        assert card.tier is not None
        assert card.tier.code == "silver"
        bill = await void_bill(uow, visit_id=visit_id, reason="录错客户", key="v")
        assert (bill.state, bill.refunded_fen, bill.number) == ("void", 1010_01, 1)
        assert [(one.kind, one.amount_fen) for one in bill.notes] == [("refund", 5_00), ("void", 1005_01)]
        assert sum(one.amount_fen for one in bill.payments if one.kind == "refund") == 1010_01
        card = await get_membership(uow, whose)
        assert card.tier is not None
        assert (card.tier.code, card.spent_fen) == ("normal", 0)
        assert await find_bill(uow, visit_id) is None
        assert len(await list_void_bills(uow, visit_id)) == 1
        with pytest.raises(BillClosed):
            await void_bill(uow, visit_id=visit_id, reason="x", key="v2")
        await final_bill(uow, visit_id, "C01")
        bill = await find_bill(uow, visit_id)
        assert bill is not None
        assert bill.number == 2


async def test_money_goes_back_the_way_it_came(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        await final_bill(uow, visit_id, "C01")
        both = [PaymentDraft(method="wechat", fen=70_00), PaymentDraft(method=CASH, fen=30_00)]
        done = await settle_bill(uow, visit_id=visit_id, payments=both, explained=True, key="k")
        line = done.bill.lines[0].line_id
        await refund_bill(uow, visit_id=visit_id, fen_by_line={line: 50_00}, reason="x", method=CASH, key="r")
        bill = await void_bill(uow, visit_id=visit_id, reason="x", key="v")
        back = [(one.method, one.amount_fen) for one in bill.payments if one.kind == "refund"]
        assert back == [(CASH, 50_00), ("wechat", 50_00)]


async def test_steps_out_of_turn_are_refused(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        with pytest.raises(BillClosed):
            await finalise_bill(uow, visit_id=visit_id)
        await open_bill(uow, visit_id=visit_id)
        with pytest.raises(InvalidInput):
            await finalise_bill(uow, visit_id=visit_id)
        with pytest.raises(BillClosed):
            await _pay(uow, visit_id, 1)
        for reason, key in (("", "v"), ("x", "")):
            with pytest.raises(InvalidInput):
                await void_bill(uow, visit_id=visit_id, reason=reason, key=key)
        await final_bill(uow, visit_id, "C01")
        for late in (
            add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01")]),
            finalise_bill(uow, visit_id=visit_id),
        ):
            with pytest.raises(BillClosed):
                await late
        with pytest.raises(BillClosed):
            await refund_bill(uow, visit_id=visit_id, fen_by_line={}, reason="x", method=CASH, key="r")
        voided = await void_bill(uow, visit_id=visit_id, reason="x", key="v")
        assert (voided.refunded_fen, voided.payments, voided.notes[0].amount_fen) == (0, (), 100_00)


async def test_a_bill_of_nothing_is_settled_without_money(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01", discount_fen=100_00)])
        await finalise_bill(uow, visit_id=visit_id)
        done = await settle_bill(uow, visit_id=visit_id, payments=[], explained=True, key="k")
        assert (done.bill.state, done.bill.purchase_id) == ("paid", None)
        voided = await void_bill(uow, visit_id=visit_id, reason="x", key="v")
        assert voided.state == "void"


async def test_two_cashiers_at_once_settle_a_bill_once(
    postgres: Dsns, bus: Bus, passwords: Passwords, clock: Callable[[], object]
) -> None:
    database = Database(postgres.app, pool_size=4)
    workplace = Workplace(database, bus, PluginHost.load(), clock)  # type: ignore[arg-type] # the movable clock of the tests
    try:
        tenant = await open_tenant(workplace, passwords, "two-cashiers", "两台收银")
        async with tenant.unit() as uow:
            await enable_plugin(uow, host=workplace.host, plugin_id="petclinic")
        visit_id = await make_visit(tenant)
        async with tenant.unit() as uow:
            await final_bill(uow, visit_id, "S01")

        async def pay(key: str) -> str:
            async with tenant.unit("front_desk") as uow:
                try:
                    return "again" if await _pay(uow, visit_id, 1000_00, key) else "paid"
                except BillPaid:
                    return "refused"

        outcomes = await asyncio.gather(*(pay(key) for key in ("a", "b", "a", "c")))
        assert sorted(outcomes) in (["again", "paid", "refused", "refused"], ["paid", "refused", "refused", "refused"])
        async with tenant.unit() as uow:
            whose = (await get_visit(uow, visit_id)).customer_id
            assert await count_ledger_fen(uow, whose) == 1000_00
            bill = await find_bill(uow, visit_id)
            assert bill is not None
            assert len(bill.payments) == 1
    finally:
        await database.dispose()


async def test_the_customers_last_visit_is_the_day_of_the_newest(clinic: TestTenant, visit_id: UUID) -> None:
    async with clinic.unit() as uow:
        visit = await get_visit(uow, visit_id)
        seen = await uow.session.scalar(
            text("SELECT last_visit_on FROM customer WHERE customer_id = :c"), {"c": visit.customer_id}
        )
        assert seen == (visit.started_at + timedelta(hours=8)).date()
