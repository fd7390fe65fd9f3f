"""Coupons and services of one member in memory, by the same rules as the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.days import local_day, period_bounds
from core.loyalty.rules.refusals import Refused
from core.rewards.rules.benefits import Promise, carried_over, left_of, promises_of
from core.rewards.rules.coupons import CouponItem, Standing, refusal_of, valid_between, worth

_ME = "me"


@dataclass
class Coupon:
    """One coupon that was issued."""

    key: str
    terms: CouponTemplate
    version: str
    valid_from: datetime
    valid_until: datetime | None
    used: int = 0
    state: str = "active"


@dataclass
class Use:
    """One time that a service was had."""

    benefit: str
    holder: str
    day: date


@dataclass
class Rewards:
    """What a member holds besides points."""

    coupons: dict[str, Coupon] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    held: dict[tuple[str, date], Promise] = field(default_factory=dict)
    """Promises by benefit and first day of their period: a lost tier keeps what it gave until the period ends."""

    def issue(self, program: Program, template: str, key: str, at: datetime, *, version: str, zone: str) -> Coupon:
        """Issue a coupon.

        Raises:
            Refused: unknown-template, template-limit, customer-limit.
        """
        terms = next((one for one in program.live(CouponTemplate) if one.id == template), None)
        day = local_day(at, zone)
        if terms is None or (terms.ends_on is not None and day > terms.ends_on):
            raise Refused("unknown-template", template=template)
        issued = sum(1 for one in self.coupons.values() if one.terms.id == template)
        if terms.total_limit is not None and issued >= terms.total_limit:
            raise Refused("template-limit", limit=terms.total_limit)
        if terms.per_customer_limit is not None and issued >= terms.per_customer_limit:
            raise Refused("customer-limit", limit=terms.per_customer_limit)
        begins, ends = valid_between(terms, issued_on=day, at=at, timezone=zone)
        coupon = Coupon(key, terms, version, begins, ends)
        self.coupons[key] = coupon
        return coupon

    def good(self, key: str, at: datetime) -> Coupon:
        """A coupon that can be used now.

        Raises:
            Refused: unknown-coupon, coupon-void, coupon-used, coupon-expired, coupon-not-yet.
        """
        coupon = self.coupons.get(key)
        if coupon is None:
            raise Refused("unknown-coupon", coupon=key)
        standing = Standing(
            state=coupon.state,
            customer_id=_ME,
            uses=coupon.terms.uses,
            used=coupon.used,
            valid_from=coupon.valid_from,
            valid_until=coupon.valid_until,
        )
        refusal = refusal_of(standing, coupon.terms, customer_id=_ME, now=at)
        if refusal is not None:
            raise Refused(refusal, coupon=key)
        return coupon

    def use(self, key: str, items: Sequence[CouponItem], at: datetime) -> int:
        """Use a coupon on a bill by itself; return the fen that it takes off.

        Raises:
            Refused: as `good`, and coupon-below-minimum, coupon-not-for-this.
        """
        coupon = self.good(key, at)
        off = worth(coupon.terms, items)
        if isinstance(off, str):
            raise Refused(off, coupon=key, min_spend_fen=coupon.terms.min_spend_fen)
        coupon.used += 1
        return off

    def void(self, key: str) -> None:
        """Make a coupon void.

        Raises:
            Refused: unknown-coupon, coupon-void.
        """
        coupon = self.coupons.get(key)
        if coupon is None:
            raise Refused("unknown-coupon", coupon=key)
        if coupon.state == "void":
            raise Refused("coupon-void", coupon=key)
        coupon.state = "void"

    def restore(self, key: str) -> None:
        """Give one use of a coupon back: the bill was refunded.

        Raises:
            Refused: unknown-coupon, coupon-void, coupon-unused.
        """
        coupon = self.coupons.get(key)
        if coupon is None:
            raise Refused("unknown-coupon", coupon=key)
        if coupon.state == "void":
            raise Refused("coupon-void", coupon=key)
        if coupon.used == 0:
            raise Refused("coupon-unused", coupon=key)
        coupon.used -= 1

    def hold(self, program: Program, tier: str | None, day: date, joined: date) -> None:
        """Remember what is promised today, for the rest of each period."""
        for promise in promises_of(program, tier, day):
            first, _last = period_bounds(promise.period, day, joined)
            self.held[promise.benefit, first] = promise

    def consume(self, service: str, holder: str, day: date, joined: date) -> tuple[Promise, int | None]:
        """Have a service once; return the promise and how often it is left in this period, None without limit.

        Raises:
            Refused: unknown-service, quota-used.
        """
        found = []
        for (benefit, first), promise in self.held.items():
            if promise.service == service and first == period_bounds(promise.period, day, joined)[0]:
                left = left_of(
                    promise.quota,
                    self._carried(promise, holder, first, joined),
                    self._used(benefit, holder, first, day),
                )
                found.append((promise, left))
        if not found:
            raise Refused("unknown-service", service=service)
        open_now = [(promise, left) for promise, left in found if left is None or left > 0]
        if not open_now:
            raise Refused("quota-used", service=service, quota=found[0][0].quota, period=found[0][0].period)
        promise, left = min(open_now, key=lambda one: one[0].pay_percent)
        self.uses.append(Use(promise.benefit, holder, day))
        return promise, None if left is None else left - 1

    def _used(self, benefit: str, holder: str, first: date, last: date) -> int:
        return sum(
            1 for one in self.uses if one.benefit == benefit and one.holder == holder and first <= one.day <= last
        )

    def _carried(self, promise: Promise, holder: str, first: date, joined: date) -> int:
        """What is left of the period before, when the promise was held then and carries over."""
        if not promise.carry_over or first <= joined or first == date.min:
            return 0
        ended = first - timedelta(days=1)
        before = period_bounds(promise.period, ended, joined)[0]
        last = self.held.get((promise.benefit, before))
        if last is None:
            return 0
        used = self._used(promise.benefit, holder, before, ended)
        return carried_over(last.quota, self._carried(last, holder, before, joined), used)
