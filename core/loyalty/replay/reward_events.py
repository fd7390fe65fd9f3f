"""Events about coupons and services."""

from collections.abc import Callable
from datetime import datetime

from core.loyalty.replay.answers import Answer, last_day, told
from core.loyalty.replay.fields import Raw, listed_line, read_key, read_lines, read_text
from core.loyalty.replay.player import Player
from core.rewards.rules.coupons import CouponItem

Act = Callable[[datetime], Answer]


def issue_coupon(player: Player, raw: Raw, key: str) -> Act:
    """Issue a coupon of a template; its key names it afterwards."""
    template = read_text(raw, "template")

    def act(at: datetime) -> Answer:
        account = player.account
        coupon = player.rewards.issue(player.program, template, key, at, version=account.version, zone=account.zone)
        return {
            "coupon": key,
            "template": template,
            "valid_until": told(coupon.valid_until, account.zone),
            "last_day": last_day(coupon.valid_until, account.zone),
        }

    return act


def redeem_coupon(player: Player, raw: Raw, key: str) -> Act:
    """Use a coupon on a bill by itself, without recording a purchase."""
    del key
    of = read_key(raw, "of", "")
    lines = [listed_line(one) for one in read_lines(raw)]

    def act(at: datetime) -> Answer:
        items = [
            CouponItem(fen=one.fen, category=one.category, service=one.service, quantity=one.quantity) for one in lines
        ]
        off = player.rewards.use(of, items, at)
        coupon = player.rewards.coupons[of]
        left = coupon.terms.uses - coupon.used
        return {"coupon": of, "fen": off, "pay_fen": sum(one.fen for one in lines) - off, "uses_left": left}

    return act


def void_coupon(player: Player, raw: Raw, key: str) -> Act:
    """Make a coupon void."""
    del key
    of = read_key(raw, "of", "")

    def act(at: datetime) -> Answer:
        del at
        player.rewards.void(of)
        return {"coupon": of}

    return act


def restore_coupon(player: Player, raw: Raw, key: str) -> Act:
    """Give one use of a coupon back."""
    del key
    of = read_key(raw, "of", "")

    def act(at: datetime) -> Answer:
        del at
        player.rewards.restore(of)
        coupon = player.rewards.coupons[of]
        return {"coupon": of, "uses_left": coupon.terms.uses - coupon.used}

    return act


def consume(player: Player, raw: Raw, key: str) -> Act:
    """Have a promised service once; `subject` is the pet (or the person) that has it."""
    del key
    service, subject = read_text(raw, "service"), read_key(raw, "subject", "")

    def act(at: datetime) -> Answer:
        del at
        account = player.account
        assert account.joined is not None
        promise, left = player.rewards.consume(service, subject, account.day(), account.joined)
        return {"service": service, "benefit": promise.benefit, "pay_percent": promise.pay_percent, "left": left}

    return act
