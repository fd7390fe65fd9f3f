"""Plays one case: a program, a zone and events in their order; every event answers with its result or its refusal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.loyalty.replay import bill_events, points_events, reward_events
from core.loyalty.replay.answers import Answer, account_answer, entry_answer, lot_answer, night_answer, tier_of, told
from core.loyalty.replay.fields import Raw, read_key, read_time
from core.loyalty.replay.player import Player
from core.loyalty.replay.programs import BadProgram, read_program
from core.loyalty.rules.days import local_day
from core.loyalty.rules.ledger import Account
from core.loyalty.rules.nights import Night, advance
from core.loyalty.rules.refusals import Refused

DEFAULT_ZONE: Final = "Asia/Shanghai"
DEFAULT_START: Final = "2026-01-01"
"""When the first event happens that names no time."""
MAX_EVENTS: Final = 20_000

Reader = Callable[[Player, Raw, str], Callable[[datetime], Answer]]
_P, _R = points_events, reward_events
_BILL = (
    "fen",
    "lines",
    "category",
    "service",
    "eligible",
    "price",
    "coupons",
    "points",
    "max",
    "clamp",
    "stored_value_fen",
    "order_percent",
)
EVENTS: Final[dict[str, tuple[Reader, tuple[str, ...]]]] = {
    "purchase": (bill_events.purchase, _BILL),
    "refund": (_P.refund, ("of", "fen")),
    "redeem": (_P.redeem, ("points", "max", "clamp", "bill_fen")),
    "give_back": (_P.give_back, ("of", "points")),
    "grant": (_P.grant, ("points", "lifetime", "expires", "expires_on", "expires_at")),
    "deduct": (_P.deduct, ("points",)),
    "event": (_P.event, ("event",)),
    "pin_tier": (_P.pin_tier, ("tier", "until")),
    "unpin_tier": (_P.unpin_tier, ()),
    "publish": (_P.publish, ("program",)),
    "issue_coupon": (_R.issue_coupon, ("template",)),
    "redeem_coupon": (_R.redeem_coupon, ("of", "fen", "lines", "category", "service")),
    "void_coupon": (_R.void_coupon, ("of",)),
    "restore_coupon": (_R.restore_coupon, ("of",)),
    "consume": (_R.consume, ("service", "subject")),
    "tick": (_P.tick, ()),
}
"""Every type of event, who reads it, and the fields that make it what it is."""


ALSO: Final = {"burn": "redeem", "reverse": "refund", "earn_event": "event", "adjust": "deduct"}
"""Other words for types, as the specification and the ledger have them."""
_ALWAYS: Final = frozenset({"type", "at", "key", "id", "reason", "note", "label", "description", "expect"})
"""Fields that every event may have; those after the key are for people."""


class BadCase(ValueError):
    """A case that cannot be played at all; `path` leads to the place."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def play(case: Any) -> Answer:
    """Play a case from its beginning.

    Raises:
        BadCase: program, zone or list of events cannot be read.
    """
    player, events, start = _open(case)
    game = _Game(player, start)
    answers = [game.play(one, place) for place, one in enumerate(events, start=1)]
    account = player.account
    return {
        "id": case.get("id"),
        "account": account_answer(account),
        "lots": [lot_answer(one, account) for one in account.lots.values()],
        "entries": [entry_answer(one, account.zone) for one in account.entries],
        "events": answers,
    }


def _open(case: Any) -> tuple[Player, list[Any], datetime]:
    if not isinstance(case, dict):
        raise BadCase("", "a line is an object with id, program and events")
    zone, events, person = case.get("tz", DEFAULT_ZONE), case.get("events", []), case.get("customer", {})
    told_, start = case.get("matches", []), case.get("start", DEFAULT_START)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise BadCase("tz", f"no time zone: {zone!r}") from None
    if "program" not in case:
        raise BadCase("program", "missing")
    try:
        program = read_program(case["program"])
    except BadProgram as error:
        raise BadCase(error.path, error.message) from None
    if not isinstance(events, list) or len(events) > MAX_EVENTS:
        raise BadCase("events", f"a list of at most {MAX_EVENTS} events")
    if not isinstance(person, dict):
        raise BadCase("customer", "an object of field names and values")
    if not isinstance(told_, list) or not all(isinstance(one, str) for one in told_):
        raise BadCase("matches", "a list of ids of rules and codes of tiers")
    try:
        first = read_time(start, zone)
    except Refused:
        raise BadCase("start", "no ISO date or datetime") from None
    account = Account(program, zone)
    return Player(account, frozenset(told_), {name: _fact(one) for name, one in person.items()}), events, first


def _fact(value: Any) -> Any:
    """Days are written as ISO text."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-03-31") else value
    except ValueError:
        return value


@dataclass
class _Game:
    """Events one after another; keys that were used are remembered with what came of them."""

    player: Player
    start: datetime
    seen: dict[tuple[str, str], tuple[Raw, Answer]] = field(default_factory=dict)
    night: Night = field(default_factory=Night)
    """What time did before the present event."""

    def play(self, raw: Any, place: int) -> Answer:
        """One event; a refused one moves nothing but time."""
        kind = raw.get("type") if isinstance(raw, dict) else None
        kind = ALSO.get(kind, kind) if isinstance(kind, str) else kind
        self.night = Night()
        try:
            answer = self._played(raw, kind, place)
        except Refused as refused:
            found = refused.refusal
            answer = {"ok": False, "type": kind, "refused": found.code}
            return answer | ({"params": found.params} if found.params else {}) | _nights(kind, self.night)
        return answer

    def _played(self, raw: Any, kind: Any, place: int) -> Answer:
        if not isinstance(kind, str) or kind not in EVENTS:
            raise Refused("bad-event", type=kind, known=list(EVENTS))
        reader, names = EVENTS[kind]
        key = read_key(raw, "key", f"#{place}")
        content = {name: raw[name] for name in names if raw.get(name) is not None}
        if (kind, key) in self.seen:
            return self._again(kind, key, content)
        act = reader(self.player, raw, key)
        at = self._time(raw)
        self.player.meet(local_day(at, self.player.account.zone))
        self.night = advance(self.player.account, at)
        self.player.promise()
        done = act(at)
        self.player.promise()
        named = {} if kind == "tick" else {"key": key}
        answer = {"ok": True, "type": kind} | named | _nights(kind, self.night) | done | self._after(at)
        ignored = sorted(raw.keys() - _ALWAYS - set(names))
        if ignored:
            answer["ignored"] = ignored
        if raw.get("key") is not None:
            self.seen[kind, key] = (content, answer)
        return answer

    def _again(self, kind: str, key: str, content: Raw) -> Answer:
        before, answer = self.seen[kind, key]
        if before != content:
            raise Refused("key-reused", key=key)
        return answer | {"replayed": True}

    def _time(self, raw: Raw) -> datetime:
        now, zone = self.player.account.now, self.player.account.zone
        if raw.get("at") is None:
            return now or self.start
        at = read_time(raw["at"], zone)
        if now is not None and at < now:
            raise Refused("out-of-order", at=told(at, zone), now=told(now, zone))
        return at

    def _after(self, at: datetime) -> Answer:
        account = self.player.account
        return {
            "at": told(at, account.zone),
            "balance": account.balance,
            "pending": account.pending,
            "deficit": account.deficit,
            "tier": tier_of(account),
        }


def _nights(kind: Any, night: Night) -> Answer:
    """What the night did before the event; of a tick it is the result itself."""
    told_ = night_answer(night)
    if kind == "tick":
        return told_
    return {"night": told_} if night != Night() else {}
