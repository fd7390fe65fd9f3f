"""The only place that asks the machine what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present instant, aware and in UTC; tests pass their own."""


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)
