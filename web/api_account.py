"""An account as the API tells it after every operation, and what the API refuses by itself."""

from typing import Any
from uuid import UUID

from core.errors import Conflict, NotFound
from core.loyalty.queries import get_membership, get_wallet
from core.uow import Reader


class UnknownPurchase(NotFound):
    """No purchase of this customer has this key or id."""

    code = "unknown-purchase"


class RefundTooLarge(Conflict):
    """More is to be refunded than was paid and not refunded yet."""

    code = "refund-too-large"


class NoEventRule(Conflict):
    """No live rule gives points for this event."""

    code = "no-event-rule"


class EventLimit(Conflict):
    """The event has earned as often as it may in this period, or its rule is not for this member."""

    code = "event-limit"


async def tell_account(reader: Reader, customer_id: UUID) -> dict[str, Any]:
    """Balance, tier and open lots as of now."""
    card, wallet = await get_membership(reader, customer_id), await get_wallet(reader, customer_id)
    missing = card.missing
    return {
        "customer_id": customer_id,
        "balance": wallet.balance,
        "pending": wallet.pending,
        "deficit": wallet.deficit,
        "household_balance": wallet.household_balance,
        "next_expiry": {"points": wallet.next_expiry_points, "on": wallet.next_expiry_on}
        if wallet.next_expiry_on
        else None,
        "spent_fen": card.spent_fen,
        "tier": card.tier.code if card.tier else None,
        "tier_since": card.tier_since,
        "tier_until": card.pinned_until,
        "pay_percent": card.pay_percent,
        "next_tier": {"tier": missing.tier.code, "missing": missing.fen, "unit": missing.unit} if missing else None,
        "lots": [
            {
                "id": lot.lot_id,
                "earned": lot.earned,
                "remaining": lot.remaining,
                "activates_at": lot.activates_at,
                "expires_at": lot.expires_at,
            }
            for lot in wallet.lots
        ],
    }
