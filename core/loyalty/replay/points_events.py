"""Events that move points and tiers: each reads its fields first, and acts when the night work until its time is done."""

from collections.abc import Callable
from datetime import datetime

from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.replay.answers import Answer, credit_answer, moves_answer, told
from core.loyalty.replay.fields import (
    Raw,
    read_day,
    read_end,
    read_fen,
    read_flag,
    read_key,
    read_lifetime,
    read_points,
    read_text,
)
from core.loyalty.replay.player import Player
from core.loyalty.replay.programs import BadProgram, read_program
from core.loyalty.rules.lots import Reversal
from core.loyalty.rules.nights import place, settle
from core.loyalty.rules.refusals import Refused
from core.loyalty.rules.tiers import find_tier, pin
from core.loyalty.rules.versions import program_version

Act = Callable[[datetime], Answer]


def refund(player: Player, raw: Raw, key: str) -> Act:
    """Take back a purchase, or a part of it; without `fen` all that is left."""
    of, fen = read_key(raw, "of", ""), read_fen(raw)

    def act(at: datetime) -> Answer:
        amount, done = player.account.refund(of, fen, key, at)
        moved = moves_answer(settle(player.account, "reversal"))
        return {"of": of, "fen": amount, "reversed": sum(one.points for one in done)} | _rest(done) | moved

    return act


def _rest(done: tuple[Reversal, ...]) -> Answer:
    owed, forgotten = sum(one.owed for one in done), sum(one.forgotten for one in done)
    return ({"owed": owed} if owed else {}) | ({"forgotten": forgotten} if forgotten else {})


def redeem(player: Player, raw: Raw, key: str) -> Act:
    """Spend points; `max` asks for as many as possible, `clamp` for as many as possible of those asked."""
    most = read_flag(raw, "max")
    clamp = read_flag(raw, "clamp")
    points = read_points(raw, optional=most)
    bill_fen = read_fen(raw, "bill_fen", least=0)

    def act(at: datetime) -> Answer:
        found = player.account.redeem(points, at, key=key, bill_fen=bill_fen, clamp=clamp)
        moved = moves_answer(settle(player.account, "burn"))
        return {"points": found.points, "fen": found.fen, "rule": found.rule_id} | moved

    return act


def deduct(player: Player, raw: Raw, key: str) -> Act:
    """Take points by hand, all or nothing."""
    points = read_points(raw)
    assert points is not None

    def act(at: datetime) -> Answer:
        player.account.adjust(points, at, key=key)
        return {"points": points} | moves_answer(settle(player.account, "adjust"))

    return act


def give_back(player: Player, raw: Raw, key: str) -> Act:
    """Give points of a redemption back; without `points` all that are left of it."""
    of, points = read_key(raw, "of", ""), read_points(raw, optional=True)

    def act(at: datetime) -> Answer:
        credit = player.account.give_back(of, points, key, at)
        moved = moves_answer(settle(player.account, "give_back"))
        return {"of": of, "points": credit.points, "expires_at": told(credit.expires_at, player.account.zone)} | moved

    return act


def grant(player: Player, raw: Raw, key: str) -> Act:
    """Give points by hand."""
    points, lifetime = read_points(raw), read_lifetime(raw)
    ends = read_end(raw, player.account.zone)
    if (
        ends is not None
        and lifetime is not None
        and (lifetime.months, lifetime.days, lifetime.until) != (None, None, "day")
    ):
        raise Refused("bad-lifetime", reason="give a lifetime or an end")
    assert points is not None

    def act(at: datetime) -> Answer:
        credit = player.account.grant(points, at, key=key, lifetime=lifetime, expires_at=ends)
        zone = player.account.zone
        times = {"activates_at": told(credit.activates_at, zone), "expires_at": told(credit.expires_at, zone)}
        return {"points": points} | times | moves_answer(settle(player.account, "grant"))

    return act


def event(player: Player, raw: Raw, key: str) -> Act:
    """Something happened that earns points."""
    name = read_text(raw, "event")

    def act(at: datetime) -> Answer:
        found = player.account.event(name, at, key=key, facts=player.facts())
        moved = moves_answer(settle(player.account, "earn"))
        credits_ = [credit_answer(one, player.account.zone) for one in found]
        return {"event": name, "points": sum(one.points for one in found), "credits": credits_} | moved

    return act


def pin_tier(player: Player, raw: Raw, key: str) -> Act:
    """Put a tier over the earned one, `until` a last day."""
    del key
    code, until = read_text(raw, "tier"), read_day(raw.get("until"), "bad-pin")

    def act(at: datetime) -> Answer:
        del at
        account, ladder = player.account, _ladder(player)
        if find_tier(ladder, code) is None:
            raise Refused("unknown-tier", tier=code)
        if until < account.day():
            raise Refused("bad-pin", until=until.isoformat())
        moved = place(account, pin(account.standing, code, until), "pin")
        return {"tier": code, "until": until.isoformat()} | moves_answer(moved)

    return act


def unpin_tier(player: Player, raw: Raw, key: str) -> Act:
    """Take the pinned tier off before its time."""
    del raw, key

    def act(at: datetime) -> Answer:
        del at
        _ladder(player)
        account = player.account
        return moves_answer(place(account, account.standing.without_pin(), "pin_ended"))

    return act


def _ladder(player: Player) -> TierLadder:
    ladder = player.program.ladder
    if ladder is None:
        raise Refused("no-ladder")
    return ladder


def publish(player: Player, raw: Raw, key: str) -> Act:
    """Put another program in force from here on; what was earned before stays."""
    del key
    try:
        program = read_program(raw.get("program"))
    except BadProgram as error:
        raise Refused("bad-field", field=error.path, reason=error.message) from None

    def act(at: datetime) -> Answer:
        account = player.account
        account.program, account.version = program, program_version(program)
        player.meet(account.day())
        del at
        return {"version": account.version} | moves_answer(settle(account, "program"))

    return act


def tick(player: Player, raw: Raw, key: str) -> Act:
    """Nothing happens but time: the night work until then."""
    del player, raw, key
    return lambda at: {}  # noqa: ARG005 - an act is told its time
