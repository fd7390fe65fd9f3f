"""Where a page of a long list ended, packed into an address; row security decides what it may show."""

import base64
import binascii
from uuid import UUID


def pack_cursor(value: str, one: UUID) -> str:
    """Pack the sorting value and the id of the last line."""
    return base64.urlsafe_b64encode(f"{one.hex}{value}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[str, UUID] | None:
    """Unpack; what is no cursor begins at the first page."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        return (plain[32:], UUID(plain[:32])) if plain and "\x00" not in plain else None
    except (ValueError, binascii.Error):
        return None
