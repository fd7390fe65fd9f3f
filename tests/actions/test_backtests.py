"""What a backtest promises is what happens when the rules are published: who moves, points, discounts, liability."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from core.backtests.actions import continue_backtest, run_backtest, start_backtest, try_rules
from core.backtests.checking import get_facts
from core.backtests.publishing import apply_ladder
from core.backtests.queries import get_backtest, list_movers
from core.backtests.rules.effects import Effect
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import table_of
from core.errors import InvalidInput, NotFound
from core.hooks.records.conditions import Cmp
from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import EarnRate, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program
from core.loyalty.actions import record_purchase, refund_purchase
from core.loyalty.models import LoyaltyAccount
from core.loyalty.queries import get_memberships
from core.programs.actions import publish
from core.programs.drafts import save_draft
from core.programs.queries import get_draft, get_effect, get_program, get_version_id
from core.programs.rules.digests import digest
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

SPENT = {"王小美": 499_00, "李雷": 500_00, "韩梅梅": 1200_00, "张伟": 2000_00, "赵敏": 5000_00}


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _members(clinic: TestTenant, *, days: int = 1) -> dict[str, UUID]:
    found = {}
    async with clinic.unit() as uow:
        for number, (name, fen) in enumerate(SPENT.items()):
            found[name] = await add_customer(uow, draft=CustomerDraft(full_name=name))
            await record_purchase(
                uow,
                customer_id=found[name],
                fen=fen,
                key=f"p{number}",
                occurred_at=uow.now - timedelta(days=number * days),
            )
    return found


def _tier(code: str, fen: int, percent: int | None = None, when: Cmp | None = None, times: str = "1") -> Tier:
    benefits = (PercentDiscount(pay_percent=percent),) if percent else ()
    return Tier(
        code=code, label={"zh-CN": code, "en": code}, min_fen=fen, benefits=benefits, when=when, earn_multiplier=times
    )


async def _with(uow: UnitOfWork, ladder: TierLadder, *rules: AnyRule) -> Program:
    """The program in force with other rules: the clinic of these tests has no price list for the others."""
    live = await get_program(uow)
    assert live is not None
    return msgspec.structs.replace(live, rules=(ladder, *rules))


async def _publish(uow: UnitOfWork, program: Program, *, accept_lowering: bool = False) -> Effect:
    """As a director does it: save, try, publish what was shown; then what the worker does."""
    draft = await get_draft(uow)
    saved = await save_draft(uow, program=program, revision=draft.revision if draft else 0)
    effect = await run_backtest(uow, program=saved.program)
    stored = await get_effect(uow, digest=digest(saved.program))
    assert stored is not None
    await publish(
        uow,
        revision=saved.revision,
        effect_digest=stored.effect_digest,
        facts=await get_facts(uow),
        accept_lowering=accept_lowering,
    )
    return effect


async def _apply(clinic: TestTenant, *, limit: int = 2) -> None:
    after = None
    while True:
        async with clinic.unit() as uow:
            after = await apply_ladder(uow, after=after, limit=limit)
        if after is None:
            return


async def _tiers(clinic: TestTenant, members: dict[str, UUID]) -> dict[str, str]:
    async with clinic.unit() as uow:
        cards = await get_memberships(uow, list(members.values()))
    return {name: card.tier.code for name, one in members.items() if (card := cards[one]).tier is not None}


async def _promised(clinic: TestTenant, effect: Effect, before: dict[str, str]) -> dict[str, str]:
    async with clinic.unit() as uow:
        movers = await list_movers(uow, effect.backtest_id)
    return before | {one.full_name: one.tier_after for one in movers}


@pytest.mark.parametrize("downgrade", ["never", "review", "now"])
async def test_members_move_on_publishing_exactly_as_the_backtest_said(clinic: TestTenant, downgrade: str) -> None:
    members = await _members(clinic)
    before = await _tiers(clinic, members)
    assert before == {"王小美": "normal", "李雷": "silver", "韩梅梅": "silver", "张伟": "gold", "赵敏": "gold"}
    ladder = TierLadder(
        id="ladder",
        tiers=(_tier("normal", 0), _tier("silver", 1000_00, 90), _tier("gold", 3000_00, 80)),
        downgrade=downgrade,  # type: ignore[arg-type] # a literal of the parameters above
    )
    async with clinic.unit("director") as uow:
        effect = await _publish(uow, await _with(uow, ladder), accept_lowering=True)
    promised = await _promised(clinic, effect, before)
    await _apply(clinic)
    assert await _tiers(clinic, members) == promised
    now = {"李雷": "normal", "张伟": "silver"} if downgrade == "now" else {}
    assert promised == before | now
    assert effect.falling == (2 if downgrade == "now" else 0)
    assert effect.falling_later == (2 if downgrade == "review" else 0)
    async with clinic.unit() as uow:
        later = await list_movers(uow, effect.backtest_id, whence="review")
    assert {one.full_name for one in later} == ({"李雷", "张伟"} if downgrade == "review" else set())


async def test_a_lower_threshold_lifts_members_at_once_and_nobody_twice(clinic: TestTenant) -> None:
    members = await _members(clinic)
    before = await _tiers(clinic, members)
    ladder = TierLadder(
        id="ladder",
        tiers=(_tier("normal", 0), _tier("silver", 300_00), _tier("gold", 1000_00), _tier("diamond", 4000_00)),
    )
    async with clinic.unit("director") as uow:
        effect = await _publish(uow, await _with(uow, ladder))
    assert (effect.rising, effect.falling) == (3, 0)
    assert {(one.before, one.after): one.people for one in effect.moves} == {
        ("normal", "silver"): 1,
        ("silver", "gold"): 1,
        ("gold", "diamond"): 1,
    }
    assert [(one.code, one.people.live, one.people.draft) for one in effect.tiers] == [
        ("normal", 1, 0),
        ("silver", 2, 2),
        ("gold", 2, 2),
        ("diamond", 0, 1),
    ]
    promised = await _promised(clinic, effect, before)
    await _apply(clinic, limit=1)
    assert await _tiers(clinic, members) == promised
    async with clinic.unit() as uow:
        assert await apply_ladder(uow) is None


async def test_a_ladder_that_sums_up_a_period_judges_by_the_purchases_of_that_period(clinic: TestTenant) -> None:
    members = await _members(clinic)
    async with clinic.unit() as uow:
        old = await add_customer(uow, draft=CustomerDraft(full_name="孙悦"))
        await record_purchase(uow, customer_id=old, fen=3000_00, key="old", occurred_at=uow.now - timedelta(days=200))
    members["孙悦"] = old
    before = await _tiers(clinic, members)
    assert before["孙悦"] == "gold"
    ladder = TierLadder(
        id="ladder",
        basis="period_spend",
        period_months=3,
        downgrade="now",
        tiers=(_tier("normal", 0), _tier("silver", 500_00), _tier("gold", 2000_00)),
    )
    async with clinic.unit("director") as uow:
        effect = await _publish(uow, await _with(uow, ladder), accept_lowering=True)
    assert [(one.before, one.after, one.people) for one in effect.moves] == [("gold", "normal", 1)]
    promised = await _promised(clinic, effect, before)
    await _apply(clinic)
    assert await _tiers(clinic, members) == promised
    assert promised["孙悦"] == "normal"


async def test_a_condition_of_a_tier_is_asked_of_everybody(clinic: TestTenant) -> None:
    members = await _members(clinic)
    before = await _tiers(clinic, members)
    only = Cmp(field="spent_all", op="gte", value=4000_00)
    ladder = TierLadder(
        id="ladder",
        tiers=(_tier("normal", 0), _tier("silver", 500_00), _tier("gold", 2000_00), _tier("vip", 2000_01, when=only)),
    )
    async with clinic.unit("director") as uow:
        effect = await _publish(uow, await _with(uow, ladder))
    assert [(one.after, one.people) for one in effect.moves] == [("vip", 1)]
    promised = await _promised(clinic, effect, before)
    await _apply(clinic)
    assert await _tiers(clinic, members) == promised


async def test_members_who_cannot_fall_now_are_given_the_day_of_their_review(clinic: TestTenant) -> None:
    members = await _members(clinic)
    ladder = TierLadder(
        id="ladder",
        downgrade="review",
        tiers=(_tier("normal", 0), _tier("silver", 1000_00), _tier("gold", 3000_00)),
    )
    async with clinic.unit("director") as uow:
        await _publish(uow, await _with(uow, ladder))
    await _apply(clinic)
    async with clinic.unit() as uow:
        account = table_of(LoyaltyAccount)
        rows = await uow.session.execute(select(account.c.customer_id, account.c.tier_review_on))
        days = {row.customer_id: row.tier_review_on for row in rows}
    assert days[members["王小美"]] is None
    assert days[members["李雷"]] is not None


async def test_the_same_rules_change_nothing_and_give_what_the_ledger_gave(clinic: TestTenant) -> None:
    rate, redeem = EarnRate(id="rate", per_fen=100, points=1), Redeem(id="redeem", fen_per_point=1)
    ladder = TierLadder(
        id="ladder",
        tiers=(_tier("normal", 0), _tier("silver", 500_00, 90, times="1.5"), _tier("gold", 2000_00, 80, times="2")),
    )
    async with clinic.unit("director") as uow:
        await _publish(uow, await _with(uow, ladder, rate, redeem))
    async with clinic.unit() as uow:
        given = 0
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="周杰"))
        for number, fen in enumerate((300_50, 260_00, 1999_99, 77_77)):
            done = await record_purchase(uow, customer_id=customer_id, fen=fen, key=f"z{number}", with_discount=True)
            given += done.points
        taken = await refund_purchase(uow, purchase_id=done.purchase_id, fen=30_00)
        given += taken.points
    async with clinic.unit("director") as uow:
        live = await get_program(uow)
        assert live is not None
        same = msgspec.structs.replace(live, source="another word")
        effect = await run_backtest(uow, program=same)
    assert effect.points.live == given
    assert effect.points.change == 0
    assert effect.discount_fen.live == effect.discount_fen.draft > 0
    assert (effect.moves, effect.later, effect.members, effect.purchases) == ((), (), 1, 4)
    assert effect.liability_fen.live == effect.liability_fen.draft == given


async def test_more_points_and_a_dearer_point_raise_what_is_owed(clinic: TestTenant) -> None:
    rate, redeem = EarnRate(id="rate", per_fen=100, points=1), Redeem(id="redeem", fen_per_point=1)
    ladder = TierLadder(id="ladder", tiers=(_tier("normal", 0), _tier("silver", 500_00, 90)))
    async with clinic.unit("director") as uow:
        await _publish(uow, await _with(uow, ladder, rate, redeem), accept_lowering=True)
    await _members(clinic, days=0)
    more = EarnRate(id="rate", per_fen=100, points=2)
    dearer = Redeem(id="redeem", fen_per_point=3)
    async with clinic.unit("director") as uow:
        effect = await run_backtest(uow, program=await _with(uow, ladder, more, dearer))
    total = sum(SPENT.values()) // 100
    assert (effect.points.live, effect.points.draft) == (total, 2 * total)
    assert (effect.liability_fen.live, effect.liability_fen.draft) == (total, 3 * total)
    assert effect.liability_replayed_fen.draft == 3 * 2 * total
    assert sum(span.points.draft for span in effect.spans) == 2 * total


async def test_a_large_tenant_is_replayed_in_pieces_with_the_same_answer(clinic: TestTenant) -> None:
    await _members(clinic)
    ladder = TierLadder(id="ladder", tiers=(_tier("normal", 0), _tier("silver", 100_00, 95)))
    async with clinic.unit("director") as uow:
        program = await _with(uow, ladder)
        whole = await run_backtest(uow, program=program)
    async with clinic.unit("director") as uow:
        backtest_id = await start_backtest(uow, program=program, at_once=0)
        assert (await get_backtest(uow, backtest_id)).state == "running"
    rounds = 0
    more = True
    while more:
        async with clinic.unit("director") as uow:
            more = await continue_backtest(uow, backtest_id=backtest_id, piece=2)
            rounds += 1
            assert (await get_backtest(uow, backtest_id)).percent <= 100
    assert rounds >= 3
    async with clinic.unit("director") as uow:
        stored = await get_effect(uow, digest=digest(program))
        assert stored is not None
        pieces = msgspec.convert(stored.effect, Effect)
        assert not await continue_backtest(uow, backtest_id=backtest_id)
    same = {"backtest_id": whole.backtest_id, "made_at": whole.made_at}
    assert msgspec.structs.replace(pieces, **same) == whole


async def test_a_run_whose_live_rules_changed_meanwhile_is_stale(clinic: TestTenant) -> None:
    await _members(clinic)
    async with clinic.unit("director") as uow:
        ladder = TierLadder(id="ladder", tiers=(_tier("normal", 0), _tier("silver", 100_00, 95)))
        backtest_id = await start_backtest(uow, program=await _with(uow, ladder), at_once=0)
    async with clinic.unit("director") as uow:
        other = TierLadder(id="ladder", tiers=(_tier("normal", 0), _tier("silver", 200_00, 95)))
        await _publish(uow, await _with(uow, other), accept_lowering=True)
    async with clinic.unit("director") as uow:
        assert not await continue_backtest(uow, backtest_id=backtest_id)
        assert (await get_backtest(uow, backtest_id)).state == "stale"


async def test_days_have_limits_and_an_unknown_run_is_not_found(clinic: TestTenant) -> None:
    async with clinic.unit("director") as uow:
        live = await get_program(uow)
        assert live is not None
        for days in (6, 366):
            with pytest.raises(InvalidInput):
                await start_backtest(uow, program=live, days=days)
        with pytest.raises(NotFound):
            await get_backtest(uow, clinic.id)
        assert await get_version_id(uow)


async def test_five_customers_are_tried_with_a_reason_for_each_condition(clinic: TestTenant) -> None:
    members = await _members(clinic)
    async with clinic.unit() as uow:
        fresh = await add_customer(uow, draft=CustomerDraft(full_name="新客"))
    only = Cmp(field="spent_all", op="gte", value=4000_00)
    ladder = TierLadder(
        id="ladder",
        tiers=(_tier("normal", 0), _tier("silver", 1000_00, 90), _tier("vip", 2000_00, 85, when=only)),
    )
    rate = EarnRate(id="rate", per_fen=100, points=2, tiers=("vip",), when=only)
    async with clinic.unit("director") as uow:
        program = await _with(uow, ladder, rate)
        wanted = [members["李雷"], members["张伟"], members["赵敏"], fresh, clinic.id]
        trials = {one.full_name: one for one in await try_rules(uow, program=program, customer_ids=wanted)}
        with pytest.raises(InvalidInput):
            await try_rules(uow, program=program, customer_ids=[*wanted, fresh])
    assert list(trials) == ["李雷", "张伟", "赵敏", "新客"]
    assert (trials["李雷"].tier_before, trials["李雷"].tier_after, trials["李雷"].reason) == (
        "silver",
        "silver",
        "kept",
    )
    assert (trials["张伟"].tier_before, trials["张伟"].tier_after, trials["张伟"].reason) == ("gold", "silver", "falls")
    vip = trials["赵敏"]
    assert (vip.tier_after, vip.pay_percent.live, vip.pay_percent.draft) == ("vip", 80, 85)
    assert vip.tiers[2].conditions[0].holds
    assert vip.tiers[2].conditions[0].value == 5000_00
    assert vip.rules[0].applies
    assert vip.rules[0].points == 2 * 5000
    assert vip.last is not None
    assert (vip.last.paid_fen.draft, vip.last.points.draft) == (5000_00, 2 * 5000)
    missed = trials["张伟"].tiers[2]
    assert (missed.reached, missed.missing, missed.conditions[0].holds) == (False, 0, False)
    assert not trials["张伟"].rules[0].applies
    assert (trials["新客"].total, trials["新客"].last, trials["新客"].reason) == (0, None, "stays")
