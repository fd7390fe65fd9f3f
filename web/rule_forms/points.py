"""The forms of rules about tiers and points: the ladder, what is earned."""

from typing import Final

from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Tier, TierLadder
from web.i18n import N_
from web.rule_forms.fields import Field, KindForm, Section, Variant
from web.rule_forms.parts import HOLDERS, LIFETIME, NAME, PERIODS, REST, SERVICE, categories, label, tiers

SPENT: Final = ("lifetime_spend", "period_spend")
EVENTS: Final = (
    ("registered", N_("somebody becomes a member")),
    ("first_purchase", N_("the first purchase is paid")),
    ("birthday", N_("it is a birthday")),
    ("review", N_("a review was checked")),
    ("referral", N_("a referral has qualified")),
    ("profile_complete", N_("the profile is complete")),
    ("check_in", N_("somebody comes in")),
)
BENEFITS: Final = (
    Variant(
        type="percent_discount",
        label=N_("Discount"),
        icon="percent",
        fields=(
            Field(
                name="pay_percent",
                label=N_("Member pays"),
                widget="pay",
                unit="%",
                low=1,
                high=99,
                small=True,
                help=N_("90 means 9折, 85 means 8.5折."),
            ),
            categories(),
            categories("exclude_categories", N_("Not these kinds of fees")),
        ),
    ),
    Variant(
        type="free_service",
        label=N_("Service"),
        icon="hand-heart",
        fields=(
            SERVICE,
            label(N_("Name on the card")),
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
            Field(name="carry_over", label=N_("What is left may be used in the next period"), widget="flag"),
        ),
    ),
    Variant(
        type="named_clinician",
        label=N_("Named clinician"),
        icon="stethoscope",
        fields=(label(N_("Name on the card")),),
    ),
    Variant(
        type="perk",
        label=N_("Something else"),
        icon="sparkles",
        fields=(
            Field(name="code", label="", widget="code", prefix="perk"),
            label(N_("What members get"), required=True),
        ),
    ),
)
TIER: Final = Variant(
    label=N_("Tier"),
    icon="award",
    fields=(
        Field(name="code", label="", widget="code", prefix="tier"),
        label(N_("Name of the tier"), required=True),
        Field(
            name="min_fen",
            label=N_("Reached with"),
            widget="yuan",
            unit=N_("yuan"),
            empty=0,
            small=True,
            shown_when=("/basis", SPENT),
            help=N_("The lowest tier begins at 0."),
        ),
        Field(
            name="min_points",
            label=N_("Reached with"),
            widget="whole",
            unit=N_("points"),
            empty=0,
            small=True,
            shown_when=("/basis", ("points_earned", "points_balance")),
            help=N_("The lowest tier begins at 0."),
        ),
        Field(
            name="min_visits",
            label=N_("Reached with"),
            widget="whole",
            unit=N_("visits"),
            empty=0,
            small=True,
            shown_when=("/basis", ("visits",)),
            help=N_("The lowest tier begins at 0."),
        ),
        Field(
            name="earn_multiplier",
            label=N_("Points times"),
            widget="ratio",
            unit="×",
            empty=1,
            small=True,
            help=N_("2 doubles the points of this tier."),
        ),
        Field(name="benefits", label=N_("Benefits"), widget="rows", empty=[], variants=BENEFITS),
        Field(
            name="when",
            label=N_("Only for customers of whom this holds too"),
            widget="when",
            help=N_("Without conditions the threshold alone decides."),
        ),
    ),
)
LADDER: Final = KindForm(
    kind="tier_ladder",
    label=N_("Tiers"),
    about=N_("Members climb tiers by what they spend, earn or how often they come, and get benefits."),
    icon="award",
    heading=N_("Tiers"),
    record=TierLadder,
    sample=TierLadder(
        tiers=(
            Tier(code="normal", label={"zh-CN": "普通会员", "en": "Member"}),
            Tier(
                code="silver",
                label={"zh-CN": "银卡会员", "en": "Silver member"},
                min_fen=500_00,
                benefits=(PercentDiscount(pay_percent=90),),
            ),
        )
    ),
    sections=(
        Section(title=N_("The ladder"), fields=NAME),
        Section(
            title=N_("What counts"),
            fields=(
                Field(
                    name="basis",
                    label=N_("Tiers are reached by"),
                    widget="choice",
                    options=(
                        ("lifetime_spend", N_("money spent, ever")),
                        ("period_spend", N_("money spent in a period")),
                        ("points_earned", N_("points earned, ever")),
                        ("points_balance", N_("points at hand")),
                        ("visits", N_("visits")),
                    ),
                ),
                Field(
                    name="period",
                    label=N_("The period"),
                    widget="choice",
                    shown_when=("basis", ("period_spend",)),
                    options=(
                        ("rolling", N_("the last months, day by day")),
                        ("calendar_year", N_("the calendar year")),
                    ),
                ),
                Field(
                    name="period_months",
                    label=N_("Length of the period"),
                    widget="whole",
                    unit=N_("months"),
                    low=1,
                    high=120,
                    empty=12,
                    small=True,
                    shown_when=("basis", ("period_spend",)),
                ),
                Field(name="refunds_lower_spend", label=N_("Refunds lower what counts as spent"), widget="flag"),
            ),
        ),
        Section(
            title=N_("Tiers from the lowest up"),
            fields=(Field(name="tiers", label=N_("Tiers"), widget="rows", variants=(TIER,)),),
        ),
        Section(
            title=N_("Up and down"),
            fields=(
                Field(
                    name="upgrade",
                    label=N_("Somebody climbs"),
                    widget="choice",
                    options=(("now", N_("at once")), ("next_period", N_("when the next period begins"))),
                ),
                Field(
                    name="downgrade",
                    label=N_("Somebody falls"),
                    widget="choice",
                    options=(
                        ("never", N_("never")),
                        ("review", N_("at a review, after grace")),
                        ("now", N_("at once")),
                    ),
                ),
                Field(
                    name="review_months",
                    label=N_("Reviewed every"),
                    widget="whole",
                    unit=N_("months"),
                    low=1,
                    high=120,
                    empty=12,
                    small=True,
                    shown_when=("downgrade", ("review",)),
                ),
                Field(
                    name="grace_days",
                    label=N_("Grace after a review"),
                    widget="whole",
                    unit=N_("days"),
                    high=365,
                    empty=0,
                    small=True,
                    shown_when=("downgrade", ("review",)),
                ),
            ),
        ),
        *REST,
    ),
)


def _most(name: str, text: str) -> Field:
    return Field(
        name=name,
        label=text,
        widget="whole",
        unit=N_("points"),
        low=1,
        empty=None,
        small=True,
        help=N_("Empty: without a limit."),
    )


EARN_RATE: Final = KindForm(
    kind="earn_rate",
    label=N_("Points for spending"),
    about=N_("So many points for every so many yuan paid, after discounts."),
    icon="coins",
    heading=N_("Points"),
    record=EarnRate,
    sample=EarnRate(per_fen=100, points=1),
    sections=(
        Section(title=N_("Points for spending"), fields=NAME),
        Section(
            title=N_("How much"),
            fields=(
                Field(name="per_fen", label=N_("For every full"), widget="yuan", unit=N_("yuan"), low=1, small=True),
                Field(name="points", label=N_("they earn"), widget="whole", unit=N_("points"), low=1, small=True),
                Field(
                    name="multiplier",
                    label=N_("Times"),
                    widget="ratio",
                    unit="×",
                    empty=1,
                    small=True,
                    help=N_("Empty or 1: as it is."),
                ),
                Field(
                    name="min_fen",
                    label=N_("Only from a purchase of"),
                    widget="yuan",
                    unit=N_("yuan"),
                    empty=0,
                    small=True,
                ),
            ),
        ),
        Section(title=N_("How long they live"), fields=(LIFETIME,)),
        Section(
            title=N_("Limits"),
            fields=(
                _most("max_points_per_purchase", N_("At most per purchase")),
                _most("max_points_per_day", N_("At most per day")),
                _most("max_points_per_month", N_("At most per month")),
                tiers(),
                categories(),
                categories("exclude_categories", N_("Not these kinds of fees")),
            ),
            folded=True,
        ),
        *REST,
    ),
)
EARN_EVENT: Final = KindForm(
    kind="earn_event",
    label=N_("Points for an event"),
    about=N_("Points when something happens: joining, a birthday, a review, a full profile."),
    icon="calendar-plus",
    heading=N_("Points"),
    record=EarnEvent,
    sample=EarnEvent(event="registered", points=100),
    sections=(
        Section(title=N_("Points for an event"), fields=NAME),
        Section(
            title=N_("How much"),
            fields=(
                Field(name="event", label=N_("When"), widget="choice", options="events"),
                Field(name="points", label=N_("they get"), widget="whole", unit=N_("points"), low=1, small=True),
                Field(
                    name="limit",
                    label=N_("At most"),
                    widget="whole",
                    unit=N_("times"),
                    low=1,
                    high=1000,
                    empty=None,
                    small=True,
                    help=N_("Empty: each time."),
                ),
                Field(name="period", label=N_("Per"), widget="choice", options=PERIODS),
                tiers(),
            ),
        ),
        Section(title=N_("How long they live"), fields=(LIFETIME,)),
        *REST,
    ),
)
