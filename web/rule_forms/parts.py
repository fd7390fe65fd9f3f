"""Fields that several kinds of rules share: their names, whom and when they count for, rewards, lifetimes."""

from typing import Final

from web.i18n import N_
from web.rule_forms.fields import Field, Options, Section, Variant

PERIODS: Final[Options] = (
    ("day", N_("a day")),
    ("week", N_("a week")),
    ("month", N_("a month")),
    ("quarter", N_("a quarter")),
    ("year", N_("a calendar year")),
    ("membership_year", N_("a year of membership")),
    ("lifetime", N_("ever")),
)
HOLDERS: Final[Options] = (
    ("subject", N_("each pet or patient")),
    ("person", N_("each person")),
    ("household", N_("the household together")),
)


def label(title: str = N_("Name"), *, required: bool = False) -> Field:
    """The words for people, in both languages."""
    field = Field(name="label", label=title, widget="words", empty="", most=60)
    return Field(name="label", label=title, widget="words", most=60) if required else field


NAME: Final = (
    label(N_("Name of the rule")),
    Field(
        name="live",
        label=N_("In force"),
        widget="flag",
        help=N_("Switched off, the rule stays here and gives nothing."),
    ),
)
WHO_AND_WHEN: Final = Section(
    title=N_("For whom and when"),
    fields=(
        Field(name="starts_on", label=N_("First day"), widget="date", empty=None),
        Field(name="ends_on", label=N_("Last day"), widget="date", empty=None),
        Field(
            name="when",
            label=N_("Only for customers of whom this holds"),
            widget="when",
            help=N_("Without conditions the rule counts for everybody."),
        ),
    ),
    folded=True,
)
ORIGIN: Final = Section(
    title=N_("Where it comes from"),
    fields=(
        Field(
            name="source",
            label=N_("Source document"),
            empty="",
            most=200,
            help=N_("The paper and paragraph that the rule follows, for whoever asks later."),
        ),
        Field(
            name="group",
            label=N_("Either-or group"),
            empty="",
            most=60,
            help=N_(
                "Of rules with the same word here only one may be in force; of points for spending the best counts."
            ),
        ),
    ),
    folded=True,
)
REST: Final = (WHO_AND_WHEN, ORIGIN)


def tiers(text: str = N_("Only for these tiers")) -> Field:
    """Tiers of the ladder; none means everybody."""
    return Field(
        name="tiers", label=text, widget="many", options="tiers", empty=[], help=N_("None ticked: every member.")
    )


def categories(name: str = "categories", text: str = N_("Only these kinds of fees")) -> Field:
    """Fee categories of the price list."""
    return Field(name=name, label=text, widget="many", options="categories", empty=[])


SERVICES: Final = Field(
    name="services",
    label=N_("Only these services"),
    widget="many",
    options="services",
    empty=[],
    help=N_("With no kind of fee and no service ticked it counts for everything."),
)
SERVICE: Final = Field(
    name="service",
    label=N_("Service"),
    widget="choice",
    options="services",
    help=N_("From the price list; a service must have a price before the rules are published."),
)
PAY: Final = Field(
    name="pay_percent",
    label=N_("Member pays"),
    widget="pay",
    unit="%",
    low=0,
    high=99,
    empty=0,
    small=True,
    help=N_("90 means 9折; empty or 0 means free."),
)
VALID_DAYS: Final = Field(
    name="valid_days",
    label=N_("Good for"),
    widget="whole",
    unit=N_("days"),
    low=1,
    high=3650,
    empty=None,
    small=True,
    help=N_("Empty: without an end."),
)
REWARDS: Final = (
    Variant(
        type="points",
        label=N_("Points"),
        icon="coins",
        fields=(Field(name="points", label=N_("Points"), widget="whole", low=1, high=1_000_000, small=True),),
    ),
    Variant(
        type="coupon",
        label=N_("Coupon"),
        icon="ticket",
        fields=(
            Field(
                name="template",
                label=N_("Coupon"),
                widget="choice",
                options="coupons",
                help=N_("Coupons are rules of their own in this program."),
            ),
        ),
    ),
    Variant(
        type="service",
        label=N_("Service"),
        icon="hand-heart",
        fields=(
            SERVICE,
            label(N_("Name on the card")),
            PAY,
            Field(name="uses", label=N_("How often"), widget="whole", unit=N_("times"), low=1, high=365, small=True),
            VALID_DAYS,
        ),
    ),
    Variant(
        type="gift",
        label=N_("Gift"),
        icon="gift",
        fields=(
            Field(name="item", label=N_("Article"), most=60, help=N_("What is handed over at the desk.")),
            label(N_("Name on the card")),
            VALID_DAYS,
        ),
    ),
)


def rewards(name: str, title: str, text: str = "", *, needed: bool = False) -> Field:
    """A list of things to give."""
    field = Field(name=name, label=title, widget="rows", help=text, variants=REWARDS, empty=[])
    return Field(name=name, label=title, widget="rows", help=text, variants=REWARDS) if needed else field


LIFETIME: Final = Field(
    name="lifetime",
    label=N_("How long the points live"),
    widget="group",
    fields=(
        Field(
            name="pending_days",
            label=N_("They begin to count after"),
            widget="whole",
            unit=N_("days"),
            high=365,
            empty=0,
            small=True,
            help=N_("Empty: at once."),
        ),
        Field(
            name="live",
            label=N_("From then on they live"),
            widget="span",
            members=("months", "days"),
            empty=None,
            help=N_("Empty: for ever. The last day may still be used."),
        ),
        Field(
            name="until",
            label=N_("They end with"),
            widget="choice",
            options=(
                ("day", N_("that day")),
                ("month_end", N_("the end of that month")),
                ("quarter_end", N_("the end of that quarter")),
                ("year_end", N_("the end of that year")),
            ),
        ),
    ),
)
