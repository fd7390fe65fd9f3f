"""Says what points would pay, without touching them: the same rules as paying, on what the wallet holds now."""

from uuid import UUID

from core.hooks.records.loyalty.points import Redeem
from core.loyalty.queries import get_membership, get_wallet
from core.loyalty.rules.days import local_day
from core.loyalty.rules.redeeming import Quote, quote, redeem_rule
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_program
from core.uow import Reader


async def get_quote(
    reader: Reader, customer_id: UUID, *, points: int | None, bill_fen: int | None, clamp: bool = False
) -> Quote | Refusal:
    """Return what so many points pay of a bill (`points` None: as many as possible), or why they cannot."""
    program, wallet = await get_program(reader), await get_wallet(reader, customer_id)
    pooled = program is None or program.ledger.pool == "household"
    rule: Redeem | Refusal | None = None
    if program is not None:
        card = await get_membership(reader, customer_id)
        trees = {one.id: one.when for one in program.live(Redeem) if one.when is not None}
        matches = await reader.match(customer_id, trees)
        day = local_day(reader.now, reader.scope.timezone)
        rule = redeem_rule(program, tier=card.tier.code if card.tier else None, day=day, matches=matches)
    if isinstance(rule, Refusal):
        return rule
    there = wallet.household_balance if pooled else wallet.balance
    return quote(rule, there, bill_fen, points, clamp=clamp)
