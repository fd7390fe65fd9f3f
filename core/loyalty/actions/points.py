"""Points that come by themselves: granted, corrected by hand, and earned by what happens besides purchases."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from core.customers.actions import record_event
from core.customers.rules.names import clean_text
from core.errors import Conflict, FieldProblem, InvalidInput
from core.hooks.records.loyalty.points import LedgerPolicy, Lifetime
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions.accounts import Account, Locked, lock_account
from core.loyalty.actions.earning import credit_all, event_credits
from core.loyalty.actions.ledger import MAX_KEY, KeyReused, same_operation
from core.loyalty.actions.nights import begin_operation, pass_time
from core.loyalty.actions.tiers import settle_tier
from core.loyalty.rules.days import activation, expiry
from core.loyalty.rules.lots import manual_lifetime, take
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_ladder, get_program, get_version_id
from core.uow import UnitOfWork

MOST_POINTS: Final = 1_000_000_000
"""More than anybody can have is a slip of the finger."""
MAX_REASON: Final = 200
# Keys that the ledger makes itself; nobody may take one away.
RESERVED: Final = ("purchase:", "refund:", "expire:", "opening:", "reversal:", "merge:")


class PointsRefused(Conflict):
    """The rules do not allow it; `refusal` is a word of core/loyalty/rules/refusals.py, and the code of this error."""

    code = "points-refused"
    bears = (
        "not-enough-points",
        "no-redeem-rule",
        "not-whole-steps",
        "below-minimum",
        "above-maximum",
        "bill-too-small",
        "above-bill-share",
        "nothing-to-give-back",
    )

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal=refusal.code, **refusal.params)
        self.refusal = refusal
        self.code = refusal.code  # type: ignore[misc] # every refusal has a text of its own


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation did; `balance` is what the account (or the pool that paid) can spend afterwards."""

    entry_id: UUID
    customer_id: UUID
    points: int
    """Signed, of all accounts that it touched."""
    fen: int = 0
    """What spent points pay."""
    balance: int = 0
    replayed: bool = False


async def grant_points(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    points: int,
    key: str,
    reason: str,
    rule: str | None = None,
    kind: str = "grant",
    lifetime: Lifetime | None = None,
    ref_id: UUID | None = None,
) -> Posted:
    """Give points, once per `key`: by hand with a reason, or by a rule (its id) for what somebody did.

    Without a `lifetime` they live as long as the program says of points granted by hand. A debt is paid first.

    Raises:
        InvalidInput: no points, no reason, a bad key.
        KeyReused: the key belongs to something else.
    """
    words = checked(points=points, key=key, reason=reason, needs_reason=rule is None)
    program = await get_program(uow)
    locked = await lock_account(uow, customer_id, key=key)
    account = locked.mine
    if locked.known is not None:
        return _again(locked, kind=kind, key=key, points=points)
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    life = lifetime or manual_lifetime(policy_of(program))
    zone = uow.scope.timezone
    begins = activation(uow.now, life, zone)
    entry_id = ledger.credit(
        account,
        kind=kind,
        key=key,
        points=points,
        activates_at=begins,
        expires_at=expiry(begins or uow.now, life, zone),
        rule_id=rule or "",
        reason=words,
        ref_id=ref_id,
    )
    await settle_tier(uow, ledger, account, cause=kind, ref_id=ref_id)
    await ledger.write()
    await _tell(uow, account, kind=kind, points=points, reason=words, ref_id=entry_id, by_hand=rule is None)
    return Posted(entry_id=entry_id, customer_id=account.customer_id, points=points, balance=account.points)


async def adjust_points(uow: UnitOfWork, *, customer_id: UUID, points: int, key: str, reason: str) -> Posted:
    """Correct a balance by hand: up like a grant, or down, all or nothing, from what would be spent first.

    Raises:
        InvalidInput: no points, no reason, a bad key.
        PointsRefused: fewer points are there than shall go.
        KeyReused: the key belongs to something else.
    """
    if points > 0:
        return await grant_points(uow, customer_id=customer_id, points=points, key=key, reason=reason, kind="adjust")
    words = checked(points=-points, key=key, reason=reason, needs_reason=True)
    locked = await lock_account(uow, customer_id, key=key)
    account = locked.mine
    if locked.known is not None:
        return _again(locked, kind="adjust", key=key, points=points)
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    takes = take(account.lots.values(), -points, uow.now)
    if isinstance(takes, Refusal):
        raise PointsRefused(takes)
    entry_id = ledger.post(account, kind="adjust", key=key, points=points, reason=words)
    ledger.draw_all({account.customer_id: entry_id}, takes)
    await settle_tier(uow, ledger, account, cause="adjust")
    await ledger.write()
    await _tell(uow, account, kind="adjust", points=points, reason=words, ref_id=entry_id, by_hand=True)
    return Posted(entry_id=entry_id, customer_id=account.customer_id, points=points, balance=account.points)


async def earn_event(
    uow: UnitOfWork, *, customer_id: UUID, event: str, key: str, at: datetime | None = None
) -> Posted | None:
    """Let an event (registered, birthday, review, ...) earn what the rules give for it, once per `key`.

    None when no rule names the event for this member, or its limit for the period is reached.

    Raises:
        KeyReused: the key belongs to something else.
    """
    checked(points=1, key=key, reason="", needs_reason=False)
    moment = at or uow.now
    locked = await lock_account(uow, customer_id, key=key)
    account = locked.mine
    if locked.known is not None:
        return _again(locked, kind="earn", key=key, points=None)
    version = await get_version_id(uow, moment)
    ledger = await begin_operation(uow, locked, rule_version=version)
    credited = await event_credits(uow, account, event, moment)
    if not credited:
        return None
    keys = [key, *(f"{key}|{one.rule_id}" for one in credited[1:])]
    ids = credit_all(ledger, account, credited, keys=keys, ref_id=None, at=moment)
    await pass_time(uow, ledger, account, await get_ladder(uow))
    await settle_tier(uow, ledger, account, cause="earn")
    await ledger.write()
    points = sum(one.points for one in credited)
    data = {"kind": "earn", "event": event, "points": points}
    await record_event(uow, customer_id=account.customer_id, kind="points", data=data, ref_id=ids[0], at=at)
    return Posted(entry_id=ids[0], customer_id=account.customer_id, points=points, balance=account.points)


def checked(*, points: int, key: str, reason: str, needs_reason: bool) -> str:
    """The reason, cleaned; every problem at once otherwise."""
    words = clean_text(reason)
    problems = []
    if points <= 0:
        problems.append(FieldProblem("points", "points-not-positive"))
    elif points > MOST_POINTS:
        problems.append(FieldProblem("points", "points-too-large", {"max": MOST_POINTS}))
    if not key or len(key) > MAX_KEY or key.startswith(RESERVED):
        problems.append(FieldProblem("key", "bad-key"))
    if needs_reason and not words:
        problems.append(FieldProblem("reason", "required"))
    if len(words) > MAX_REASON:
        problems.append(FieldProblem("reason", "too-long", {"max": MAX_REASON}))
    if problems:
        raise InvalidInput(tuple(problems))
    return words


def policy_of(program: Program | None) -> LedgerPolicy:
    """The ledger's policy; the default where no program is in force."""
    return program.ledger if program is not None else LedgerPolicy()


def _again(locked: Locked, *, kind: str, key: str, points: int | None) -> Posted:
    """What this key did when it came first; KeyReused when that was something else."""
    known = same_operation(locked, kind=kind, key=key)
    if points is not None and known.points != points:
        raise KeyReused(key=key)
    account = locked.mine
    return Posted(
        entry_id=known.entry_id,
        customer_id=account.customer_id,
        points=known.points,
        balance=account.points,
        replayed=True,
    )


async def _tell(
    uow: UnitOfWork, account: Account, *, kind: str, points: int, reason: str, ref_id: UUID, by_hand: bool
) -> None:
    """Points given by hand stand in the timeline and in the audit; those of a rule are told by whoever ran the rule."""
    if not by_hand:
        return
    data = {"kind": kind, "points": points, "reason": reason}
    await record_event(uow, customer_id=account.customer_id, kind="points", data=data, ref_id=ref_id)
    uow.audit(f"loyalty.{kind}", "customer", account.customer_id, {"points": points, "reason": reason})
