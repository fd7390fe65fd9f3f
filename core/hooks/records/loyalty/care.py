"""Rules about people who stay away: who counts as leaving, and what is offered once to win them back."""

from typing import Literal

from core.hooks.records.loyalty.parts import Reward, Rule
from core.hooks.records.text import Text

ChurnSignal = Literal["no_spend", "planned_date", "negative_review", "over_estimate", "staff_left", "not_satisfied"]


class Churn(Rule, frozen=True, kw_only=True, tag="churn"):
    """Overdue when today >= last visit + max(`months`, `gap_factor` x the customer's own median gap), and other signals.

    One open case per household, with an owner of one of `roles` and a time by which somebody has called.
    """

    months: int = 3
    gap_factor: int = 2
    planned_days: int = 14
    over_estimate_percent: int = 30
    signals: tuple[ChurnSignal, ...] = (
        "no_spend",
        "planned_date",
        "negative_review",
        "over_estimate",
        "staff_left",
        "not_satisfied",
    )
    roles: tuple[str, ...] = ("director", "doctor")
    due_days: int = 3
    nightly_limit: int = 200
    """At most so many new cases a night, so that an imported past becomes a list that people can work through."""
    quiet_days: int = 90
    """After a closed case no new one of the same signal for so long."""


class Winback(Rule, frozen=True, kw_only=True, tag="winback"):
    """Offered once per episode to those who left, but not to a part of them, so that the lift can be measured."""

    choose_one_of: tuple[Reward, ...] = ()
    hold_out_percent: int = 10
    measure_days: int = 60
    """Who comes back within so many days counts as won."""
    invite: Text = ""

    def __post_init__(self) -> None:
        """Refuse a hold-out that leaves nobody."""
        if not 0 <= self.hold_out_percent <= 50:
            raise ValueError("hold_out_percent lies between 0 and 50")
