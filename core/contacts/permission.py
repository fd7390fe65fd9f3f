"""The question of every sender who writes to one person only; whoever writes to many asks `find_refusing` once."""

from uuid import UUID

from core.contacts.queries import find_refusing
from core.uow import Reader


async def may_contact(reader: Reader, customer_id: UUID, *, purpose: str, channel: str) -> bool:
    """Tell whether one customer may be contacted for the purpose on the channel."""
    return not await find_refusing(reader, [customer_id], purpose=purpose, channel=channel)
