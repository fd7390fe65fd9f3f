"""Versions of a program as facts: when each is in force, and what stands in the way of publishing another."""

import hashlib
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from core.hooks.records.loyalty.program import Program

VersionState = Literal["planned", "in-force", "past", "withdrawn"]
DraftState = Literal["draft", "pending", "rejected"]
# Own design: whoever plans further ahead than a year, or publishes on figures older than a week, should look again.
FARTHEST: Final = timedelta(days=366)
EFFECT_KEEPS: Final = timedelta(days=7)
MAX_NOTE: Final = 300
MAX_RULES: Final = 300
MAX_BYTES: Final = 512_000


class VersionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One published version; its rules never change."""

    program_id: str
    number: int
    digest: str
    """What every ledger entry stores as `rule_version`."""
    effective_from: datetime
    state: VersionState
    base_number: int
    restored_from: int | None
    """Set when it publishes an older version's rules again; 0: the plugin's own."""
    note: str
    author_name: str
    approver_name: str
    published_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by_name: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The draft of the picked program; give its `revision` back with every change."""

    program_id: str
    program: Program
    revision: int
    state: DraftState
    digest: str
    base_number: int
    """The version it was begun from; another than the live one's: somebody published meanwhile."""
    base_digest: str
    author: UUID | None
    author_name: str
    changed_at: datetime
    effective_from: datetime | None
    effect_digest: str
    accept_lowering: bool
    note: str
    asked_by: UUID | None
    asked_by_name: str
    asked_at: datetime | None
    answer: str
    answered_by_name: str


class StoredEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What trying some rules showed; `effect` is the backtest's own record as plain data."""

    program_id: str
    digest: str
    base_digest: str
    effect: dict[str, Any]
    effect_digest: str
    """Names exactly these figures: publishing asks for it, so that nobody publishes on others than were shown."""
    lowered: int
    made_at: datetime
    made_by_name: str


def effect_digest(effect: Any) -> str:
    """A name for exactly these figures."""
    return hashlib.sha256(msgspec.json.encode(effect, order="sorted")).hexdigest()[:12]


def first_instant(day: date, zone: str) -> datetime:
    """The first instant of a local day: a version that begins on it is in force from here on."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def state_of(
    *, effective_from: datetime, withdrawn_at: datetime | None, number: int, live: int, now: datetime
) -> VersionState:
    """Where a version stands at an instant; `live` is the number in force."""
    if withdrawn_at is not None:
        return "withdrawn"
    if effective_from > now:
        return "planned"
    return "in-force" if number == live else "past"
