"""Gives a tier by hand for a while; it lies over what was earned and ends by itself."""

from datetime import date
from uuid import UUID

from core.customers.rules.names import clean_text
from core.errors import FieldProblem, InvalidInput
from core.loyalty.actions.accounts import lock_account
from core.loyalty.actions.nights import begin_operation
from core.loyalty.actions.tiers import TierChange, change_tier, standing_of
from core.loyalty.rules.days import local_day
from core.loyalty.rules.tiers import find_tier, pin
from core.programs.queries import get_ladder, get_version_id
from core.uow import UnitOfWork

_MAX_REASON = 200


async def pin_tier(uow: UnitOfWork, *, customer_id: UUID, tier: str, until: date, reason: str) -> TierChange | None:
    """Give a tier by hand until the end of a day; what is earned meanwhile counts afterwards.

    Raises:
        InvalidInput: no such tier, a day in the past, no reason.
    """
    ladder = await get_ladder(uow)
    words = clean_text(reason)
    problems = []
    if ladder is None or find_tier(ladder, tier) is None:
        problems.append(FieldProblem("tier", "unknown-tier"))
    if until < local_day(uow.now, uow.scope.timezone):
        problems.append(FieldProblem("until", "bad-pin"))
    if not words:
        problems.append(FieldProblem("reason", "required"))
    if len(words) > _MAX_REASON:
        problems.append(FieldProblem("reason", "too-long", {"max": _MAX_REASON}))
    if problems or ladder is None:
        raise InvalidInput(tuple(problems))
    locked = await lock_account(uow, customer_id)
    account = locked.mine
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    before = standing_of(account)
    after = pin(before, tier, until)
    change = await change_tier(uow, ledger, account, ladder, before, after, cause="pinned", reason=words)
    await ledger.write()
    details = {"tier": tier, "until": until.isoformat(), "reason": words}
    uow.audit("loyalty.pin_tier", "customer", account.customer_id, details)
    return change
