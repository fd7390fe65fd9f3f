"""The forms of rules about people who stay away and people whom we owe something."""

from typing import Final

from core.hooks.records.loyalty.care import Churn, Winback
from core.hooks.records.loyalty.offers import Goodwill
from web.i18n import N_
from web.rule_forms.fields import Field, KindForm, Section, Variant
from web.rule_forms.offers import days
from web.rule_forms.parts import NAME, REST, rewards

SIGNALS: Final = (
    ("no_spend", N_("has not been here for long")),
    ("planned_date", N_("a planned date has passed")),
    ("negative_review", N_("wrote a bad review")),
    ("over_estimate", N_("the bill was far above the estimate")),
    ("staff_left", N_("their named clinician has left")),
    ("not_satisfied", N_("a complaint ended without satisfaction")),
)
CHURN: Final = KindForm(
    kind="churn",
    label=N_("Who is at risk"),
    about=N_("By which signs somebody counts as leaving, and who calls them by when."),
    icon="heart-crack",
    heading=N_("Care"),
    record=Churn,
    sample=Churn(),
    sections=(
        Section(title=N_("Who is at risk"), fields=NAME),
        Section(
            title=N_("Signs"),
            fields=(
                Field(name="signals", label=N_("Somebody is at risk who"), widget="many", options=SIGNALS),
                Field(
                    name="months",
                    label=N_("Has not been here for"),
                    widget="whole",
                    unit=N_("months"),
                    low=1,
                    high=60,
                    small=True,
                ),
                Field(
                    name="gap_factor",
                    label=N_("And for their own usual gap times"),
                    widget="whole",
                    unit="×",
                    low=1,
                    high=20,
                    small=True,
                    help=N_("Who comes twice a year is not missed after three months: the longer of the two counts."),
                ),
                days("planned_days", N_("A planned date has passed since")),
                Field(
                    name="over_estimate_percent",
                    label=N_("The bill was above the estimate by"),
                    widget="whole",
                    unit="%",
                    low=1,
                    high=1000,
                    small=True,
                ),
            ),
        ),
        Section(
            title=N_("Who calls"),
            fields=(
                Field(name="roles", label=N_("One of these calls"), widget="many", options="roles"),
                days("due_days", N_("Within"), low=1),
                days("quiet_days", N_("No new case of the same sign for")),
            ),
        ),
        *REST,
    ),
)
WINBACK: Final = KindForm(
    kind="winback",
    label=N_("Winning back"),
    about=N_("What somebody who left is offered, once; a few get nothing, so that its effect can be measured."),
    icon="undo-2",
    heading=N_("Care"),
    record=Winback,
    sample=Winback(),
    sections=(
        Section(title=N_("Winning back"), fields=NAME),
        Section(
            title=N_("What they get"),
            fields=(
                rewards("choose_one_of", N_("To choose one of"), needed=True),
                Field(name="invite", label=N_("Words of the invitation"), widget="words", empty="", most=300),
                Field(
                    name="hold_out_percent",
                    label=N_("Nobody calls"),
                    widget="whole",
                    unit=N_("% of them"),
                    high=50,
                    small=True,
                    help=N_("Only beside people who were not called can it be seen what calling does."),
                ),
                days("measure_days", N_("Who comes back counts as won within"), low=1),
            ),
        ),
        *REST,
    ),
)
GOODWILL: Final = KindForm(
    kind="goodwill",
    label=N_("Goodwill"),
    about=N_("How much each role may give by itself to somebody who complained; above that, somebody approves."),
    icon="handshake",
    heading=N_("Care"),
    record=Goodwill,
    sample=Goodwill(),
    sections=(
        Section(title=N_("Goodwill"), fields=NAME),
        Section(
            title=N_("How much"),
            fields=(
                Field(
                    name="limits",
                    label=N_("Limits"),
                    widget="rows",
                    empty=[],
                    help=N_("Who has no row here may give nothing without approval."),
                    variants=(
                        Variant(
                            label=N_("Role"),
                            icon="user-round",
                            fields=(
                                Field(name="role", label=N_("Role"), widget="choice", options="roles"),
                                Field(
                                    name="max_fen",
                                    label=N_("Up to"),
                                    widget="yuan",
                                    unit=N_("yuan"),
                                    small=True,
                                ),
                            ),
                        ),
                    ),
                ),
                Field(
                    name="max_fen_per_complaint",
                    label=N_("For one complaint at most"),
                    widget="yuan",
                    unit=N_("yuan"),
                    empty=None,
                    small=True,
                ),
                Field(
                    name="valid_months",
                    label=N_("Good for"),
                    widget="whole",
                    unit=N_("months"),
                    low=1,
                    high=120,
                    empty=None,
                    small=True,
                    help=N_("Empty: without an end."),
                ),
            ),
        ),
        *REST,
    ),
)
