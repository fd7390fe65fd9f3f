"""Tier movement: who rose and who fell in each month, from where to where."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """So many members went from one tier to another in a month, given by its place; codes."""

    month: int
    before: str
    after: str
    people: int


class MonthOfMoves(msgspec.Struct, frozen=True, kw_only=True):
    """One month: rises, falls."""

    first: date
    up: int
    down: int


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """One way between tiers over the whole time, with its count by month."""

    before: str
    after: str
    people: int
    by_month: tuple[int, ...]
    is_up: bool


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """All months, and every way that somebody went, the busiest first."""

    months: tuple[MonthOfMoves, ...]
    paths: tuple[Path, ...]


def movement(months: Sequence[date], order: Sequence[str], rows: Iterable[Moved]) -> Movement:
    """Put the report together; `order` holds the tiers from the lowest up, a tier that is gone counts as the lowest."""
    rank = {code: place for place, code in enumerate(order)}
    counts: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        counts.setdefault((row.before, row.after), [0] * len(months))[row.month] += row.people
    paths = [
        Path(
            before=before,
            after=after,
            people=sum(by_month),
            by_month=tuple(by_month),
            is_up=rank.get(after, -1) > rank.get(before, -1),
        )
        for (before, after), by_month in counts.items()
    ]
    paths.sort(key=lambda path: (-path.people, path.before, path.after))
    return Movement(
        months=tuple(
            MonthOfMoves(
                first=first,
                up=sum(path.by_month[place] for path in paths if path.is_up),
                down=sum(path.by_month[place] for path in paths if not path.is_up),
            )
            for place, first in enumerate(months)
        ),
        paths=tuple(paths),
    )
