"""Remedies: within a role's limit at once, above it after somebody else's yes, given once, and written where they belong."""

from typing import Any
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import ComplaintClosed
from core.complaints.queries.cases import get_complaint
from core.complaints.rules.filing import Filing
from core.errors import Forbidden, InvalidInput, NotFound
from core.holds.actions import grant_held, refuse_held
from core.holds.queries import get_held
from core.hooks.records.loyalty.offers import Goodwill, RoleLimit
from core.hooks.records.loyalty.points import Redeem
from core.loyalty.actions import (
    ComplaintCredited,
    KeyReused,
    NothingToRefund,
    PointsRefused,
    record_purchase,
    redeem_points,
)
from core.loyalty.queries import get_purchase, get_wallet, list_entries
from core.remedies.actions import (
    OwnRemedy,
    RemedyAboveLimit,
    RemedyDraft,
    RemedyMoved,
    accept_remedy,
    approve_remedy,
    decline_remedy,
    propose_remedy,
    refuse_remedy,
    set_limit,
)
from core.remedies.giving import RemedyStays, give_remedy, settle_held, take_back_remedy
from core.remedies.queries import (
    RemedyFacts,
    Terms,
    get_cost,
    get_limits,
    get_remedy,
    list_offers,
    list_remedies,
    list_waiting_remedies,
)
from core.remedies.rules import Limit
from core.rewards.queries.coupons import get_coupon
from core.scope import CUSTOMER
from core.visits.actions.bills import finalise_bill, open_bill
from core.visits.actions.payments import PaymentDraft, settle_bill
from tests.lessons import close_by_hand
from tests.rewards import FIFTY, make_customer, put_program
from tests.visits import estimate, make_visit
from tests.workplaces import TestTenant

PAYS = Redeem(id="pay", fen_per_point=10)
GIFT = RemedyDraft(kind="gift", label="宠物用品礼包", cost_fen=80_00, terms=Terms(item="宠物用品礼包"))


async def _filed(tenant: TestTenant, *, known: bool = True) -> tuple[UUID, UUID]:
    member, _ = await make_customer(tenant)
    async with tenant.unit() as uow:
        filing = Filing(
            text="治疗后症状没有缓解",
            customer_id=member if known else None,
            contact_name="周文博",
            contact_phone="13878106871",
        )
        return member, (await file_complaint(uow, filing=filing)).complaint_id


async def _offered(tenant: TestTenant, case: UUID, draft: RemedyDraft, role: str = "director") -> RemedyFacts:
    async with tenant.unit(role) as uow:
        remedy = await propose_remedy(uow, complaint_id=case, draft=draft, key=f"{case}:{draft.kind}:{role}")
    if remedy.state != "offered":
        return remedy
    async with tenant.workplace.unit(tenant.id, actor=CUSTOMER) as uow:
        return await accept_remedy(uow, remedy_id=remedy.remedy_id)


async def test_what_is_within_the_limit_is_offered_at_once_and_above_it_waits(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    _, case = await _filed(tenant_a)
    async with tenant_a.unit("front_desk") as uow:
        small = RemedyDraft(kind="gift", label="零食", cost_fen=50_00)
        assert (await propose_remedy(uow, complaint_id=case, draft=small, key="a")).state == "offered"
        more = RemedyDraft(kind="gift", label="玩具", cost_fen=1)
        held = await propose_remedy(uow, complaint_id=case, draft=more, key="b")
        assert held.state == "waiting"  # 50 yuan for one case are the desk's, and they stand
        assert (await propose_remedy(uow, complaint_id=case, draft=more, key="b")).remedy_id == held.remedy_id
        with pytest.raises(KeyReused):
            await propose_remedy(uow, complaint_id=case, draft=small, key="b")
        assert [one.remedy_id for one in await list_waiting_remedies(uow)] == [held.remedy_id]
        with pytest.raises(RemedyMoved):
            await accept_remedy(uow, remedy_id=held.remedy_id)
        with pytest.raises(RemedyMoved):
            await give_remedy(uow, remedy_id=held.remedy_id)


async def test_nobody_approves_their_own_and_the_approvers_limit_must_be_enough(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    _, case = await _filed(tenant_a)
    large = RemedyDraft(kind="gift", label="全套检查", cost_fen=1500_00)
    asked = await _offered(tenant_a, case, large, "team_leader")
    assert asked.state == "waiting"
    async with tenant_a.unit("team_leader") as uow:
        with pytest.raises(OwnRemedy):
            await approve_remedy(uow, remedy_id=asked.remedy_id)
    async with tenant_a.unit("service_supervisor") as uow:
        with pytest.raises(Forbidden):
            await approve_remedy(uow, remedy_id=asked.remedy_id)
    other = await _offered(tenant_a, case, large, "service_supervisor")
    async with tenant_a.unit("team_leader") as uow:
        with pytest.raises(RemedyAboveLimit):
            await approve_remedy(uow, remedy_id=other.remedy_id)
    async with tenant_a.unit() as uow:
        assert (await approve_remedy(uow, remedy_id=asked.remedy_id)).decided_by_name == "director"
        with pytest.raises(RemedyMoved):
            await approve_remedy(uow, remedy_id=asked.remedy_id)
        done = await refuse_remedy(uow, remedy_id=other.remedy_id, words="已有方案")
        assert (done.state, done.words) == ("refused", "已有方案")


async def test_a_tenant_sets_its_limits_and_a_case_never_less_than_a_remedy(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        await set_limit(uow, role="doctor", limit=Limit(200_00, None))
        assert (await get_limits(uow))["doctor"] == Limit(200_00, None)
        for bad in (Limit(-1, 5), Limit(10, 5), Limit(None, 5)):
            with pytest.raises(InvalidInput):
                await set_limit(uow, role="doctor", limit=bad)


async def test_points_go_into_the_ledger_once_and_come_back_while_unspent(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    member, case = await _filed(tenant_a)
    draft = RemedyDraft(kind="points", label="积分补偿", terms=Terms(points=300))
    remedy = await _offered(tenant_a, case, draft)
    assert remedy.cost_fen == 30_00
    async with tenant_a.unit() as uow:
        assert await get_cost(uow, case) == 0
        for _ in range(3):
            assert (await give_remedy(uow, remedy_id=remedy.remedy_id)).state == "given"
        assert await get_cost(uow, case) == 30_00
        (entry,) = await list_entries(uow, member)
        assert (entry.kind, entry.points, entry.ref_id) == ("goodwill", 300, case)
        kinds = [row.kind for row in (await get_complaint(uow, complaint_id=case)).history]
        assert kinds[-3:] == ["remedy_offered", "remedy_accepted", "remedy_given"]
    async with tenant_a.unit() as uow:
        await take_back_remedy(uow, remedy_id=remedy.remedy_id, words="给错了人")
        assert (await get_wallet(uow, member)).balance == 0
        assert await get_cost(uow, case) == 0


async def test_points_that_were_spent_are_not_taken_back(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    member, case = await _filed(tenant_a)
    remedy = await _offered(tenant_a, case, RemedyDraft(kind="points", label="积分补偿", terms=Terms(points=300)))
    async with tenant_a.unit() as uow:
        await give_remedy(uow, remedy_id=remedy.remedy_id)
        await redeem_points(uow, customer_id=member, points=100, key="spent")
        with pytest.raises(PointsRefused):
            await take_back_remedy(uow, remedy_id=remedy.remedy_id, words="给错了人")


async def test_a_credit_that_the_ledger_holds_makes_the_remedy_follow_its_approver(tenant_a: TestTenant) -> None:
    rule = Goodwill(
        id="g", limits=(RoleLimit(role="front_desk", max_fen=10_00), RoleLimit(role="director", max_fen=900_00))
    )
    await put_program(tenant_a, rule, PAYS)
    member, case = await _filed(tenant_a)
    remedy = await _offered(tenant_a, case, RemedyDraft(kind="points", label="积分补偿", terms=Terms(points=300)))
    for answer in ("no", "yes"):
        async with tenant_a.unit("front_desk") as uow:
            held = await give_remedy(uow, remedy_id=remedy.remedy_id)
            assert held.state == "held"
            assert (await give_remedy(uow, remedy_id=remedy.remedy_id)).ref_id == held.ref_id
        assert held.ref_id is not None
        async with tenant_a.unit() as uow:
            decided = await (refuse_held if answer == "no" else grant_held)(uow, held_id=held.ref_id)
            followed = await settle_held(uow, held=decided)
            assert followed is not None
            assert followed.state == ("accepted" if answer == "no" else "given")
            assert (await settle_held(uow, held=await get_held(uow, held.ref_id))) is None
    async with tenant_a.unit() as uow:
        assert (await get_wallet(uow, member)).balance == 300
        await take_back_remedy(uow, remedy_id=remedy.remedy_id, words="给错了人")
        assert (await get_wallet(uow, member)).balance == 0


async def test_a_ledger_that_has_given_enough_refuses_and_nothing_is_written(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, Goodwill(id="g", max_fen_per_complaint=20_00), PAYS)
    _, case = await _filed(tenant_a)
    remedy = await _offered(tenant_a, case, RemedyDraft(kind="points", label="积分补偿", terms=Terms(points=300)))
    with pytest.raises(ComplaintCredited):
        async with tenant_a.unit() as uow:
            await give_remedy(uow, remedy_id=remedy.remedy_id)
    async with tenant_a.unit() as uow:
        assert (await get_remedy(uow, remedy.remedy_id)).state == "accepted"


async def test_a_coupon_costs_what_it_takes_off_and_is_void_when_taken_back(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS, FIFTY)
    member, case = await _filed(tenant_a)
    remedy = await _offered(tenant_a, case, RemedyDraft(kind="coupon", label="50元券", terms=Terms(template="fifty")))
    assert remedy.cost_fen == 50_00
    async with tenant_a.unit() as uow:
        given = await give_remedy(uow, remedy_id=remedy.remedy_id)
        assert given.ref_id is not None
        coupon = await get_coupon(uow, given.ref_id)
        assert (coupon.customer_id, coupon.code, coupon.source) == (member, given.ref_text, "complaint")
        await take_back_remedy(uow, remedy_id=remedy.remedy_id, words="给错了人")
        assert (await get_coupon(uow, given.ref_id)).state == "void"


async def test_a_gift_gets_a_code_for_the_desk_and_without_a_customer_goes_by_hand(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    for known in (True, False):
        _, case = await _filed(tenant_a, known=known)
        remedy = await _offered(tenant_a, case, GIFT)
        async with tenant_a.unit() as uow:
            given = await give_remedy(uow, remedy_id=remedy.remedy_id)
            assert (given.state, bool(given.ref_text)) == ("given", known)
            bad = RemedyDraft(kind="coupon", label="券", terms=Terms(template="nobody"))
            with pytest.raises(InvalidInput):
                await propose_remedy(uow, complaint_id=case, draft=bad, key=f"bad{known}")


async def test_a_refund_moves_the_purchase_and_no_other_customers(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    member, case = await _filed(tenant_a)
    stranger, _ = await make_customer(tenant_a)
    async with tenant_a.unit() as uow:
        mine = await record_purchase(uow, customer_id=member, fen=200_00, key="p")
        theirs = await record_purchase(uow, customer_id=stranger, fen=200_00, key="q")
    terms = Terms(purchase_id=mine.purchase_id)
    remedy = await _offered(tenant_a, case, RemedyDraft(kind="refund", label="退检查费", cost_fen=80_00, terms=terms))
    async with tenant_a.unit() as uow:
        await give_remedy(uow, remedy_id=remedy.remedy_id)
        assert (await get_purchase(uow, mine.purchase_id)).refunded_fen == 80_00
        with pytest.raises(RemedyStays):
            await take_back_remedy(uow, remedy_id=remedy.remedy_id, words="给错了人")
        for number, (fen, bought) in enumerate(((120_01, mine), (1, theirs))):
            bad = RemedyDraft(kind="refund", label="退", cost_fen=fen, terms=Terms(purchase_id=bought.purchase_id))
            with pytest.raises(InvalidInput):
                await propose_remedy(uow, complaint_id=case, draft=bad, key=f"bad{number}")


async def test_a_refund_of_a_bill_leaves_a_credit_note_over_its_lines(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    visit = await make_visit(tenant_a)
    async with tenant_a.unit() as uow:
        await estimate(uow, visit, "C01", "E01")
        await open_bill(uow, visit_id=visit)
        bill = await finalise_bill(uow, visit_id=visit)
        money = [PaymentDraft(method="wechat", fen=bill.total_fen)]
        settled = await settle_bill(uow, visit_id=visit, payments=money, explained=True, key="k")
        assert settled.recorded is not None
        bought = await get_purchase(uow, settled.recorded.purchase_id)
        filing = Filing(text="费用有问题", customer_id=bought.customer_id)
        case = (await file_complaint(uow, filing=filing)).complaint_id
    terms = Terms(purchase_id=bought.purchase_id)
    draft = RemedyDraft(kind="fee_reduction", label="减免部分费用", cost_fen=bill.lines[0].amount_fen + 1, terms=terms)
    remedy = await _offered(tenant_a, case, draft)
    async with tenant_a.unit() as uow:
        given = await give_remedy(uow, remedy_id=remedy.remedy_id)
        assert given.ref_text.startswith("CN-")
        assert (await get_purchase(uow, bought.purchase_id)).refunded_fen == remedy.cost_fen
        rest = RemedyDraft(kind="refund", label="再退", cost_fen=bought.paid_fen - remedy.cost_fen, terms=terms)
        more = await propose_remedy(uow, complaint_id=case, draft=rest, key="more")
        twin = await propose_remedy(uow, complaint_id=case, draft=rest, key="twin")
        for one in (more, twin):
            await accept_remedy(uow, remedy_id=one.remedy_id)
        await give_remedy(uow, remedy_id=more.remedy_id)
        with pytest.raises((NothingToRefund, InvalidInput)):
            await give_remedy(uow, remedy_id=twin.remedy_id)


async def test_a_customer_who_declines_gives_a_reason_and_a_resolved_case_is_open_again(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    _, case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        remedy = await propose_remedy(uow, complaint_id=case, draft=GIFT, key="a")
    async with tenant_a.workplace.unit(tenant_a.id, actor=CUSTOMER) as uow:
        with pytest.raises(InvalidInput):
            await decline_remedy(uow, remedy_id=remedy.remedy_id, words="  ")
        done = await decline_remedy(uow, remedy_id=remedy.remedy_id, words="这不够", complaint_id=case)
        assert (done.state, done.answered_how, done.words) == ("declined", "status_page", "这不够")
        with pytest.raises(RemedyMoved):
            await accept_remedy(uow, remedy_id=remedy.remedy_id)


async def test_a_closed_case_gets_no_new_remedy_but_what_was_accepted_is_given(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    _, case = await _filed(tenant_a)
    promised = await _offered(tenant_a, case, GIFT)
    async with tenant_a.unit() as uow:
        waiting: dict[str, Any] = {"complaint_id": case, "key": "late"}
        asked = await propose_remedy(uow, draft=GIFT, **{**waiting, "key": "asked"})
        await close_by_hand(uow, case)
        with pytest.raises(ComplaintClosed):
            await propose_remedy(uow, draft=GIFT, **waiting)
        with pytest.raises(ComplaintClosed):
            await accept_remedy(uow, remedy_id=asked.remedy_id)
        assert (await give_remedy(uow, remedy_id=promised.remedy_id)).state == "given"


async def test_the_clinics_offers_fit_subject_and_level(tenant_a: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    async with tenant_a.unit() as uow:
        grave = Filing(
            text="治疗后症状没有缓解",
            category="petclinic.medical_outcome",
            contact_name="周文博",
            contact_phone="13878106871",
        )
        light = Filing(
            text="等候太久", category="petclinic.service_waiting", contact_name="周文博", contact_phone="13878106871"
        )
        first = [(await file_complaint(uow, filing=one)).complaint_id for one in (grave, light)]
        names = [
            [one.id.partition(".")[2] for one in list_offers(uow, await get_complaint(uow, complaint_id=case))]
            for case in first
        ]
    assert names[0][:3] == ["recheck", "check_fee", "plan_change"]
    assert "fee_cut" in names[0]
    assert names[1] == ["checkup", "deworming", "voucher_100", "coupon_50", "goods"]


async def test_a_remedy_of_another_chain_is_not_there(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    await put_program(tenant_a, PAYS)
    _, case = await _filed(tenant_a)
    remedy = await _offered(tenant_a, case, GIFT)
    async with tenant_b.unit() as uow:
        for deed in (give_remedy, approve_remedy, accept_remedy):
            with pytest.raises(NotFound):
                await deed(uow, remedy_id=remedy.remedy_id)  # type: ignore[operator] # three actions with the same argument
        assert await list_remedies(uow, case) == []
