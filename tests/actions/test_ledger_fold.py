"""Random operations give the same account in the database and in the pure fold that `anxin loyalty replay` runs."""

import random
from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID

import pytest

from core.errors import AnxinError
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, LedgerPolicy, Lifetime, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions import (
    adjust_points,
    give_back_points,
    grant_points,
    pin_tier,
    record_purchase,
    redeem_points,
    refund_purchase,
    sweep_account,
)
from core.loyalty.queries import get_membership
from core.loyalty.rules.days import local_day
from core.loyalty.rules.earning import EarnFacts, Line
from core.loyalty.rules.ledger import Account
from core.loyalty.rules.nights import advance, place, settle
from core.loyalty.rules.refusals import Refused
from core.loyalty.rules.tiers import pin
from core.uow import UnitOfWork
from tests.ledgers import look
from tests.rewards import make_customer, put_program
from tests.workplaces import MovableClock, TestTenant

ZONE = "Asia/Shanghai"
TIERS = (
    Tier(code="normal"),
    Tier(code="silver", min_fen=300_00, min_points=200, min_visits=4, earn_multiplier="1.5"),
    Tier(code="gold", min_fen=900_00, min_points=700, min_visits=9, earn_multiplier=2),
)
LADDERS = (
    TierLadder(tiers=TIERS),
    TierLadder(tiers=TIERS, basis="points_balance", downgrade="now"),
    TierLadder(tiers=TIERS, basis="points_earned", downgrade="review", review_months=2, grace_days=5),
    TierLadder(tiers=TIERS, basis="period_spend", period_months=2, downgrade="now"),
    TierLadder(tiers=TIERS, basis="period_spend", period_months=1, downgrade="review", review_months=1),
    TierLadder(tiers=TIERS, basis="visits", upgrade="next_period", period_months=1, refunds_lower_spend=False),
)
POLICIES = (
    LedgerPolicy(pool="person"),
    LedgerPolicy(pool="person", reversal="deficit", deficit_limit=150, manual_months=1),
    LedgerPolicy(reversal="deficit", give_back_days=3),
)


class Both:
    """Does each operation in the database and in the fold, and compares what became of the account."""

    def __init__(self, member: UUID, program: Program, clock: MovableClock, seed: int) -> None:
        self.member = member
        self.fold = Account(program=program, zone=ZONE)
        self.clock = clock
        self.random = random.Random(seed)
        self.bills: dict[str, UUID] = {}
        self.burns: list[str] = []
        self.done = 0

    async def refused(self, operation: Awaitable[object], code: str) -> None:
        with pytest.raises(AnxinError) as error:
            await operation
        assert error.value.code == code

    async def purchase(self, uow: UnitOfWork, key: str) -> None:
        fen = self.random.choice((1, 99, 12_34, 100_00, 250_50))
        done = await record_purchase(uow, customer_id=self.member, fen=fen, key=key)
        self.bills[key] = done.purchase_id
        facts = EarnFacts(tier=self.fold.standing.shown)
        credited = self.fold.purchase(key, (Line(fen),), self.clock(), facts=facts)
        assert done.points == sum(one.points for one in credited)
        settle(self.fold, "spend")

    async def refund(self, uow: UnitOfWork, key: str) -> None:
        of = self.random.choice(list(self.bills) or [""])
        fen = self.random.choice((None, 1, 50, 20_00))
        try:
            self.fold.refund(of, fen, key, self.clock())
        except Refused:
            if of:
                with pytest.raises(AnxinError):
                    await refund_purchase(uow, purchase_id=self.bills[of], fen=fen, key=key)
            return
        settle(self.fold, "reversal")
        await refund_purchase(uow, purchase_id=self.bills[of], fen=fen, key=key)

    async def redeem(self, uow: UnitOfWork, key: str) -> None:
        points, clamp = self.random.choice((1, 10, 55, 200, 900)), self.random.random() < 0.3
        try:
            quoted = self.fold.redeem(points, self.clock(), key=key, clamp=clamp)
        except Refused as refused:
            code = refused.refusal.code
            await self.refused(redeem_points(uow, customer_id=self.member, points=points, key=key, clamp=clamp), code)
            return
        settle(self.fold, "burn")
        self.burns.append(key)
        done = await redeem_points(uow, customer_id=self.member, points=points, key=key, clamp=clamp)
        assert (done.points, done.fen) == (-quoted.points, quoted.fen)

    async def give_back(self, uow: UnitOfWork, key: str) -> None:
        of, points = self.random.choice([*self.burns, "none"]), self.random.choice((None, 1, 30))
        try:
            credit = self.fold.give_back(of, points, key, self.clock())
        except Refused as refused:
            await self.refused(give_back_points(uow, key_of=of, key=key, points=points), refused.refusal.code)
            return
        settle(self.fold, "give_back")
        assert (await give_back_points(uow, key_of=of, key=key, points=points)).points == credit.points

    async def grant(self, uow: UnitOfWork, key: str) -> None:
        points = self.random.choice((5, 60, 300))
        life = self.random.choice((None, Lifetime(days=9), Lifetime(pending_days=3, months=1)))
        self.fold.grant(points, self.clock(), key=key, lifetime=life)
        settle(self.fold, "grant")
        await grant_points(uow, customer_id=self.member, points=points, key=key, reason="赔礼", lifetime=life)

    async def adjust(self, uow: UnitOfWork, key: str) -> None:
        points = self.random.choice((1, 20))
        try:
            self.fold.adjust(points, self.clock(), key=key)
        except Refused:
            with pytest.raises(AnxinError):
                await adjust_points(uow, customer_id=self.member, points=-points, key=key, reason="核对")
            return
        settle(self.fold, "adjust")
        await adjust_points(uow, customer_id=self.member, points=-points, key=key, reason="核对")

    async def pin(self, uow: UnitOfWork, key: str) -> None:
        del key
        tier = self.random.choice(("silver", "gold"))
        until = local_day(self.clock(), ZONE) + timedelta(days=self.random.randrange(10))
        place(self.fold, pin(self.fold.standing, tier, until), "pinned")
        await pin_tier(uow, customer_id=self.member, tier=tier, until=until, reason="老客户")

    async def tick(self, uow: UnitOfWork, key: str) -> None:
        del key
        await sweep_account(uow, customer_id=self.member)

    async def step(self, uow: UnitOfWork) -> None:
        self.done += 1
        names = (
            "purchase",
            "purchase",
            "purchase",
            "refund",
            "redeem",
            "redeem",
            "give_back",
            "grant",
            "adjust",
            "tick",
        )
        name = self.random.choice((*names, "pin") if self.random.random() < 0.3 else names)
        advance(self.fold, self.clock())
        await getattr(self, name)(uow, f"k{self.done}")
        await sweep_account(uow, customer_id=self.member)  # what is refused may be refused before anything is closed
        sums, card = await look(uow, self.member), await get_membership(uow, self.member)
        here = (sums.points, sums.pending, sums.deficit, card.spent_fen, card.tier.code if card.tier else None)
        shown = self.fold.standing.shown or "normal"
        there = (self.fold.balance, self.fold.pending, self.fold.deficit, self.fold.spent_fen, shown)
        assert here == there, f"{name} at step {self.done}"


@pytest.mark.parametrize("seed", range(12))
async def test_the_database_does_what_the_fold_does(tenant_a: TestTenant, clock: MovableClock, seed: int) -> None:
    rules = (
        LADDERS[seed % len(LADDERS)],
        EarnRate(id="a", per_fen=100, points=1, max_points_per_day=120, lifetime=Lifetime(days=20)),
        EarnRate(id="b", per_fen=10_00, points=3, min_fen=20_00, lifetime=Lifetime(pending_days=4, months=1)),
        EarnEvent(id="first", event="first_purchase", points=15),
        Redeem(id="pay", fen_per_point=2, min_points=5),
    )
    policy = POLICIES[seed % len(POLICIES)]
    program = await put_program(tenant_a, *rules, ledger=policy)
    member, _ = await make_customer(tenant_a)
    both = Both(member, program, clock, seed)
    async with tenant_a.unit() as uow:
        await sweep_account(uow, customer_id=member)
    for _ in range(45):
        async with tenant_a.unit() as uow:
            await both.step(uow)
        if both.random.random() < 0.6:
            clock.advance(hours=both.random.choice((1, 7, 24, 24 * 5, 24 * 16)))
