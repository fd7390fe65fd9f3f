"""What a vertical offers to make good for a complaint."""

from typing import Literal

import msgspec

from core.hooks.records.complaints import Severity
from core.hooks.records.text import Text

RemedyKind = Literal["points", "coupon", "refund", "redo", "fee_reduction", "gift"]
"""Points, a coupon of the program, money back, the work once more, a lower fee, a thing or a service for nothing."""


class RemedyOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One way of making good, as the desk is offered it; the price is a proposal that the desk may change."""

    id: str
    kind: RemedyKind
    label: Text
    cost_fen: int | None = None
    """What it costs the house; None is typed each time."""
    points: int | None = None
    template: str = ""
    """Of a coupon: the id of a coupon template of the program."""
    item: str = ""
    """Of a redo or a gift: what the coupon for it names, so that the desk can take it back in; empty is by hand."""
    severities: tuple[Severity, ...] = ("L1", "L2", "L3")
    categories: tuple[str, ...] = ()
    """Local ids of the plugin's own categories, with all below them; empty is any."""
    source: str = ""
    """Document and section, or `own design`."""
