"""Credits because of a complaint: an entry of their own kind, linked to the case, within the limit of whoever gives them."""

from uuid import UUID

from sqlalchemy import func, select, union_all

from core.db import table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from core.hooks.records.loyalty.offers import Goodwill
from core.hooks.records.loyalty.points import Lifetime, Redeem
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions.accounts import lock_account
from core.loyalty.actions.points import Posted, grant_points
from core.loyalty.models import LedgerEntry
from core.programs.queries import get_program
from core.uow import UnitOfWork

_L = table_of(LedgerEntry)


class NeedsApproval(Forbidden):
    """More than the giver's role may give by itself: `limit_points` and `limit_fen` say how much that is."""

    code = "needs-approval"

    def __init__(self, *, limit_points: int, limit_fen: int) -> None:
        super().__init__(limit_points=limit_points, limit_fen=limit_fen)
        self.limit_points = limit_points


class ComplaintCredited(Conflict):
    """The complaint has been credited with as much as one complaint may be; `left_fen` is what is left."""

    code = "complaint-credited"

    def __init__(self, *, left_fen: int) -> None:
        super().__init__(left_fen=left_fen)
        self.left_fen = left_fen


async def credit_goodwill(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    complaint_id: UUID,
    key: str,
    reason: str,
    points: int | None = None,
    fen: int | None = None,
) -> Posted:
    """Give points because of a complaint, or points worth `fen`, once per `key`; the case stands in the entry.

    A point is worth what the program's redeem rule pays for it. The goodwill rule says how much each role may give by
    itself, and how much one complaint may bring; a role that it does not name gives nothing by itself.

    Raises:
        InvalidInput: neither points nor fen, or a program in which points are worth no money.
        NeedsApproval: more than the limit of the giver's roles.
        ComplaintCredited: more than one complaint may bring.
        KeyReused: the key belongs to something else.
    """
    program = await get_program(uow)
    worth = _worth(program)
    if points is None:
        if not fen or fen < 0 or not worth:
            code = "points-not-positive" if worth else "no-redeem-rule"
            raise InvalidInput((FieldProblem("fen", code),))
        points = -(-fen // worth)
    rule = next(iter(program.live(Goodwill)), None) if program is not None else None
    if rule is not None:
        value = points * (worth or 1)
        _judge_role(uow, rule, value, worth)
        # The account first: two credits at once would each count what the complaint had brought without the other.
        await lock_account(uow, customer_id)
        await _judge_complaint(uow, rule, complaint_id, key, value, worth)
    life = Lifetime(months=rule.valid_months) if rule is not None else None
    return await grant_points(
        uow,
        customer_id=customer_id,
        points=points,
        key=key,
        reason=reason,
        kind="goodwill",
        lifetime=life,
        ref_id=complaint_id,
    )


def _worth(program: Program | None) -> int:
    """The fen that a point pays, by the dearest of the redeem rules; 0 where points pay nothing."""
    return max((rule.fen_per_point for rule in program.live(Redeem)), default=0) if program is not None else 0


def _judge_role(uow: UnitOfWork, rule: Goodwill, value: int, worth: int) -> None:
    if not rule.limits:
        return
    most = max((limit.max_fen for limit in rule.limits if limit.role in uow.actor.roles), default=0)
    if value > most:
        raise NeedsApproval(limit_points=most // (worth or 1), limit_fen=most)


async def _judge_complaint(
    uow: UnitOfWork, rule: Goodwill, complaint_id: UUID, key: str, value: int, worth: int
) -> None:
    if rule.max_fen_per_complaint is None:
        return
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.ref_id == complaint_id, _L.c.kind == "goodwill", _L.c.key != key)
    given = select(_L.c.entry_id, _L.c.points).where(*mine).cte("given")
    undone = select(_L.c.points).where(_L.c.tenant_id == uow.tenant_id, _L.c.of_entry_id.in_(select(given.c.entry_id)))
    stand = union_all(select(given.c.points), undone.where(_L.c.kind == "reversal")).subquery()
    points = await uow.session.scalar(select(func.coalesce(func.sum(stand.c.points), 0)))
    left = rule.max_fen_per_complaint - int(points or 0) * (worth or 1)
    if value > left:
        raise ComplaintCredited(left_fen=max(0, left))
