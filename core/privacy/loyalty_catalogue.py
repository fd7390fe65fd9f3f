"""What loyalty keeps about a person: the lines of the register in core/privacy/catalogue.py that name its tables."""

from typing import Final

from core.birthdays.models import BirthdayGift
from core.campaigns.models import CampaignUse
from core.cards.models import MemberCard
from core.churn.models import ChurnCase, ChurnSignal, ChurnStep, PlannedVisit, Winback
from core.holds.models import HeldCredit
from core.loyalty.models import LedgerEntry, Lot, LotAlloc, LoyaltyAccount
from core.privacy.deeds import revoke
from core.privacy.holdings import Holding
from core.privacy.rules import NUMBERS, ORDERS
from core.referrals.models import ReferralCase, ReferralCode
from core.reviews.models import ReviewClaim, ReviewLink
from core.rewards.models import BenefitGrant, BenefitUse, Coupon, CouponRedemption, NamedClinician

_ME = {"customer_id": "customer"}
_MINE = {"customer_id": "customer", "subject_id": "subject"}

LOYALTY: Final[tuple[Holding, ...]] = (
    Holding(
        area="purchases",
        row=LedgerEntry,
        by=_ME,
        gives={"entry_id": "entry"},
        export=("occurred_at", "kind", "fen", "points", "expires_at", "reason"),
        erase="blank",
        sealed=True,
        law=ORDERS,
        since="occurred_at",
    ),
    Holding(area="purchases", row=Lot, by=_ME, export=("earned", "remaining", "expires_at"), erase="keep", law=ORDERS),
    Holding(area="purchases", row=LotAlloc, by={"entry_id": "entry"}, erase="keep", law=ORDERS),
    Holding(
        area="purchases",
        row=LoyaltyAccount,
        by=_ME,
        export=("tier", "points", "pending", "deficit"),
        erase="keep",
        law=ORDERS,
    ),
    Holding(
        area="rewards",
        row=Coupon,
        by=_ME,
        gives={"coupon_id": "coupon"},
        export=("template_id", "state", "issued_at", "valid_until", "uses", "used", "source", "reason"),
        erase="blank",
        blank={"reason": "", "void_reason": ""},
        law=ORDERS,
        since="issued_at",
    ),
    Holding(
        area="rewards", row=CouponRedemption, by=_ME, export=("kind", "fen", "at"), erase="keep", law=ORDERS, since="at"
    ),
    Holding(
        area="rewards",
        row=BenefitGrant,
        by=_MINE,
        gives={"grant_id": "grant"},
        export=("service", "label", "first_on", "last_on", "quota", "used"),
        erase="keep",
        law=ORDERS,
        since="granted_at",
    ),
    Holding(
        area="rewards",
        row=BenefitUse,
        by={"grant_id": "grant", "subject_id": "subject"},
        export=("kind", "at"),
        erase="keep",
        law=ORDERS,
        since="at",
    ),
    Holding(area="rewards", row=NamedClinician, by=_ME, export=("named_at",)),
    Holding(area="purchases", row=MemberCard, by=_ME, erase="blank", run=revoke(MemberCard), law=NUMBERS),
    Holding(
        area="purchases",
        row=HeldCredit,
        by=_ME,
        export=("points", "reason", "state", "asked_at", "decided_at", "answer"),
        erase="blank",
        blank={"reason": "", "answer": ""},
        law=NUMBERS,
    ),
    Holding(area="rewards", row=PlannedVisit, by=_ME, export=("planned_on", "reason", "set_at")),
    Holding(
        area="rewards",
        row=ChurnCase,
        by=_ME,
        gives={"case_id": "churn_case"},
        export=("number", "signal", "state", "opened_at", "outcome", "closed_at"),
        erase="keep",
        law=NUMBERS,
    ),
    Holding(
        area="rewards", row=ChurnSignal, by=_ME, export=("signal", "at"), erase="blank", blank={"data": {}}, law=NUMBERS
    ),
    Holding(
        area="rewards",
        row=ChurnStep,
        by={"case_id": "churn_case"},
        export=("kind", "words", "at"),
        erase="blank",
        sealed=True,
        law=NUMBERS,
    ),
    Holding(
        area="rewards",
        row=Winback,
        by={"case_id": "churn_case"},
        export=("assigned_at", "arm", "given_at"),
        erase="keep",
        law=NUMBERS,
    ),
    Holding(area="rewards", row=CampaignUse, by=_ME, export=("at", "fen", "points"), erase="keep", law=ORDERS),
    Holding(area="rewards", row=ReferralCode, by=_ME, export=("code", "short", "created_at")),
    Holding(
        area="rewards",
        row=ReferralCase,
        by={"referrer_id": "customer", "referee_id": "customer"},
        export=("number", "state", "invited_at", "registered_at", "rewarded_at"),
        erase="blank",
        blank={"device_hash": None, "failed": [], "reason": ""},
        law=NUMBERS,
    ),
    Holding(area="rewards", row=ReviewLink, by=_ME, erase="blank", run=revoke(ReviewLink), law=NUMBERS),
    Holding(
        area="rewards",
        row=ReviewClaim,
        by=_ME,
        gives={"claim_id": "review_claim"},
        export=("number", "platform", "link", "state", "filed_at", "reason"),
        erase="blank",
        blank={"link": "", "link_key": "", "sha256": None, "look": None, "failed": [], "reason": ""},
        law=NUMBERS,
    ),
    Holding(area="rewards", row=BirthdayGift, by=_MINE, export=("birthday_on", "state", "handed_at")),
)
