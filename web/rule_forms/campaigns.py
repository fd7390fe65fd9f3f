"""The form of campaigns: windows of days, festivals and weekdays, what is given in them, and the budget."""

from typing import Final

from core.hooks.records.loyalty.offers import Campaign
from web.i18n import N_
from web.rule_forms.fields import Field, KindForm, Section, Variant
from web.rule_forms.offers import DAYS
from web.rule_forms.parts import NAME, REST, SERVICES, categories, rewards

FESTIVALS: Final = (
    ("spring", N_("Spring Festival")),
    ("lantern", N_("Lantern Festival")),
    ("dragon_boat", N_("Dragon Boat Festival")),
    ("qixi", N_("Qixi")),
    ("mid_autumn", N_("Mid-Autumn Festival")),
    ("double_ninth", N_("Double Ninth Festival")),
)
WEEKDAYS: Final = (
    ("1", N_("Monday")),
    ("2", N_("Tuesday")),
    ("3", N_("Wednesday")),
    ("4", N_("Thursday")),
    ("5", N_("Friday")),
    ("6", N_("Saturday")),
    ("7", N_("Sunday")),
)
DAY_HELP: Final = N_("Every year: 11-11. Once: 2026-11-11.")
WINDOWS: Final = (
    Variant(
        type="days",
        label=N_("From day to day"),
        icon="calendar",
        fields=(
            Field(name="first", label=N_("First day"), most=10, small=True, help=DAY_HELP),
            Field(name="last", label=N_("Last day"), most=10, small=True, help=DAY_HELP),
        ),
    ),
    Variant(
        type="festival",
        label=N_("Around a festival"),
        icon="party-popper",
        fields=(
            Field(name="festival", label=N_("Festival"), widget="choice", options=FESTIVALS),
            Field(name="before_days", label=N_("Days before"), widget="whole", unit=DAYS, high=60, empty=0, small=True),
            Field(name="after_days", label=N_("Days after"), widget="whole", unit=DAYS, high=60, empty=0, small=True),
        ),
    ),
    Variant(
        type="weekday",
        label=N_("Days of the week"),
        icon="calendar-days",
        fields=(Field(name="days", label=N_("On"), widget="many", options=WEEKDAYS, numbers=True),),
    ),
)
CAMPAIGN: Final = KindForm(
    kind="campaign",
    label=N_("Limited-time offer"),
    about=N_("For some days: more points, lower prices or something given once, never above its budget."),
    icon="megaphone",
    heading=N_("Occasions"),
    record=Campaign,
    sample=Campaign(earn_multiplier=2),
    sections=(
        Section(title=N_("Limited-time offer"), fields=NAME),
        Section(
            title=N_("When it runs"),
            fields=(
                Field(
                    name="windows",
                    label=N_("Windows"),
                    widget="rows",
                    empty=[],
                    variants=WINDOWS,
                    help=N_(
                        "Days and festivals add up; days of the week narrow them. Without any, its first and last day count."
                    ),
                ),
            ),
        ),
        Section(
            title=N_("What it gives"),
            fields=(
                Field(
                    name="earn_multiplier",
                    label=N_("Points times"),
                    widget="ratio",
                    unit="×",
                    empty=1,
                    small=True,
                ),
                Field(
                    name="pay_percent",
                    label=N_("Member pays"),
                    widget="pay",
                    unit="%",
                    low=1,
                    high=99,
                    empty=None,
                    small=True,
                    help=N_("90 means 9折, 85 means 8.5折."),
                ),
                rewards("rewards", N_("Given once")),
                Field(
                    name="min_fen",
                    label=N_("Only from a purchase of"),
                    widget="yuan",
                    unit=N_("yuan"),
                    empty=0,
                    small=True,
                ),
                categories(),
                SERVICES,
            ),
        ),
        Section(
            title=N_("Budget"),
            fields=(
                Field(
                    name="budget_fen", label=N_("Budget"), widget="yuan", unit=N_("yuan"), low=1, empty=None, small=True
                ),
                Field(
                    name="budget_points",
                    label=N_("Budget in points"),
                    widget="whole",
                    unit=N_("points"),
                    low=1,
                    empty=None,
                    small=True,
                ),
                Field(
                    name="per_customer_limit",
                    label=N_("One customer takes part"),
                    widget="whole",
                    unit=N_("times"),
                    low=1,
                    high=1000,
                    empty=None,
                    small=True,
                ),
                Field(name="message", label=N_("Message to members"), widget="words", empty="", most=300),
            ),
        ),
        *REST,
    ),
)
