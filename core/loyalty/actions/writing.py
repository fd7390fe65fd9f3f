"""Writes the rows of one operation in one statement: entries, allocations, lots and accounts."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from core.loyalty.actions.accounts import STATE, Account
from core.loyalty.actions.statements import Statement, make_statement, run_driver_sql
from core.uow import UnitOfWork

_ENTRY: Final[Mapping[str, str]] = {
    "entry_id": "uuid",
    "customer_id": "uuid",
    "kind": "text",
    "fen": "bigint",
    "points": "bigint",
    "key": "text",
    "ref_id": "uuid",
    "rule_version": "text",
    "rule_id": "text",
    "reason": "text",
    "of_entry_id": "uuid",
    "details": "text",
    "activates_at": "timestamptz",
    "expires_at": "timestamptz",
    "occurred_at": "timestamptz",
}
_ALLOC: Final[Mapping[str, str]] = {"entry_id": "uuid", "lot_id": "uuid", "points": "bigint"}
_SET: Final[Mapping[str, str]] = {
    "remaining": "bigint",
    "reversed": "bigint",
    "expired": "bigint",
    "due_at": "timestamptz",
    "state": "text",
}
_LOT: Final[Mapping[str, str]] = {
    "lot_id": "uuid",
    "customer_id": "uuid",
    "root_id": "uuid",
    "earned": "bigint",
    "activates_at": "timestamptz",
    "expires_at": "timestamptz",
    **_SET,
}
_STATE: Final[Mapping[str, str]] = {
    "spent_fen": "bigint",
    "points": "bigint",
    "pending": "bigint",
    "deficit": "bigint",
    "earned": "bigint",
    "tier": "text",
    "tier_since": "timestamptz",
    "tier_review_on": "date",
    "earned_tier": "text",
    "pinned_until": "date",
}
_WORDS: Final = frozenset({"rule_id", "reason"})
"""Empty by default."""
_FEW: Final = 10
"""Up to so many rows are written value by value: PostgreSQL plans such a statement once per connection, where it looks at
arrays anew each time, for five times the cost of the work. Shapes of statements are few, as operations are."""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation writes."""

    entries: Sequence[Mapping[str, Any]]
    allocs: Sequence[Mapping[str, Any]]
    made: Sequence[Mapping[str, Any]]
    changed: Sequence[Mapping[str, Any]]
    accounts: Sequence[Account]


async def write_rows(uow: UnitOfWork, rows: Rows) -> None:
    """Write everything at once; accounts and lots are locked, entries and allocations are new."""
    values: dict[str, Any] = {
        "tenant_id": uow.tenant_id,
        "now": uow.now,
        "actor_id": uow.actor.id,
        "actor_name": uow.actor.name,
    }
    count = len(rows.entries) + len(rows.allocs) + len(rows.made) + len(rows.changed) + len(rows.accounts)
    statement = _few(rows, values) if count <= _FEW else _many(rows, values)
    await run_driver_sql(uow, statement, values)
    for account in rows.accounts:
        account.stored = state_of(account)


def state_of(account: Account) -> tuple[Any, ...]:
    """The columns of an account that operations move."""
    return tuple(getattr(account, name) for name in STATE)


def _few(rows: Rows, values: dict[str, Any]) -> Statement:
    entries, accounts = [], []
    for number, entry in enumerate(rows.entries):
        names = tuple(name for name in _ENTRY if entry[name] is not None and (entry[name] or name not in _WORDS))
        entries.append(names)
        values.update((f"e{number}_{name}", entry[name]) for name in names)
    for letter, some, columns in (("x", rows.allocs, _ALLOC), ("m", rows.made, _LOT)):
        for number, row in enumerate(some):
            values.update((f"{letter}{number}_{name}", row[name]) for name in columns)
    for number, row in enumerate(rows.changed):
        values[f"c{number}_lot_id"] = row["lot_id"]
        values.update((f"c{number}_{name}", row[name]) for name in _SET)
    for number, account in enumerate(rows.accounts):
        changed = tuple(name for name, old in zip(STATE, account.stored, strict=True) if getattr(account, name) != old)
        accounts.append(changed)
        values[f"a{number}_customer_id"] = account.customer_id
        values.update((f"a{number}_{name}", getattr(account, name)) for name in changed)
    return _few_statement(tuple(entries), len(rows.allocs), len(rows.made), len(rows.changed), tuple(accounts))


@lru_cache(maxsize=1000)
def _few_statement(
    entries: tuple[tuple[str, ...], ...], allocs: int, made: int, changed: int, accounts: tuple[tuple[str, ...], ...]
) -> Statement:
    parts = []
    for number, names in enumerate(entries):
        stamp = {"recorded_at": ":now", "actor_id": ":actor_id", "actor_name": ":actor_name"}
        put = {name: f":e{number}_{name}" for name in names} | stamp
        if "details" in put:
            put["details"] = f"CAST(CAST({put['details']} AS text) AS jsonb)"
        parts.append(_insert("ledger_entry", put))
    parts += [_insert("lot_alloc", {name: f":x{number}_{name}" for name in _ALLOC}) for number in range(allocs)]
    parts += [_insert("lot", {name: f":m{number}_{name}" for name in _LOT}) for number in range(made)]
    for number in range(changed):
        sets = ", ".join(f"{name} = :c{number}_{name}" for name in _SET)
        parts.append(f"UPDATE lot SET {sets} WHERE tenant_id = :tenant_id AND lot_id = :c{number}_lot_id")  # noqa: S608 - made of this module's own names; every value is bound
    for number, names in enumerate(accounts):
        sets = "".join(f"{name} = :a{number}_{name}, " for name in names)
        whose = f"tenant_id = :tenant_id AND customer_id = :a{number}_customer_id"
        parts.append(f"UPDATE loyalty_account SET {sets}version = version + 1 WHERE {whose}")  # noqa: S608 - made of this module's own names; every value is bound
    *before, last = parts
    ahead = ", ".join(f"p{number} AS ({part})" for number, part in enumerate(before))
    return make_statement(f"WITH {ahead} {last}" if before else last)


def _insert(table: str, put: Mapping[str, str]) -> str:
    return f"INSERT INTO {table} (tenant_id, {', '.join(put)}) VALUES (:tenant_id, {', '.join(put.values())})"  # noqa: S608 - made of this module's own names; every value is bound


def _many(rows: Rows, values: dict[str, Any]) -> Statement:
    for letter, some, columns in (("e", rows.entries, _ENTRY), ("x", rows.allocs, _ALLOC), ("m", rows.made, _LOT)):
        values.update((f"{letter}_{name}", [row[name] for row in some]) for name in columns)
    values["c_lot_id"] = [row["lot_id"] for row in rows.changed]
    values.update((f"c_{name}", [row[name] for row in rows.changed]) for name in _SET)
    values["a_customer_id"] = [account.customer_id for account in rows.accounts]
    values.update((f"a_{name}", [getattr(account, name) for account in rows.accounts]) for name in _STATE)
    return _MANY


def _unnest(letter: str, columns: Mapping[str, str]) -> str:
    arrays = ", ".join(f"CAST(:{letter}_{name} AS {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) AS {letter} ({', '.join(columns)})"


def _insert_many(table: str, letter: str, columns: Mapping[str, str], stamp: Mapping[str, str]) -> str:
    read = [f"CAST(e.{name} AS jsonb)" if name == "details" else f"{letter}.{name}" for name in columns]
    names = ", ".join(("tenant_id", *columns, *stamp))
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(('CAST(:tenant_id AS uuid)', *read, *stamp.values()))} FROM {_unnest(letter, columns)}"  # noqa: S608 - made of this module's own names; every value is bound


def _update_many(table: str, letter: str, key: str, columns: Mapping[str, str], more: str = "") -> str:
    sets = ", ".join(f"{name} = {letter}.{name}" for name in columns) + more
    found = f"{table}.tenant_id = :tenant_id AND {table}.{key} = {letter}.{key}"
    return f"UPDATE {table} SET {sets} FROM {_unnest(letter, {key: 'uuid', **columns})} WHERE {found}"  # noqa: S608 - made of this module's own names; every value is bound


_STAMP: Final = {
    "recorded_at": "CAST(:now AS timestamptz)",
    "actor_id": "CAST(:actor_id AS uuid)",
    "actor_name": "CAST(:actor_name AS text)",
}
_MANY: Final = make_statement(
    f"WITH entry AS ({_insert_many('ledger_entry', 'e', _ENTRY, _STAMP)}),"
    f" alloc AS ({_insert_many('lot_alloc', 'x', _ALLOC, {})}),"
    f" made AS ({_insert_many('lot', 'm', _LOT, {})}),"
    f" changed AS ({_update_many('lot', 'c', 'lot_id', _SET)})"
    f" {_update_many('loyalty_account', 'a', 'customer_id', _STATE, ', version = loyalty_account.version + 1')}"
)
