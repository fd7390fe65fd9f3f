"""What a member pays, from integer fen alone: the tier's percentage, and the bill that explains itself."""

import msgspec

from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import Tier

LARGEST_FEN = 100_000_000_00
"""One bill above one hundred million yuan is a slip of the finger."""


class Price(msgspec.Struct, frozen=True):
    """A bill after the member's discount."""

    list_fen: int
    pay_percent: int
    paid_fen: int

    @property
    def saved_fen(self) -> int:
        return self.list_fen - self.paid_fen


def pay_percent(tier: Tier | None) -> int:
    """What a member of this tier pays of the price: 90 is 9折."""
    shares = [b.pay_percent for b in tier.benefits if isinstance(b, PercentDiscount)] if tier else []
    return min(shares, default=100)


def member_price(list_fen: int, percent: int) -> Price:
    """The discount on the whole bill, half a fen rounded up; shares of lines are never rounded one by one."""
    return Price(list_fen, percent, (list_fen * percent + 50) // 100)
