"""Numbers that pages show beside lines: an area says once what it counts, and one statement asks for as many as a page has."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from sqlalchemy import BindParameter, Select, select
from sqlalchemy.sql import visitors

from core.asked import Asked, Asker, Asks, given

KEPT: Final = 256
"""Statements kept ready: one for each set of lines and roles that pages show."""


class Counter:
    """How many of something there are: awaited alone, or asked together with others by `get_counts`."""

    def __init__(self, build: Callable[[Asked], Select[int]]) -> None:
        self.build: Final = build
        self.__doc__ = build.__doc__
        self.__name__ = build.__name__

    async def __call__(self, reader: Asks) -> int:
        """Return how many there are."""
        (found,) = await get_counts(reader, (self,))
        return found


@lru_cache(KEPT)
def _statement(counters: tuple[Counter, ...], roles: frozenset[str]) -> Select[Any]:
    """Return one statement for all."""
    asked = Asked(Asker(roles))
    statement: Any = select(*(each.build(asked).scalar_subquery().label(f"n{n}") for n, each in enumerate(counters)))
    return cast("Select[Any]", visitors.cloned_traverse(statement, {}, {"bindparam": _write_out}))


def _write_out(value: BindParameter[Any]) -> None:
    """Write what a counter names itself (`state = 'dead'`) into the text: its partial index is found, and a plan is kept."""
    value.literal_execute = value.unique


async def get_counts(reader: Asks, counters: Sequence[Counter]) -> list[int]:
    """Ask for all of them in one statement."""
    if not counters:
        return []
    row = (await reader.session.execute(_statement(tuple(counters), reader.scope.actor.roles), given(reader))).one()
    return [int(found or 0) for found in row]
