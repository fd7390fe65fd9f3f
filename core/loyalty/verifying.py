"""Checks that accounts and lots say what entries and allocations say, and makes the lots anew from them."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from core.loyalty.actions.accounts import lock_both
from core.uow import Reader, UnitOfWork

# What every lot must be by the append-only tables alone. A lot that a merge carried over brings what was settled of its root
# in the details of its entry; `settled` of a reversal says what counts as taken back, wherever the points came from.
_TRUE_LOTS: Final = """
    SELECT c.entry_id AS lot_id, c.customer_id, coalesce(t.root_id, c.entry_id) AS root_id,
           coalesce(CAST(c.details ->> 'earned' AS bigint), c.points) AS earned,
           c.points - coalesce(a.gone, 0) AS remaining,
           coalesce(CAST(c.details ->> 'reversed' AS bigint), 0) + coalesce(r.settled, 0) AS reversed,
           coalesce(CAST(c.details ->> 'expired' AS bigint), 0) + coalesce(a.expired, 0) AS expired,
           c.activates_at, c.expires_at
      FROM ledger_entry c
      LEFT JOIN LATERAL (SELECT c.of_entry_id AS root_id WHERE c.kind = 'transfer') t ON true
      LEFT JOIN LATERAL (
        SELECT sum(x.points) AS gone, sum(x.points) FILTER (WHERE e.kind = 'expire') AS expired
          FROM lot_alloc x JOIN ledger_entry e ON e.tenant_id = x.tenant_id AND e.entry_id = x.entry_id
         WHERE x.tenant_id = c.tenant_id AND x.lot_id = c.entry_id) a ON true
      LEFT JOIN LATERAL (
        SELECT sum(CAST(v.details ->> 'settled' AS bigint)) AS settled
          FROM ledger_entry v
         WHERE v.tenant_id = c.tenant_id AND v.of_entry_id = coalesce(t.root_id, c.entry_id) AND v.kind = 'reversal'
           AND v.details ->> 'lot' = CAST(c.entry_id AS text)) r ON true
     WHERE c.tenant_id = :tenant_id AND c.points > 0
       AND (c.kind IN ('earn', 'grant', 'goodwill', 'give_back')
            OR (c.kind = 'adjust') OR (c.kind = 'transfer' AND c.of_entry_id IS NOT NULL))
"""
_WRONG_LOTS: Final = text(f"""
    WITH truth AS ({_TRUE_LOTS})
    SELECT coalesce(t.customer_id, l.customer_id) AS customer_id, coalesce(t.lot_id, l.lot_id) AS lot_id,
           CASE WHEN l.lot_id IS NULL THEN 'no-lot' WHEN t.lot_id IS NULL THEN 'no-entry' ELSE 'lot-differs' END AS what
      FROM truth t FULL JOIN (SELECT * FROM lot WHERE tenant_id = :tenant_id) l ON l.lot_id = t.lot_id
     WHERE (l.customer_id, l.root_id, l.earned, l.remaining, l.reversed, l.expired)
           IS DISTINCT FROM (t.customer_id, t.root_id, t.earned, t.remaining, t.reversed, t.expired)
     LIMIT :most
""")  # noqa: S608 - two fixed texts of this module
_WRONG_ACCOUNTS: Final = text("""
    SELECT a.customer_id FROM loyalty_account a
      LEFT JOIN (SELECT customer_id, sum(points) AS points, sum(fen) AS fen FROM ledger_entry
                  WHERE tenant_id = :tenant_id GROUP BY customer_id) e ON e.customer_id = a.customer_id
      LEFT JOIN (SELECT customer_id, sum(remaining) FILTER (WHERE state = 'open') AS open,
                        sum(remaining) FILTER (WHERE state = 'pending') AS pending
                   FROM lot WHERE tenant_id = :tenant_id GROUP BY customer_id) l ON l.customer_id = a.customer_id
     WHERE a.tenant_id = :tenant_id
       AND (a.points + a.pending - a.deficit <> coalesce(e.points, 0) OR a.spent_fen <> coalesce(e.fen, 0)
            OR a.points <> coalesce(l.open, 0) OR a.pending <> coalesce(l.pending, 0))
     LIMIT :most
""")
_FORGET: Final = text("DELETE FROM lot WHERE tenant_id = :tenant_id AND customer_id = ANY (CAST(:ids AS uuid[]))")
_REBUILD: Final = text(f"""
    INSERT INTO lot (tenant_id, lot_id, customer_id, root_id, earned, remaining, reversed, expired, activates_at,
                     expires_at, due_at, state)
    SELECT :tenant_id, t.lot_id, t.customer_id, t.root_id, t.earned, t.remaining, t.reversed, t.expired, t.activates_at,
           t.expires_at,
           CASE WHEN t.activates_at > :now THEN t.activates_at WHEN t.remaining > 0 THEN t.expires_at END,
           CASE WHEN t.activates_at > :now THEN 'pending' WHEN t.remaining > 0 THEN 'open' ELSE 'closed' END
      FROM ({_TRUE_LOTS}) t WHERE t.customer_id = ANY (CAST(:ids AS uuid[]))
""")  # noqa: S608 - as above
_RECOUNT: Final = text("""
    UPDATE loyalty_account a
       SET points = coalesce(l.open, 0), pending = coalesce(l.pending, 0), version = a.version + 1,
           deficit = coalesce(l.open, 0) + coalesce(l.pending, 0) - coalesce(e.points, 0), spent_fen = coalesce(e.fen, 0)
      FROM unnest(CAST(:ids AS uuid[])) AS w (customer_id)
      LEFT JOIN (SELECT customer_id, sum(points) AS points, sum(fen) AS fen FROM ledger_entry
                  WHERE tenant_id = :tenant_id GROUP BY customer_id) e ON e.customer_id = w.customer_id
      LEFT JOIN (SELECT customer_id, sum(remaining) FILTER (WHERE state = 'open') AS open,
                        sum(remaining) FILTER (WHERE state = 'pending') AS pending
                   FROM lot WHERE tenant_id = :tenant_id GROUP BY customer_id) l ON l.customer_id = w.customer_id
     WHERE a.tenant_id = :tenant_id AND a.customer_id = w.customer_id
""")
MOST: Final = 1000


class Wrong(msgspec.Struct, frozen=True):
    """Something that does not agree: `account-differs`, `lot-differs`, `no-lot`, `no-entry`."""

    what: str
    customer_id: UUID
    lot_id: UUID | None = None


async def find_wrong(reader: Reader, *, most: int = MOST) -> list[Wrong]:
    """Return what does not agree with the append-only tables; empty when the ledger is whole."""
    values: dict[str, Any] = {"tenant_id": reader.tenant_id, "most": most}
    lots = await reader.session.execute(_WRONG_LOTS, values)
    found = [Wrong(row.what, row.customer_id, row.lot_id) for row in lots]
    accounts = await reader.session.execute(_WRONG_ACCOUNTS, values)
    return found + [Wrong("account-differs", row.customer_id) for row in accounts]


async def rebuild_lots(uow: UnitOfWork, *, customer_ids: list[UUID]) -> None:
    """Make the lots and sums of these accounts anew from entries and allocations, behind their locks."""
    await lock_both(uow, customer_ids)
    values: dict[str, Any] = {"tenant_id": uow.tenant_id, "ids": customer_ids}
    await uow.session.execute(_FORGET, values)
    await uow.session.execute(_REBUILD, values | {"now": uow.now})
    await uow.session.execute(_RECOUNT, values)
    uow.audit("loyalty.rebuild", "loyalty_account", None, {"accounts": len(customer_ids)})
