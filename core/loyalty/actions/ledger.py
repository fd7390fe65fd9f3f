"""One operation on locked accounts: collects its entries, allocations and lots, and writes them in one statement."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.db import encode_json, new_id
from core.errors import Conflict
from core.loyalty.actions.accounts import Account, KnownEntry, Locked
from core.loyalty.rules.lots import Lot, Take, due, due_activations, pay_deficit
from core.uow import UnitOfWork

MAX_KEY: Final = 100


class KeyReused(Conflict):
    """The idempotency key belongs to something else: another customer, another amount, another operation."""

    code = "key-reused"


_WRITE: Final = text("""
    WITH entry AS (
      INSERT INTO ledger_entry (tenant_id, entry_id, customer_id, kind, fen, points, key, ref_id, rule_version, rule_id,
                                reason, of_entry_id, details, activates_at, expires_at, occurred_at, recorded_at,
                                actor_id, actor_name)
      SELECT CAST(:tenant_id AS uuid), e.entry_id, e.customer_id, e.kind, e.fen, e.points, e.key, e.ref_id,
             e.rule_version, e.rule_id, e.reason, e.of_entry_id, CAST(e.details AS jsonb), e.activates_at, e.expires_at,
             e.occurred_at, CAST(:now AS timestamptz), CAST(:actor_id AS uuid), CAST(:actor_name AS text)
        FROM unnest(CAST(:entry_id AS uuid[]), CAST(:customer_id AS uuid[]), CAST(:kind AS text[]),
                    CAST(:fen AS bigint[]), CAST(:points AS bigint[]), CAST(:key AS text[]), CAST(:ref_id AS uuid[]),
                    CAST(:rule_version AS text[]), CAST(:rule_id AS text[]), CAST(:reason AS text[]),
                    CAST(:of_entry_id AS uuid[]), CAST(:details AS text[]), CAST(:activates_at AS timestamptz[]),
                    CAST(:expires_at AS timestamptz[]), CAST(:occurred_at AS timestamptz[]))
          AS e (entry_id, customer_id, kind, fen, points, key, ref_id, rule_version, rule_id, reason, of_entry_id, details,
                activates_at, expires_at, occurred_at)
    ), alloc AS (
      INSERT INTO lot_alloc (tenant_id, entry_id, lot_id, points)
      SELECT CAST(:tenant_id AS uuid), x.entry_id, x.lot_id, x.points
        FROM unnest(CAST(:x_entry AS uuid[]), CAST(:x_lot AS uuid[]), CAST(:x_points AS bigint[]))
          AS x (entry_id, lot_id, points)
    ), made AS (
      INSERT INTO lot (tenant_id, lot_id, customer_id, root_id, earned, remaining, reversed, expired, activates_at,
                       expires_at, due_at, state)
      SELECT CAST(:tenant_id AS uuid), m.lot_id, m.customer_id, m.root_id, m.earned, m.remaining, m.reversed, m.expired,
             m.activates_at, m.expires_at, m.due_at, m.state
        FROM unnest(CAST(:m_lot AS uuid[]), CAST(:m_customer AS uuid[]), CAST(:m_root AS uuid[]),
                    CAST(:m_earned AS bigint[]), CAST(:m_remaining AS bigint[]), CAST(:m_reversed AS bigint[]),
                    CAST(:m_expired AS bigint[]), CAST(:m_activates AS timestamptz[]), CAST(:m_expires AS timestamptz[]),
                    CAST(:m_due AS timestamptz[]), CAST(:m_state AS text[]))
          AS m (lot_id, customer_id, root_id, earned, remaining, reversed, expired, activates_at, expires_at, due_at, state)
    ), changed AS (
      UPDATE lot SET remaining = c.remaining, reversed = c.reversed, expired = c.expired, due_at = c.due_at,
                     state = c.state
        FROM unnest(CAST(:c_lot AS uuid[]), CAST(:c_remaining AS bigint[]), CAST(:c_reversed AS bigint[]),
                    CAST(:c_expired AS bigint[]), CAST(:c_due AS timestamptz[]), CAST(:c_state AS text[]))
          AS c (lot_id, remaining, reversed, expired, due_at, state)
       WHERE lot.tenant_id = :tenant_id AND lot.lot_id = c.lot_id
    )
    UPDATE loyalty_account a
       SET spent_fen = s.spent_fen, points = s.points, pending = s.pending, deficit = s.deficit, earned = s.earned,
           tier = s.tier, tier_since = s.tier_since, tier_review_on = s.tier_review_on, earned_tier = s.earned_tier,
           pinned_until = s.pinned_until, version = a.version + 1
      FROM unnest(CAST(:s_customer_id AS uuid[]), CAST(:s_spent_fen AS bigint[]), CAST(:s_points AS bigint[]),
                  CAST(:s_pending AS bigint[]), CAST(:s_deficit AS bigint[]), CAST(:s_earned AS bigint[]),
                  CAST(:s_tier AS text[]), CAST(:s_tier_since AS timestamptz[]), CAST(:s_tier_review_on AS date[]),
                  CAST(:s_earned_tier AS text[]), CAST(:s_pinned_until AS date[]))
        AS s (customer_id, spent_fen, points, pending, deficit, earned, tier, tier_since, tier_review_on, earned_tier,
              pinned_until)
     WHERE a.tenant_id = :tenant_id AND a.customer_id = s.customer_id
""")
_ENTRY: Final = (
    *("entry_id", "customer_id", "kind", "fen", "points", "key", "ref_id", "rule_version", "rule_id", "reason"),
    *("of_entry_id", "details", "activates_at", "expires_at", "occurred_at"),
)
_STATE: Final = (
    *("customer_id", "spent_fen", "points", "pending", "deficit", "earned", "tier", "tier_since", "tier_review_on"),
    *("earned_tier", "pinned_until"),
)


class Ledger:
    """What one operation does to the accounts that it locked; nothing is written before `write`."""

    def __init__(self, uow: UnitOfWork, accounts: Mapping[UUID, Account], *, rule_version: str) -> None:
        self.accounts = accounts
        self.rule_version = rule_version
        self.refunds_lower = True
        """Refunds lower what tiers count."""
        self._uow = uow
        self._entries: list[dict[str, Any]] = []
        self._allocs: dict[tuple[UUID, UUID], int] = {}
        self._made: dict[UUID, Account] = {}
        self._changed: dict[UUID, Account] = {}
        self._touched: dict[UUID, Account] = {}

    @property
    def touched(self) -> bool:
        """Something is to be written."""
        return bool(self._touched)

    def touch(self, account: Account) -> None:
        """Write this account's state, which somebody changed."""
        self._touched[account.customer_id] = account

    def post(
        self,
        account: Account,
        *,
        kind: str,
        key: str,
        points: int = 0,
        fen: int = 0,
        ref_id: UUID | None = None,
        rule_id: str = "",
        reason: str = "",
        of_entry_id: UUID | None = None,
        details: dict[str, Any] | None = None,
        activates_at: datetime | None = None,
        expires_at: datetime | None = None,
        at: datetime | None = None,
        rule_version: str | None = None,
    ) -> UUID:
        """Append an entry and return its id; what it does to lots and sums is said by the other methods."""
        entry_id = new_id()
        self._entries.append(
            {
                "entry_id": entry_id,
                "customer_id": account.customer_id,
                "kind": kind,
                "fen": fen,
                "points": points,
                "key": key,
                "ref_id": ref_id,
                "rule_version": self.rule_version if rule_version is None else rule_version,
                "rule_id": rule_id,
                "reason": reason,
                "of_entry_id": of_entry_id,
                "details": None if details is None else encode_json(details),
                "activates_at": activates_at,
                "expires_at": expires_at,
                "occurred_at": at or self._uow.now,
            }
        )
        account.spent_fen += fen
        self.touch(account)
        return entry_id

    def credit(
        self,
        account: Account,
        *,
        kind: str,
        key: str,
        points: int,
        activates_at: datetime | None = None,
        expires_at: datetime | None = None,
        earned: int | None = None,
        root_id: UUID | None = None,
        reversed_points: int = 0,
        expired_points: int = 0,
        counts: bool = True,
        **entry: Any,
    ) -> UUID:
        """Append an entry that brings points, and open its lot; the debt is paid first.

        A lot that a merge carries over brings its past along: `root_id` and what of the first credit is settled.
        `counts` is False for points that were earned once before.
        """
        entry_id = self.post(
            account,
            kind=kind,
            key=key,
            points=points,
            activates_at=activates_at,
            expires_at=expires_at,
            **entry,
        )
        paid, rest = pay_deficit(points, account.deficit)
        account.deficit -= paid
        active = activates_at is None or activates_at <= self._uow.now
        lot = Lot(
            lot_id=entry_id,
            earned=points if earned is None else earned,
            remaining=rest,
            activates_at=activates_at,
            expires_at=expires_at,
            reversed=reversed_points,
            expired=expired_points,
            active=active,
        )
        if paid:
            self._allocs[entry_id, entry_id] = paid
        account.lots[entry_id] = lot
        account.roots[entry_id] = root_id or entry_id
        self._made[entry_id] = account
        if active:
            account.points += rest
            account.earned += points if counts else 0
        else:
            account.pending += rest
        return entry_id

    def draw(self, account: Account, entry_id: UUID, lot_id: UUID, points: int, *, expired: bool = False) -> None:
        """Let points of a lot go with an entry."""
        if points == 0:
            return
        lot = account.lots[lot_id]
        gone = {"remaining": lot.remaining - points, "expired": lot.expired + (points if expired else 0)}
        self._allocs[entry_id, lot_id] = self._allocs.get((entry_id, lot_id), 0) + points
        self._set_lot(account, msgspec.structs.replace(lot, **gone))
        if lot.active:
            account.points -= points
        else:
            account.pending -= points

    def settle(self, account: Account, lot_id: UUID, points: int) -> None:
        """Count points of a credit as taken back, wherever they came from."""
        lot = account.lots[lot_id]
        self._set_lot(account, msgspec.structs.replace(lot, reversed=lot.reversed + points))
        if lot.active and self.refunds_lower:
            account.earned -= points

    def draw_all(self, entries: Mapping[UUID, UUID], takes: Iterable[Take]) -> None:
        """Let the takes go with the entry of the account that holds each lot; `entries` is by customer."""
        for one in takes:
            account = self.holder(one.lot_id)
            self.draw(account, entries[account.customer_id], one.lot_id, one.points)

    def holder(self, lot_id: UUID) -> Account:
        """The account that holds a lot."""
        return next(account for account in self.accounts.values() if lot_id in account.lots)

    def activate(self, account: Account, at: datetime) -> int:
        """Let pending lots whose time has come count; return their points."""
        found = due_activations(account.lots.values(), at)
        points = 0
        for lot_id in found:
            lot = account.lots[lot_id]
            points += lot.remaining
            account.pending -= lot.remaining
            account.points += lot.remaining
            account.earned += lot.earned - (lot.reversed if self.refunds_lower else 0)
            self._set_lot(account, msgspec.structs.replace(lot, active=True))
        return points

    def expire(self, account: Account, at: datetime) -> int:
        """Close lots past their end, with one entry each; return their points."""
        points = 0
        for one in due(account.lots.values(), at):
            entry_id = self.post(
                account,
                kind="expire",
                key=f"expire:{one.lot_id}",
                points=-one.points,
                of_entry_id=one.lot_id,
                at=account.lots[one.lot_id].expires_at,
            )
            self.draw(account, entry_id, one.lot_id, one.points, expired=True)
            points += one.points
        return points

    def _set_lot(self, account: Account, lot: Lot) -> None:
        account.lots[lot.lot_id] = lot
        if lot.lot_id not in self._made:
            self._changed[lot.lot_id] = account
        self.touch(account)

    async def write(self) -> None:
        """Write everything in one statement.

        Raises:
            KeyReused: another account took a key of these entries in the same moment; the unit is lost.
        """
        if not self._touched:
            return
        made = [(self._made[one], self._made[one].lots[one]) for one in self._made]
        changed = [self._changed[one].lots[one] for one in self._changed]
        values: dict[str, Any] = {
            "tenant_id": self._uow.tenant_id,
            "now": self._uow.now,
            "actor_id": self._uow.actor.id,
            "actor_name": self._uow.actor.name,
            "x_entry": [entry for entry, _ in self._allocs],
            "x_lot": [lot for _, lot in self._allocs],
            "x_points": list(self._allocs.values()),
            "m_lot": [lot.lot_id for _, lot in made],
            "m_customer": [account.customer_id for account, _ in made],
            "m_root": [account.roots[lot.lot_id] for account, lot in made],
            "m_earned": [lot.earned for _, lot in made],
            "m_remaining": [lot.remaining for _, lot in made],
            "m_reversed": [lot.reversed for _, lot in made],
            "m_expired": [lot.expired for _, lot in made],
            "m_activates": [lot.activates_at for _, lot in made],
            "m_expires": [lot.expires_at for _, lot in made],
            "m_due": [_due_at(lot) for _, lot in made],
            "m_state": [_state(lot) for _, lot in made],
            "c_lot": [lot.lot_id for lot in changed],
            "c_remaining": [lot.remaining for lot in changed],
            "c_reversed": [lot.reversed for lot in changed],
            "c_expired": [lot.expired for lot in changed],
            "c_due": [_due_at(lot) for lot in changed],
            "c_state": [_state(lot) for lot in changed],
        }
        for name in _ENTRY:
            values[name] = [entry[name] for entry in self._entries]
        for name in _STATE:
            values[f"s_{name}"] = [getattr(account, name) for account in self._touched.values()]
        try:
            await self._uow.session.execute(_WRITE, values)
        except IntegrityError as error:
            if "ledger_entry_tenant_id_key_key" not in str(error.orig):
                raise
            raise KeyReused(key=str(self._entries[0]["key"])) from error
        self._entries, self._allocs = [], {}
        self._made, self._changed, self._touched = {}, {}, {}


def same_operation(locked: Locked, *, kind: str, key: str) -> KnownEntry:
    """The entry that a repeated key stands for; KeyReused when it belongs to another account or operation."""
    known = locked.known
    if known is None or known.customer_id != locked.mine.customer_id or known.kind != kind:
        raise KeyReused(key=key)
    return known


def _state(lot: Lot) -> str:
    if not lot.active:
        return "pending"
    return "open" if lot.remaining else "closed"


def _due_at(lot: Lot) -> datetime | None:
    if not lot.active:
        return lot.activates_at
    return lot.expires_at if lot.remaining else None
