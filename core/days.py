"""Which day it is somewhere."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_date(instant: datetime, timezone: str) -> date:
    """Return the day it is in a zone at that instant."""
    return instant.astimezone(ZoneInfo(timezone)).date()
