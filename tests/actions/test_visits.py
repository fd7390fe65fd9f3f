"""A procedure begins only on its papers; visits are opened once and end in order; prices change by edition."""

import base64
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.consents.actions import Sealing, withdraw_consent
from core.consents.queries import list_consents
from core.consents.rules import Witness
from core.customers.actions import add_customer
from core.customers.queries import list_events
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.forms.actions import record_intake
from core.forms.queries import get_form
from core.uow import UnitOfWork
from core.visits.actions.bills import LineDraft, add_lines
from core.visits.actions.estimates import answer_estimate, give_estimate
from core.visits.actions.prices import (
    PricesClosed,
    give_price_code,
    keep_item,
    publish_again,
    publish_prices,
    remove_item,
    start_draft,
    withdraw_prices,
)
from core.visits.actions.visits import (
    PapersMissing,
    ProcedureClosed,
    VisitClosed,
    cancel_procedure,
    end_visit,
    finish_procedure,
    give_link,
    open_visit,
    plan_procedure,
    revoke_links,
    start_procedure,
)
from core.visits.queries.bills import list_estimates
from core.visits.queries.papers import find_gates
from core.visits.queries.prices import find_live_version, list_items, list_live_items, list_versions
from core.visits.queries.visits import (
    BillLinkExpired,
    BillLinkRevoked,
    VisitFilter,
    get_opened_link,
    get_visit,
    list_procedures,
    list_visits,
)
from core.visits.rules.prices import Item
from tenants.plugin_settings import enable_plugin
from tests.visits import CHECKED, ITEMS, make_visit, publish_items
from tests.workplaces import MovableClock, TestTenant

CONSENT, CHECK = "petclinic.surgery_consent", "petclinic.preop"
SIGNED: dict[str, Any] = {
    "pet_name": "豆豆",
    "species": "dog",
    "operation": "绝育",
    "rescue": "yes",
    "emergency_phone": "13812346871",
    "owner_name": "王小美",
    "owner_phone": "13812346871",
    "signer_role": "owner",
    "signer_name": "王小美",
    "signature": {"name": "王小美"},
}


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def sign(uow: UnitOfWork, visit_id: UUID) -> None:
    """The owner signs the consent about this visit's pet."""
    visit = await get_visit(uow, visit_id)
    from_form = await _risk_answers(uow)
    await record_intake(
        uow,
        form_id=CONSENT,
        answers=SIGNED | from_form,
        once_key=new_id().hex,
        customer_id=visit.customer_id,
        subject_id=visit.subject_id,
        seal=Sealing(Witness()),
    )


async def _risk_answers(uow: UnitOfWork) -> dict[str, Any]:
    form = await get_form(uow, CONSENT)
    return {field.key: True for field in form.fields if field.key.startswith("risk_")}


async def _missing(uow: UnitOfWork, visit_id: UUID) -> list[str]:
    visit = await get_visit(uow, visit_id)
    gates = await find_gates(uow, visit=visit, procedures=await list_procedures(uow, visit_id))
    return [need.form_id for found in gates.values() for need, paper in found.items() if paper is None]


async def test_an_operation_begins_only_on_a_consent_signed_after_it_was_planned(
    clinic: TestTenant, clock: MovableClock
) -> None:
    visit_id = await make_visit(clinic)
    async with clinic.unit("doctor") as uow:
        await sign(uow, visit_id)
    clock.advance(minutes=5)
    async with clinic.unit("doctor") as uow:
        step = await plan_procedure(uow, visit_id=visit_id, item="S01")
        with pytest.raises(PapersMissing) as refused:
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        assert refused.value.params["needs"] == (("consent", CONSENT),)
        await sign(uow, visit_id)
        await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        done = (await list_procedures(uow, visit_id))[0]
        assert (done.state, [paper.name for paper in done.papers]) == ("started", ["王小美"])
        assert (await get_visit(uow, visit_id)).state == "in_treatment"
        with pytest.raises(ProcedureClosed):
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        with pytest.raises(ProcedureClosed):
            await cancel_procedure(uow, visit_id=visit_id, procedure_id=step)


async def test_a_consent_withdrawn_before_the_procedure_closes_the_gate(clinic: TestTenant) -> None:
    visit_id = await make_visit(clinic)
    async with clinic.unit("doctor") as uow:
        step = await plan_procedure(uow, visit_id=visit_id, item="绝育手术")
        await sign(uow, visit_id)
        assert await _missing(uow, visit_id) == []
        visit = await get_visit(uow, visit_id)
        await withdraw_consent(uow, seal_id=(await list_consents(uow, subject_id=visit.subject_id))[0].seal_id)
        assert await _missing(uow, visit_id) == [CONSENT]
        with pytest.raises(PapersMissing):
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)


async def test_a_consent_about_another_pet_opens_nothing(clinic: TestTenant) -> None:
    visit_id, other = await make_visit(clinic), await make_visit(clinic)
    async with clinic.unit("doctor") as uow:
        step = await plan_procedure(uow, visit_id=visit_id, item="S01")
        await sign(uow, other)
        with pytest.raises(PapersMissing):
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)


@pytest.mark.parametrize(
    ("birthday", "needs"),
    [
        (date(2023, 1, 1), [CONSENT]),
        (date(2015, 1, 1), [CONSENT, CHECK]),
        (date(2026, 9, 1), [CONSENT, CHECK]),
        (None, [CONSENT, CHECK]),
    ],
)
async def test_old_and_young_pets_need_the_check_too(
    clinic: TestTenant, birthday: date | None, needs: list[str]
) -> None:
    visit_id = await make_visit(clinic, birthday=birthday)
    async with clinic.unit("doctor") as uow:
        await plan_procedure(uow, visit_id=visit_id, item="S01")
        await plan_procedure(uow, visit_id=visit_id, item="D01")
        assert await _missing(uow, visit_id) == needs


async def test_a_check_that_advises_against_the_operation_keeps_the_gate_shut_until_a_newer_one(
    clinic: TestTenant, clock: MovableClock
) -> None:
    visit_id = await make_visit(clinic, birthday=date(2015, 1, 1))
    async with clinic.unit("doctor") as uow:
        step = await plan_procedure(uow, visit_id=visit_id, item="S01")
        await sign(uow, visit_id)
        await _check(uow, visit_id, fit="no")
        with pytest.raises(PapersMissing) as refused:
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        assert refused.value.params["needs"] == (("check", CHECK),)
    clock.advance(minutes=5)
    async with clinic.unit("doctor") as uow:
        await _check(uow, visit_id, fit="yes")
        await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        started = (await list_procedures(uow, visit_id))[0]
        assert [paper.form_id for paper in started.papers] == [CONSENT, CHECK]


async def _check(uow: UnitOfWork, visit_id: UUID, *, fit: str) -> None:
    visit = await get_visit(uow, visit_id)
    answers = CHECKED | {"fit": fit}
    await record_intake(
        uow, form_id=CHECK, answers=answers, once_key=new_id().hex, subject_id=visit.subject_id, channel="interview"
    )


async def test_what_the_item_names_is_asked_also_outside_of_operations(clinic: TestTenant) -> None:
    visit_id = await make_visit(clinic)
    infusion = Item(code="D09", name_zh="静脉输液", category="drug", price_fen=60_00, consent_form=CONSENT)
    async with clinic.unit() as uow:
        await publish_items(uow, [infusion])
        step = await plan_procedure(uow, visit_id=visit_id, item="D09")
        with pytest.raises(PapersMissing):
            await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        with pytest.raises(InvalidInput):
            await plan_procedure(uow, visit_id=visit_id, item="洗澡")


async def test_a_visit_is_opened_once_per_form_and_only_for_the_customers_own_pet(clinic: TestTenant) -> None:
    visit_id, other = await make_visit(clinic), await make_visit(clinic)
    async with clinic.unit("front_desk") as uow:
        visit, stranger = await get_visit(uow, visit_id), await get_visit(uow, other)
        first = await open_visit(uow, customer_id=visit.customer_id, key="k")
        assert await open_visit(uow, customer_id=visit.customer_id, key="k") == first
        with pytest.raises(NotFound):
            await open_visit(uow, customer_id=visit.customer_id, subject_id=stranger.subject_id)
        with pytest.raises(NotFound):
            await open_visit(uow, customer_id=new_id())
        for bad in ({"reason": "x" * 501}, {"branch_id": new_id()}):
            with pytest.raises(InvalidInput):
                await open_visit(uow, customer_id=visit.customer_id, **bad)  # type: ignore[arg-type] # one argument at a time
        kinds = [event.kind for event in await list_events(uow, visit.customer_id)]
        assert kinds.count("visit_opened") == 2


async def test_a_visit_ends_in_order(clinic: TestTenant) -> None:
    visit_id = await make_visit(clinic)
    async with clinic.unit("doctor") as uow:
        step = await plan_procedure(uow, visit_id=visit_id, item="D01")
        dropped = await plan_procedure(uow, visit_id=visit_id, item="C01")
        await plan_procedure(uow, visit_id=visit_id, item="E01")
        await cancel_procedure(uow, visit_id=visit_id, procedure_id=dropped, note="不需要")
        with pytest.raises(ProcedureClosed):
            await finish_procedure(uow, visit_id=visit_id, procedure_id=step)
        await start_procedure(uow, visit_id=visit_id, procedure_id=step)
        with pytest.raises(VisitClosed):
            await end_visit(uow, visit_id=visit_id, how="discharged")
        await finish_procedure(uow, visit_id=visit_id, procedure_id=step)
        for note, wrong in (("", InvalidInput), ("走了", VisitClosed)):
            with pytest.raises(wrong):
                await end_visit(uow, visit_id=visit_id, how="cancelled", note=note)
        with pytest.raises(InvalidInput):
            await end_visit(uow, visit_id=visit_id, how="discharged", note="x" * 501)
        await end_visit(uow, visit_id=visit_id, how="discharged")
        assert [one.state for one in await list_procedures(uow, visit_id)] == ["done", "cancelled", "cancelled"]
        with pytest.raises(VisitClosed):
            await plan_procedure(uow, visit_id=visit_id, item="C01")
        await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C01")])
    gone = await make_visit(clinic)
    async with clinic.unit("front_desk") as uow:
        await end_visit(uow, visit_id=gone, how="cancelled", note="没有等到")
        with pytest.raises(VisitClosed):
            await add_lines(uow, visit_id=gone, lines=[LineDraft(item="C01")])


async def test_visits_are_listed_by_day_state_and_page(clinic: TestTenant, clock: MovableClock) -> None:
    first = await make_visit(clinic)
    clock.advance(days=1)
    second, third = await make_visit(clinic), await make_visit(clinic)
    async with clinic.unit() as uow:
        assert [row.visit_id for row in await list_visits(uow, wanted=VisitFilter())] == [third, second, first]
        page = await list_visits(uow, wanted=VisitFilter(), limit=2)
        rest = await list_visits(uow, wanted=VisitFilter(), after=(page[1].started_at, page[1].visit_id))
        assert [row.visit_id for row in rest] == [first]
        yesterday = VisitFilter(since=uow.now - timedelta(days=2), until=uow.now - timedelta(hours=1))
        assert [row.visit_id for row in await list_visits(uow, wanted=yesterday)] == [first]
        await end_visit(uow, visit_id=first, how="discharged")
        ended = VisitFilter(states=frozenset({"discharged"}), branch_id=clinic.signed_up.branch_id)
        assert [row.visit_id for row in await list_visits(uow, wanted=ended)] == [first]
        number = (await get_visit(uow, second)).number
        assert [row.visit_id for row in await list_visits(uow, wanted=VisitFilter(number=number))] == [second]


async def test_the_customers_address_expires_and_can_be_taken_back(clinic: TestTenant, clock: MovableClock) -> None:
    visit_id = await make_visit(clinic)
    async with clinic.unit() as uow:
        link = await give_link(uow, visit_id=visit_id)
        assert (await give_link(uow, visit_id=visit_id)).code == link.code
        assert (await get_opened_link(uow, link.code)).visit_id == visit_id
        with pytest.raises(NotFound):
            await get_opened_link(uow, link.code[:-1])
        await revoke_links(uow, visit_id=visit_id)
        with pytest.raises(BillLinkRevoked):
            await get_opened_link(uow, link.code)
        fresh = await give_link(uow, visit_id=visit_id)
        assert fresh.code != link.code
    clock.advance(days=181)
    async with clinic.unit() as uow:
        with pytest.raises(BillLinkExpired):
            await get_opened_link(uow, fresh.code)


async def test_a_published_edition_is_never_changed_and_an_old_one_comes_back_as_a_new(
    clinic: TestTenant, clock: MovableClock
) -> None:
    async with clinic.unit() as uow:
        first = await publish_items(uow)
        for act in (
            keep_item(uow, version_id=first, item=ITEMS[0]),
            remove_item(uow, version_id=first, code="C01"),
            publish_prices(uow, version_id=first),
            withdraw_prices(uow, version_id=first),
        ):
            with pytest.raises(PricesClosed):
                await act
        draft = await start_draft(uow)
        assert await start_draft(uow) == draft, "there is one draft"
        with pytest.raises(PricesClosed):
            await publish_again(uow, version_id=draft)
        await remove_item(uow, version_id=draft, code="C01")
        with pytest.raises(NotFound):
            await remove_item(uow, version_id=draft, code="C01")
        await publish_prices(uow, version_id=draft, effective_from=uow.now + timedelta(days=1), note="淡季")
        assert "C01" in {item.code for item in await list_live_items(uow)}
    clock.advance(days=2)
    async with clinic.unit() as uow:
        live = await find_live_version(uow)
        assert live is not None
        assert (live.version_id, live.note) == (draft, "淡季")
        assert "C01" not in {item.code for item in await list_live_items(uow)}
        back = await publish_again(uow, version_id=first, note="改回")
        assert (back.number, back.copied_from) == (3, 1)
        live = await find_live_version(uow)
        assert live is not None
        assert live.version_id == back.version_id
        assert len(await list_items(uow, back.version_id)) == len(ITEMS)


async def test_an_edition_is_called_back_only_before_it_begins(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        await publish_items(uow)
        draft = await start_draft(uow)
        for moment, note in (
            (uow.now - timedelta(hours=1), ""),
            (uow.now + timedelta(days=400), ""),
            (None, "x" * 301),
        ):
            with pytest.raises(InvalidInput):
                await publish_prices(uow, version_id=draft, effective_from=moment, note=note)
        await publish_prices(uow, version_id=draft, effective_from=uow.now + timedelta(days=3))
        await withdraw_prices(uow, version_id=draft)
        with pytest.raises(PricesClosed):
            await withdraw_prices(uow, version_id=draft)
        assert [one.state for one in await list_versions(uow)] == ["withdrawn", "published"]


async def test_an_empty_list_is_not_published_and_a_bad_item_not_kept(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        draft = await start_draft(uow)
        with pytest.raises(InvalidInput):
            await publish_prices(uow, version_id=draft)
        with pytest.raises(InvalidInput):
            await keep_item(uow, version_id=draft, item=Item(code="", name_zh="", category="x", price_fen=-1))
        with pytest.raises(NotFound):
            await keep_item(uow, version_id=new_id(), item=ITEMS[0])
        assert await give_price_code(uow) == await give_price_code(uow)
        assert await list_live_items(uow) == []
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="李雷"))
        visit_id = await open_visit(uow, customer_id=customer_id)
        with pytest.raises(InvalidInput):
            await plan_procedure(uow, visit_id=visit_id, item="C01")


async def test_a_drawn_signature_is_the_customers_and_a_cancelled_visit_is_answered_no_more(clinic: TestTenant) -> None:
    drawn = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 40).decode()
    visit_id, gone = await make_visit(clinic), await make_visit(clinic)
    async with clinic.unit() as uow:
        for one in (visit_id, gone):
            await give_estimate(uow, visit_id=one, lines=[LineDraft(item="C01")], note="含挂号")
        first, second = [(await list_estimates(uow, one))[0].estimate_id for one in (visit_id, gone)]
        how = {"answer": "accepted", "place": "phone", "signature": drawn}
        await answer_estimate(uow, visit_id=visit_id, estimate_id=first, **how)  # type: ignore[arg-type] # literals in a dict
        answered = (await list_estimates(uow, visit_id))[0]
        assert (answered.answered_by, answered.signature, answered.place) == ("王小美", drawn, "phone")
        await end_visit(uow, visit_id=gone, how="cancelled", note="走了")
        with pytest.raises(VisitClosed):
            await answer_estimate(uow, visit_id=gone, estimate_id=second, **how)  # type: ignore[arg-type] # as above
        with pytest.raises(VisitClosed):
            await give_estimate(uow, visit_id=gone, lines=[LineDraft(item="C01")])
        with pytest.raises(NotFound):
            await answer_estimate(uow, visit_id=visit_id, estimate_id=second, **how)  # type: ignore[arg-type] # as above
        with pytest.raises(InvalidInput):
            await give_estimate(uow, visit_id=visit_id, lines=[LineDraft(item="C01")], note="x" * 501)
