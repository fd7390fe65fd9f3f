"""What a check must know beside the rules themselves, and what it answers."""

from datetime import date
from typing import Literal

import msgspec

from core.conditions.rules.catalogue import Catalogue
from core.hooks.records.text import Text


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the price list in force."""

    code: str
    label: Text
    price_fen: int
    category: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the tenant has; None where nobody knows, and nothing is checked against it then.

    core.backtests.checking.get_facts finds them.
    """

    today: date
    services: tuple[Service, ...] | None = None
    categories: tuple[tuple[str, Text], ...] | None = None
    """Kinds of fees: code and label."""
    catalogue: Catalogue | None = None
    roles: tuple[tuple[str, Text], ...] | None = None
    subject_types: tuple[tuple[str, Text], ...] | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing about a rule. An error stands in the way of publishing, a warning is shown and may be meant.

    `path` names the field as forms post it (`tiers[1].benefits[0].service`), empty: the rule as a whole. Values in
    `params` that are words (labels of rules, tiers) are Text, the others plain.
    """

    rule_id: str
    code: str
    severity: Literal["error", "warning"] = "error"
    path: str = ""
    params: dict[str, Text | int] = {}
