"""The forms of rules that hand something over: coupons, quotas, referrals, birthdays, reviews."""

from typing import Final

from core.hooks.records.loyalty.offers import (
    Birthday,
    CouponTemplate,
    Referral,
    ReviewReward,
    ServiceQuota,
)
from web.i18n import N_
from web.rule_forms.fields import Field, KindForm, Section, Variant
from web.rule_forms.parts import HOLDERS, NAME, PERIODS, REST, SERVICE, SERVICES, categories, label, rewards, tiers

DAYS: Final = N_("days")


def days(name: str, text: str, *, low: int = 0, help: str = "") -> Field:  # noqa: A002 - the name of the field's own member
    """A number of days."""
    return Field(name=name, label=text, widget="whole", unit=DAYS, low=low, high=3650, small=True, help=help)


GIVES: Final = (
    ("amount", N_("an amount off")),
    ("percent", N_("a percentage off")),
    ("service", N_("a service")),
    ("gift", N_("a thing")),
)
COUPON: Final = KindForm(
    kind="coupon_template",
    label=N_("Coupon"),
    about=N_("A coupon that other rules give or people hand out: an amount, a percentage, a service or a thing."),
    icon="ticket",
    heading=N_("Coupons and services"),
    record=CouponTemplate,
    sample=CouponTemplate(amount_fen=50_00, valid_months=3),
    sections=(
        Section(title=N_("Coupon"), fields=NAME),
        Section(
            title=N_("What it gives"),
            fields=(
                Field(name="gives", label=N_("The coupon gives"), widget="choice", options=GIVES),
                Field(
                    name="amount_fen",
                    label=N_("Amount off"),
                    widget="yuan",
                    unit=N_("yuan"),
                    low=1,
                    small=True,
                    shown_when=("gives", ("amount",)),
                    forgets=True,
                ),
                Field(
                    name="service",
                    label=N_("Service"),
                    widget="choice",
                    options="services",
                    shown_when=("gives", ("service",)),
                    forgets=True,
                ),
                Field(
                    name="pay_percent",
                    label=N_("Member pays"),
                    widget="pay",
                    unit="%",
                    high=99,
                    empty=None,
                    small=True,
                    shown_when=("gives", ("percent", "service")),
                    forgets=True,
                    help=N_("90 means 9折. A service without a percentage is free."),
                ),
                Field(
                    name="max_discount_fen",
                    label=N_("Takes off at most"),
                    widget="yuan",
                    unit=N_("yuan"),
                    low=1,
                    empty=None,
                    small=True,
                    shown_when=("gives", ("percent",)),
                    forgets=True,
                    help=N_("Empty: without a limit."),
                ),
                Field(
                    name="gift",
                    label=N_("Article"),
                    most=60,
                    shown_when=("gives", ("gift",)),
                    forgets=True,
                    help=N_("What is handed over at the desk."),
                ),
            ),
        ),
        Section(
            title=N_("How it is used"),
            fields=(
                Field(
                    name="valid",
                    label=N_("Good for"),
                    widget="span",
                    members=("valid_months", "valid_days"),
                    empty=None,
                    help=N_("From the day it is given, the last day included. Empty: without an end."),
                ),
                Field(
                    name="min_spend_fen",
                    label=N_("Only from a bill of"),
                    widget="yuan",
                    unit=N_("yuan"),
                    empty=0,
                    small=True,
                ),
                Field(
                    name="uses",
                    label=N_("May be used"),
                    widget="whole",
                    unit=N_("times"),
                    low=1,
                    high=1000,
                    empty=1,
                    small=True,
                ),
                Field(name="transferable", label=N_("May be passed on to somebody else"), widget="flag"),
                Field(name="terms", label=N_("Conditions on the coupon"), widget="words", empty="", most=300),
            ),
        ),
        Section(
            title=N_("Limits"),
            fields=(
                Field(name="total_limit", label=N_("Given in all"), widget="whole", low=1, empty=None, small=True),
                Field(
                    name="per_customer_limit",
                    label=N_("Given to one customer"),
                    widget="whole",
                    low=1,
                    empty=None,
                    small=True,
                ),
                Field(
                    name="stack_group",
                    label=N_("Of coupons with this word one per bill"),
                    most=40,
                    empty="coupon",
                ),
                categories(),
                SERVICES,
            ),
            folded=True,
        ),
        *REST,
    ),
)
QUOTA: Final = KindForm(
    kind="service_quota",
    label=N_("Service for members"),
    about=N_("A service free or at a member's price, so many times a year, per pet, person or household."),
    icon="hand-heart",
    heading=N_("Coupons and services"),
    record=ServiceQuota,
    sample=ServiceQuota(service="", pay_percent=80),
    sections=(
        Section(title=N_("Service for members"), fields=NAME),
        Section(
            title=N_("What they get"),
            fields=(
                SERVICE,
                Field(
                    name="pay_percent",
                    label=N_("Member pays"),
                    widget="pay",
                    unit="%",
                    high=99,
                    empty=0,
                    small=True,
                    help=N_("90 means 9折; empty or 0 means free."),
                ),
                Field(
                    name="quota",
                    label=N_("How often"),
                    widget="whole",
                    unit=N_("times"),
                    low=1,
                    high=1000,
                    empty=None,
                    small=True,
                    help=N_("Empty: as often as they like."),
                ),
                Field(name="period", label=N_("Per"), widget="choice", options=PERIODS),
                Field(name="holder", label=N_("Counted for"), widget="choice", options=HOLDERS),
                Field(name="carry_over", label=N_("What is left may be used in the next period"), widget="flag"),
                tiers(),
            ),
        ),
        *REST,
    ),
)
CHECKS: Final = (
    ("household", N_("they live in one household")),
    ("phone", N_("they share a phone number")),
    ("payer", N_("the same person pays")),
    ("device", N_("the invitation came from the same device")),
    ("existing", N_("the newcomer is a customer already")),
    ("monthly", N_("too many in one month")),
    ("staff", N_("one of them works here")),
)
REFERRAL: Final = KindForm(
    kind="referral",
    label=N_("Referral"),
    about=N_("A member brings a new customer, and both are given something."),
    icon="user-plus",
    heading=N_("Occasions"),
    record=Referral,
    sample=Referral(),
    sections=(
        Section(title=N_("Referral"), fields=NAME),
        Section(
            title=N_("What they get"),
            fields=(
                rewards("referrer", N_("The member who invites gets")),
                rewards("referee", N_("The newcomer gets")),
                Field(
                    name="referee_when",
                    label=N_("The newcomer gets it"),
                    widget="choice",
                    options=(
                        ("registered", N_("at once, for the first visit")),
                        ("qualified", N_("after qualifying")),
                    ),
                ),
            ),
        ),
        Section(
            title=N_("When it counts"),
            fields=(
                Field(
                    name="event",
                    label=N_("A referral qualifies with"),
                    widget="choice",
                    options=(
                        ("first_purchase", N_("the first paid visit")),
                        ("registered", N_("becoming a member")),
                    ),
                ),
                Field(
                    name="min_fen",
                    label=N_("Of at least"),
                    widget="yuan",
                    unit=N_("yuan"),
                    empty=0,
                    small=True,
                    shown_when=("event", ("first_purchase",)),
                ),
                days("hold_days", N_("And is not refunded for")),
                days("expires_days", N_("An invitation ends after"), low=1),
                Field(
                    name="monthly_limit",
                    label=N_("One member may bring"),
                    widget="whole",
                    unit=N_("a month"),
                    low=1,
                    high=1000,
                    small=True,
                ),
                Field(
                    name="checks",
                    label=N_("A manager decides when"),
                    widget="many",
                    options=CHECKS,
                    empty=[],
                ),
            ),
        ),
        *REST,
    ),
)
BIRTHDAY: Final = KindForm(
    kind="birthday",
    label=N_("Birthday"),
    about=N_("Something to choose on a pet's or a person's birthday, picked up around the day."),
    icon="cake",
    heading=N_("Occasions"),
    record=Birthday,
    sample=Birthday(),
    sections=(
        Section(title=N_("Birthday"), fields=NAME),
        Section(
            title=N_("What they get"),
            fields=(
                Field(
                    name="subject",
                    label=N_("Whose birthday"),
                    widget="choice",
                    options=(("subject", N_("each pet's or patient's")), ("person", N_("the customer's own"))),
                ),
                Field(
                    name="subject_type",
                    label=N_("Only of this kind"),
                    widget="choice",
                    options="subject_types",
                    empty="",
                    shown_when=("subject", ("subject",)),
                ),
                rewards("choose_one_of", N_("To choose one of"), needed=True),
                Field(
                    name="once_per",
                    label=N_("Once a year for"),
                    widget="choice",
                    options=(("subject", N_("each birthday")), ("household", N_("the household together"))),
                ),
                days("lead_days", N_("To be picked up from so many days before")),
                days("grace_days", N_("Until so many days after")),
                tiers(),
            ),
        ),
        *REST,
    ),
)
REVIEW: Final = KindForm(
    kind="review_reward",
    label=N_("Review"),
    about=N_("A thank-you for a genuine review on a public platform, after somebody has looked at the proof."),
    icon="star",
    heading=N_("Occasions"),
    record=ReviewReward,
    sample=ReviewReward(platforms=(("dianping", "大众点评"), ("meituan", "美团"))),
    sections=(
        Section(title=N_("Review"), fields=NAME),
        Section(
            title=N_("What they get"),
            fields=(
                Field(
                    name="platforms",
                    label=N_("Platforms"),
                    widget="rows",
                    variants=(
                        Variant(
                            label=N_("Platform"),
                            icon="globe",
                            fields=(
                                Field(name="code", label="", widget="code", prefix="platform"),
                                label(N_("Name of the platform"), required=True),
                            ),
                        ),
                    ),
                ),
                rewards("choose_one_of", N_("To choose one of"), needed=True),
                Field(name="needs_picture", label=N_("The review must have a picture or a film"), widget="flag"),
                Field(
                    name="positive_only",
                    label=N_("Only for praise"),
                    widget="flag",
                    help=N_(
                        "Leave this off: paying only for praise counts as unfair competition in China and is fined."
                    ),
                ),
                days("cooldown_days", N_("Once per platform in"), low=1),
            ),
        ),
        *REST,
    ),
)
