"""Why a coupon or a benefit is refused: one class per reason, so that page, interface and desk say the same."""

from typing import Final

from core.errors import Conflict
from core.rewards.rules import coupons as rules


class CouponKeyReused(Conflict):
    """The idempotency key belongs to another coupon."""

    code = "key-reused"


class CouponTemplateOff(Conflict):
    """No such coupon is given out: the rules in force do not have the template, or have it switched off."""

    code = "unknown-template"


class CouponsGivenOut(Conflict):
    """As many coupons as the template allows in all were given out."""

    code = "template-limit"


class CouponsOfCustomerGivenOut(CouponsGivenOut):
    """This customer had as many coupons of the template as it allows each."""

    code = "customer-limit"


class CouponRefused(Conflict):
    """A coupon cannot be used here and now; the classes below say why."""

    code = "coupon-refused"


class CouponUnknown(CouponRefused):
    """No coupon has this code: most often a sign was typed wrong."""

    code = "unknown-coupon"


class CouponExpired(CouponRefused):
    """Its last day is over."""

    code = rules.EXPIRED


class CouponNotYet(CouponRefused):
    """Its first day has not come."""

    code = rules.NOT_YET


class CouponUsedUp(CouponRefused):
    """It was used as often as it may be."""

    code = rules.USED_UP


class CouponVoid(CouponRefused):
    """It was made void."""

    code = rules.VOID


class CouponOfAnother(CouponRefused):
    """It belongs to another customer and may not be handed on."""

    code = rules.OTHER_CUSTOMER


class CouponMinSpend(CouponRefused):
    """What it counts for comes to less than it asks for."""

    code = rules.MIN_SPEND


class CouponNotInBill(CouponRefused):
    """Nothing on the bill is what it counts for."""

    code = rules.NOT_IN_BILL


class CouponGroupTaken(CouponRefused):
    """Another coupon of its group is on the bill already."""

    code = rules.STACKED


class BenefitKeyReused(Conflict):
    """The idempotency key belongs to another benefit."""

    code = "key-reused"


class BenefitRefused(Conflict):
    """A benefit cannot be used here and now."""

    code = "benefit-refused"


class NoSuchBenefit(BenefitRefused):
    """The rules in force promise this customer no such service."""

    code = "unknown-service"


class BenefitUsedUp(BenefitRefused):
    """What the period gives was used."""

    code = "quota-used"


class BenefitOver(BenefitRefused):
    """The grant's period is over, or has not begun."""

    code = "benefit-period-over"


class BenefitNeedsSubject(BenefitRefused):
    """The benefit belongs to each pet: say which one."""

    code = "benefit-needs-subject"


REFUSALS: Final[dict[str, type[CouponRefused]]] = {
    one.code: one
    for one in (
        CouponExpired,
        CouponNotYet,
        CouponUsedUp,
        CouponVoid,
        CouponOfAnother,
        CouponMinSpend,
        CouponNotInBill,
    )
}
