"""One operation on locked accounts: collects its entries, allocations and lots, and writes them in one statement."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError

from core.db import encode_json, new_id
from core.errors import Conflict
from core.loyalty.actions.accounts import Account, KnownEntry, Locked
from core.loyalty.actions.writing import Rows, write_rows
from core.loyalty.rules.lots import Lot, Take, due, due_activations, pay_deficit
from core.uow import UnitOfWork

MAX_KEY: Final = 100


class KeyReused(Conflict):
    """The idempotency key belongs to something else: another customer, another amount, another operation."""

    code = "key-reused"


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

    def _announce(self) -> None:
        """Tell webhooks of every balance that these entries move."""
        moved: dict[UUID, list[dict[str, Any]]] = {}
        for entry in self._entries:
            if entry["points"]:
                one = {"entry_id": entry["entry_id"], "kind": entry["kind"], "points": entry["points"]}
                moved.setdefault(entry["customer_id"], []).append(one)
        for account in self._touched.values():
            if account.customer_id in moved:
                sums = {"balance": account.points, "pending": account.pending, "deficit": account.deficit}
                told = {"customer_id": account.customer_id, **sums, "entries": moved[account.customer_id]}
                self._uow.announce("points.changed", told)

    async def write(self) -> None:
        """Write everything in one statement.

        Raises:
            KeyReused: another account took a key of these entries in the same moment; the unit is lost.
        """
        if not self._touched:
            return
        allocs = [
            {"entry_id": entry_id, "lot_id": lot_id, "points": points}
            for (entry_id, lot_id), points in self._allocs.items()
        ]
        made = [
            _lot_row(account.lots[one]) | {"customer_id": account.customer_id, "root_id": account.roots[one]}
            for one, account in self._made.items()
        ]
        changed = [_lot_row(account.lots[one]) for one, account in self._changed.items()]
        accounts = list(self._touched.values())
        rows = Rows(entries=self._entries, allocs=allocs, made=made, changed=changed, accounts=accounts)
        self._announce()
        try:
            await write_rows(self._uow, rows)
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


def _lot_row(lot: Lot) -> dict[str, Any]:
    return {
        "lot_id": lot.lot_id,
        "earned": lot.earned,
        "remaining": lot.remaining,
        "reversed": lot.reversed,
        "expired": lot.expired,
        "activates_at": lot.activates_at,
        "expires_at": lot.expires_at,
        "due_at": _due_at(lot),
        "state": _state(lot),
    }
