"""The words of loyalty's problems, by code; `web/problem_texts.py` joins them to the others."""

from typing import Final

from web.i18n import N_

LOYALTY: Final[dict[str, tuple[str, str]]] = {
    # Customers who stay away
    "churn-case-closed": (
        N_("This case is closed"),
        N_("Open a new one on the customer's page when there is something to do."),
    ),
    "churn-case-open": (
        N_("This household has an open case already"),
        N_("Write what you noticed into that one."),
    ),
    "winback-held-out": (
        N_("This household is in the comparison group"),
        N_("Call as usual, without a gift: the comparison shows what offers are worth."),
    ),
    "winback-none": (
        N_("There is nothing to offer here"),
        N_("The offer was given already, or no win-back rule is live."),
    ),
    # Campaigns
    "campaign-budget-spent": (
        N_("This campaign has given all that it may"),
        N_("Raise its budget under “Loyalty rules”, or go on without it."),
    ),
}
"""Title and next step of each code."""

LOYALTY_FIELDS: Final[dict[str, str]] = {}
"""Words for a refused value at its field."""
