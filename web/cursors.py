"""Where a page of a long list ended, packed into an address; row security decides what it may show."""

import base64
import binascii
from datetime import date, datetime
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


def read_moment_cursor(text: str) -> tuple[datetime, UUID] | None:
    """Unpack a cursor of a list in the order of instants."""
    found = read_cursor(text)
    try:
        moment = datetime.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
    return (moment, found[1]) if found and moment and moment.tzinfo else None


def read_day_cursor(text: str) -> tuple[date, UUID] | None:
    """Unpack a cursor of a list in the order of days."""
    found = read_cursor(text)
    try:
        return (date.fromisoformat(found[0]), found[1]) if found else None
    except ValueError:
        return None
