"""The forms of what points buy and of the ledger's policy."""

from typing import Final

from core.hooks.records.loyalty.points import LedgerPolicy, Redeem
from web.i18n import N_
from web.rule_forms.fields import Field, KindForm, Section
from web.rule_forms.parts import NAME, REST, categories, label, tiers

REDEEM: Final = KindForm(
    kind="redeem",
    label=N_("Paying with points"),
    about=N_("What a point is worth at the till, from how many on, and for how much of a bill."),
    icon="wallet",
    heading=N_("Points"),
    record=Redeem,
    sample=Redeem(fen_per_point=1, step=100, min_points=100, max_percent=50),
    sections=(
        Section(title=N_("Paying with points"), fields=NAME),
        Section(
            title=N_("How much"),
            fields=(
                Field(
                    name="fen_per_point",
                    label=N_("One point is worth"),
                    widget="yuan",
                    unit=N_("yuan"),
                    low=1,
                    small=True,
                    help=N_("0.01 makes 100 points one yuan."),
                ),
                Field(
                    name="step",
                    label=N_("In steps of"),
                    widget="whole",
                    unit=N_("points"),
                    low=1,
                    empty=1,
                    small=True,
                ),
                Field(
                    name="min_points",
                    label=N_("From"),
                    widget="whole",
                    unit=N_("points"),
                    empty=0,
                    small=True,
                ),
                Field(
                    name="max_points",
                    label=N_("At most"),
                    widget="whole",
                    unit=N_("points"),
                    low=1,
                    empty=None,
                    small=True,
                    help=N_("Empty: without a limit."),
                ),
                Field(
                    name="max_percent",
                    label=N_("For at most"),
                    widget="whole",
                    unit=N_("% of the bill"),
                    low=1,
                    high=100,
                    empty=100,
                    small=True,
                ),
                Field(
                    name="min_bill_fen",
                    label=N_("Only from a bill of"),
                    widget="yuan",
                    unit=N_("yuan"),
                    empty=0,
                    small=True,
                ),
            ),
        ),
        Section(title=N_("Limits"), fields=(tiers(), categories()), folded=True),
        *REST,
    ),
)
PROGRAM: Final = (
    Section(
        title=N_("The program"),
        fields=(
            label(N_("Name of the program")),
            Field(name="source", label=N_("Source document"), empty="", most=200),
        ),
    ),
)
LEDGER: Final = KindForm(
    kind="ledger",
    label=N_("The ledger"),
    about=N_("What happens with points where the other rules leave it open: refunds, households, points by hand."),
    icon="notebook-text",
    heading=N_("Points"),
    record=LedgerPolicy,
    sample=LedgerPolicy(),
    sections=(
        Section(
            title=N_("The ledger"),
            fields=(
                Field(
                    name="reversal",
                    label=N_("A refund takes back points that are spent already"),
                    widget="choice",
                    options=(
                        ("clamp", N_("they are forgotten")),
                        ("deficit", N_("they are owed, and later points pay them first")),
                    ),
                ),
                Field(
                    name="deficit_limit",
                    label=N_("Owed at most"),
                    widget="whole",
                    unit=N_("points"),
                    empty=None,
                    small=True,
                    shown_when=("reversal", ("deficit",)),
                    help=N_("Empty: without a limit."),
                ),
                Field(
                    name="give_back_days",
                    label=N_("Points given back live at least"),
                    widget="whole",
                    unit=N_("days"),
                    high=3650,
                    small=True,
                ),
                Field(
                    name="pool",
                    label=N_("Whose points pay"),
                    widget="choice",
                    options=(
                        ("household", N_("those of the household together")),
                        ("person", N_("each person's own")),
                    ),
                ),
                Field(
                    name="manual_months",
                    label=N_("Points granted by hand live"),
                    widget="whole",
                    unit=N_("months"),
                    low=1,
                    high=120,
                    empty=None,
                    small=True,
                    help=N_("Empty: for ever."),
                ),
            ),
        ),
    ),
)
