"""Numbers that pages show beside lines: an area says once what it counts, and one statement asks for as many as a page has."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

Build = Callable[[Any], Select[int]]


class Asks(Protocol):
    """Whoever may read for a tenant."""

    @property
    def session(self) -> AsyncSession:
        """Bound to the tenant."""
        ...


class Counter:
    """How many of something there are: awaited alone, or asked together with others by `get_counts`."""

    def __init__(self, build: Build) -> None:
        self.build: Final = build
        self.__doc__ = build.__doc__
        self.__name__ = build.__name__

    async def __call__(self, reader: Asks) -> int:
        """Return how many there are."""
        (found,) = await get_counts(reader, (self,))
        return found


async def get_counts(reader: Asks, counters: Sequence[Counter]) -> list[int]:
    """Ask for all of them in one statement."""
    if not counters:
        return []
    query = select(*(each.build(reader).scalar_subquery().label(f"n{n}") for n, each in enumerate(counters)))
    row = (await reader.session.execute(query)).one()
    return [int(found or 0) for found in row]
