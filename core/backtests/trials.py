"""Tries rules on a few customers: the tier with its reason, the last purchase under both programs, the benefits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text as SqlText
from sqlalchemy import cast, select

from core.backtests.rules.effects import Held, Pair, PurchaseTrial, RuleTrial, TierTrial, Trial
from core.backtests.rules.moves import Alike, tier_published
from core.backtests.rules.rates import conditions as conditions_of
from core.backtests.rules.reasons import benefit_labels, held_of, reason_of
from core.backtests.rules.replay import Bought, Given, Members, paid_under, replay
from core.backtests.standings import get_standings
from core.conditions.rules.closure import Facts, compile_tree
from core.customers.queries import list_customers_by_id
from core.db import one_of, table_of
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.conditions import All, Tree
from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Redeem, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.loyalty.models import Purchase
from core.loyalty.rules.prices import pay_percent
from core.loyalty.rules.redeeming import fits
from core.loyalty.rules.tiers import find_tier
from core.programs.queries import get_program
from core.programs.rules.windows import is_open
from core.segments.queries import list_facts
from core.uow import Reader

_P = table_of(Purchase)
MOST: Final = 5


@dataclass(frozen=True)
class _Stand:
    """How a customer stands today under the tried ladder."""

    tier: str
    pinned: bool
    total: int
    step: int


async def try_rules(reader: Reader, *, program: Program, customer_ids: Sequence[UUID]) -> tuple[Trial, ...]:
    """Return for each of up to five customers what these rules would do, with a reason for each condition.

    Unknown customers are left out. Nothing is written.

    Raises:
        InvalidInput: more than five.
    """
    if len(customer_ids) > MOST:
        raise InvalidInput((FieldProblem("customers", "too-many", {"max": MOST}),))
    live = await get_program(reader)
    people = {one.customer_id: one.full_name for one in await list_customers_by_id(reader, list(customer_ids))}
    stands = await _stands(reader, program.ladder, list(people))
    facts = await _facts(reader, [one for one in (live, program) if one is not None], list(people))
    lasts = await _last_purchases(reader, list(people))
    today = reader.today
    return tuple(
        _Trying(live, program, facts[one], stands.get(one, _Stand("", pinned=False, total=0, step=1)), today).trial(
            one, people[one], lasts.get(one), at=reader, zone=reader.scope.timezone
        )
        for one in customer_ids
        if one in people and one in facts
    )


async def _stands(reader: Reader, ladder: TierLadder | None, ids: Sequence[UUID]) -> dict[UUID, _Stand]:
    standing = await get_standings(reader, ladder)
    rows = await reader.session.execute(select(standing).where(one_of(standing.c.customer_id, ids)))
    return {row.customer_id: _Stand(row.tier, pinned=row.pinned, total=row.value, step=row.step) for row in rows}


async def _facts(reader: Reader, programs: Sequence[Program], ids: Sequence[UUID]) -> dict[UUID, Facts]:
    trees: list[Tree] = []
    for program in programs:
        trees += [rule.when for rule in program.rules if rule.when is not None]
        trees += [tier.when for tier in program.ladder.tiers if tier.when is not None] if program.ladder else []
    if not trees or not ids:
        return {one: {} for one in ids}
    return await list_facts(reader, All(of=tuple(trees)), ids)


async def _last_purchases(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Any]:
    columns = ("purchase_id", "occurred_at", "list_fen", "paid_fen", "pay_percent")
    found = {}
    for one in ids:
        mine = (_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == one, _P.c.refunded_fen < _P.c.paid_fen)
        query = select(*(_P.c[name] for name in columns), cast(_P.c.lines, SqlText).label("lines")).where(*mine)
        row = (await reader.session.execute(query.order_by(_P.c.occurred_at.desc()).limit(1))).first()
        if row is not None:
            found[one] = row
    return found


class _Trying:
    """One customer, both programs."""

    def __init__(self, live: Program | None, draft: Program, facts: Facts, stand: _Stand, today: date) -> None:
        self.live, self.draft, self.facts, self.stand, self.today = live, draft, facts, stand, today

    def trial(self, customer_id: UUID, name: str, last: Any, *, at: Reader, zone: str) -> Trial:
        """Everything about one customer."""
        old, new = self.live.ladder if self.live else None, self.draft.ladder
        before = self.stand.tier or (old.tiers[0].code if old else "")
        after = self._after(new, at=at, zone=zone)
        held, found = find_tier(old, before) if old else None, find_tier(new, after) if new else None
        purchase, given = self._purchase(last, before, after)
        return Trial(
            customer_id=customer_id,
            full_name=name,
            basis=new.basis if new else "",
            total=self.stand.total,
            tier_before=before or None,
            tier_after=after or None,
            label_before=held.label if held else before,
            label_after=found.label if found else after,
            reason=reason_of(old, new, before, after, total=self.stand.total, pinned=self.stand.pinned),
            tiers=self._tiers(new),
            rules=tuple(self._rule(rule, after, given) for rule in self.draft.rules if rule.live and _is_tried(rule)),
            last=purchase,
            pay_percent=Pair(pay_percent(held), pay_percent(found)),
            benefits_before=benefit_labels(held),
            benefits_after=benefit_labels(found),
        )

    def _after(self, ladder: TierLadder | None, *, at: Reader, zone: str) -> str:
        if ladder is None:
            return ""
        if self.stand.pinned:
            return self.stand.tier
        codes = [tier.code for tier in ladder.tiers if tier.when is not None]
        trees = [tier.when for tier in ladder.tiers if tier.when is not None]
        mask = sum(1 << place for place, tree in enumerate(trees) if self._holds(tree))
        alike = Alike(tier=self.stand.tier, step=self.stand.step, mask=mask)
        return tier_published(ladder, alike, codes, at=at.now, zone=zone)

    def _holds(self, tree: Tree | None) -> bool:
        return tree is None or compile_tree(tree, today=self.today)(self.facts)

    def _held(self, tree: Tree | None) -> tuple[Held, ...]:
        return held_of(tree, self.facts, self.today)

    def _tiers(self, ladder: TierLadder | None) -> tuple[TierTrial, ...]:
        return tuple(
            TierTrial(
                code=tier.code,
                label=tier.label,
                threshold=ladder.threshold(tier),
                reached=self.stand.total >= ladder.threshold(tier) and self._holds(tier.when),
                missing=max(0, ladder.threshold(tier) - self.stand.total),
                conditions=self._held(tier.when),
            )
            for tier in (ladder.tiers if ladder else ())
            if ladder is not None
        )

    def _matches(self, program: Program) -> frozenset[str]:
        return frozenset(rule.id for rule in program.rules if rule.when is not None and self._holds(rule.when))

    def _rule(self, rule: AnyRule, tier: str, given: Mapping[str, int]) -> RuleTrial:
        tiers = rule.tiers if isinstance(rule, EarnRate | EarnEvent | Redeem) else ()
        applies = fits(rule, self.today, self._matches(self.draft)) and (not tiers or tier in tiers)
        if isinstance(rule, Campaign):
            applies = applies and is_open(rule, self.today)
        points = rule.points if isinstance(rule, EarnEvent) and applies else given.get(rule.id, 0)
        return RuleTrial(
            rule_id=rule.id,
            kind=kind_of(rule),
            label=rule.label,
            applies=applies,
            conditions=self._held(rule.when),
            points=points,
        )

    def _purchase(self, last: Any, before: str, after: str) -> tuple[PurchaseTrial | None, dict[str, int]]:
        """The last purchase as if it were made today, by each program in the tier that it gives."""
        if last is None:
            return None, {}
        bought = Bought([0], [0], [last.list_fen], [last.paid_fen], [0], [last.pay_percent], [last.lines])
        live = self._replayed(self.live or Program(), bought, before, None)
        draft = self._replayed(self.draft, bought, after, live)
        held = find_tier(self.draft.ladder, after) if self.draft.ladder else None
        paid = paid_under(last.list_fen, last.paid_fen, live.taken[0], pay_percent(held))
        trial = PurchaseTrial(
            purchase_id=last.purchase_id,
            occurred_at=last.occurred_at,
            list_fen=last.list_fen,
            paid_fen=Pair(last.paid_fen, paid),
            points=Pair(live.points, draft.points),
        )
        rates = self.draft.live(EarnRate)
        return trial, {rule.id: draft.rule_points[place] for place, rule in enumerate(rates)}

    def _replayed(self, program: Program, bought: Bought, tier: str, base: Given | None) -> Given:
        mask = sum(1 << place for place, name in enumerate(conditions_of(program)) if self._holds(_tree(program, name)))
        ladder = program.ladder
        held = find_tier(ladder, tier) if ladder else None
        value = ladder.threshold(held) if ladder and held else 0
        return replay(program, bought, Members([tier], [value], [mask]), (self.today,), base)


def _tree(program: Program, name: str) -> Tree | None:
    if name.startswith("tier:") and program.ladder is not None:
        return next(tier.when for tier in program.ladder.tiers if f"tier:{tier.code}" == name)
    rule = program.find(name)
    return rule.when if rule is not None else None


def _is_tried(rule: AnyRule) -> bool:
    return isinstance(rule, EarnRate | EarnEvent | Redeem | Campaign)
