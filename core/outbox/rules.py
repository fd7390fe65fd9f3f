"""How long failed work rests, when a cron ticks next, and what of an error may be shown."""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(minutes=15)
TOPIC = "jobs"
"""The topic on which live pages hear that work died or was asked for again."""
ON_EVENT = "plugins.on_event"
"""The task that hands a committed event to the plugins that listen."""
START_CRONS = "schedule.start"
"""The task that gives a new tenant its first tick of every cron."""
CRON_PREFIX = "cron:"


class Work(msgspec.Struct, frozen=True):
    """One row of the outbox as a runner gets it."""

    outbox_id: UUID
    task: str
    payload: dict[str, Any]
    dedupe_key: str | None
    attempts: int
    run_at: datetime


class DueKey(msgspec.Struct, frozen=True):
    """Where due work lies; found without a lock, so it may be gone when it is claimed."""

    tenant_id: UUID
    outbox_id: UUID
    task: str
    attempts: int
    run_at: datetime


class Cron(msgspec.Struct, frozen=True, kw_only=True):
    """Work that comes back: `every` so long, or daily `at` (hour, minute) on the tenant's clock.

    `spread` moves each tenant's tick by its own fixed part of that span, so that not all come at once.
    """

    name: str
    task: str
    every: timedelta | None = None
    at: tuple[int, int] | None = None
    spread: timedelta = timedelta(0)


def rest_after(attempts: int, roll: float) -> timedelta:
    """Return how long work rests after its nth failed attempt: doubling, capped, and spread by `roll` in [0, 1)."""
    rest = min(FIRST_REST * (1 << min(max(attempts - 1, 0), 20)), LONGEST_REST)
    return rest * (0.5 + roll)


def next_tick(cron: Cron, *, after: datetime, timezone: str, tenant_id: UUID) -> datetime:
    """Return the first tick strictly after an instant, in UTC.

    A daily tick in the hour that a clock change skips comes one hour later; one in a repeated hour comes once.
    """
    shift = cron.spread * (tenant_id.int % 3600 / 3600)
    base = after - shift
    if cron.every is not None:
        epoch = datetime(2000, 1, 1, tzinfo=UTC)
        return epoch + ((base - epoch) // cron.every + 1) * cron.every + shift
    assert cron.at is not None, f"cron {cron.name} has neither every nor at"
    zone = zoneinfo.ZoneInfo(timezone)
    day = base.astimezone(zone).date()
    for ahead in range(-1, 3):
        local = datetime(day.year, day.month, day.day, *cron.at, tzinfo=zone) + timedelta(days=ahead)
        tick = local.astimezone(UTC)
        if tick > base:
            return tick + shift
    raise AssertionError("a day has no tick")


def cron_key(name: str, tick: datetime) -> str:
    """Return the dedupe key of one tick of a cron."""
    return f"{CRON_PREFIX}{name}:{tick.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def cron_name(dedupe_key: str | None) -> str | None:
    """Return the cron that a row is a tick of, or None when it is none."""
    if dedupe_key is None or not dedupe_key.startswith(CRON_PREFIX):
        return None
    return dedupe_key.removeprefix(CRON_PREFIX).split(":", 1)[0]


# What must not reach a page or a log: it stands in messages of drivers, HTTP clients and people's own data.
_SECRETS = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]*@"), r"\1***@"),
    (
        re.compile(
            r"(?i)\b(authorization|cookie|password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|signature)\b"
            r"([\"']?\s*[:=]\s*)(bearer\s+|basic\s+)?(\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"
        ),
        r"\1\2***",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"\b(?:sk|pk|rk|whsec)_[A-Za-z0-9_]{8,}"), "***"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "***@***"),
    (re.compile(r"(?<![\w-])\+?\d[\d -]{8,}\d(?![\w-])"), "***"),
    (re.compile(r"(?<![\w-])[A-Za-z0-9_+/=]{40,}(?![\w-])"), "***"),
)
_LONGEST_ERROR = 500


def without_secrets(message: str) -> str:
    """Return a message for people: passwords, keys, addresses and phone numbers replaced, one line, not long."""
    text = " ".join(message.replace("\x00", "").split())[: _LONGEST_ERROR * 4]
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 1] + "…"
