"""Recency, frequency and money: fixed bands of days and of bills, fifths of what was spent, and groups with a name."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

# Own design. Three months without spending is where the documents say that somebody is leaving (churn 3 months).
RECENCY_DAYS: Final = (30, 90, 180, 270)
"""Last came within so many days, today included; more than the last is the lowest band."""
FREQUENCY: Final = (2, 3, 5, 8)
"""Bills in the last 365 days from which the next band begins; below the first is one bill."""
FIFTHS: Final = (0.2, 0.4, 0.6, 0.8)
WINDOW_DAYS: Final = 365
BANDS: Final = 5

Group = Literal["best", "loyal", "new", "promising", "cooling", "leaving_good", "lost"]
GROUPS: Final[tuple[Group, ...]] = ("best", "loyal", "new", "promising", "cooling", "leaving_good", "lost")


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Members of one band each of recency, frequency and money; 5 is the best of each."""

    recency: int
    frequency: int
    money: int
    people: int
    fen: int

    @property
    def group(self) -> Group:
        """The group with a name."""
        return group_of(self.recency, self.frequency)


class Square(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the grid recency x frequency."""

    recency: int
    frequency: int
    people: int
    fen: int
    group: Group


class GroupSum(msgspec.Struct, frozen=True, kw_only=True):
    """A group with a name: how many, and what they spent."""

    group: Group
    people: int
    fen: int


def group_of(recency: int, frequency: int) -> Group:
    """Name the place of a band of recency and one of frequency."""
    if recency >= 4:
        if frequency >= 4:
            return "best"
        return "loyal" if frequency >= 2 else "new"
    if recency == 3:
        return "cooling" if frequency >= 2 else "promising"
    return "leaving_good" if frequency >= 3 else "lost"


def squares(cells: Iterable[Cell]) -> tuple[Square, ...]:
    """Sum up the cells over money: the grid, the best recency first, the lowest frequency first."""
    people: dict[tuple[int, int], list[int]] = {}
    for cell in cells:
        held = people.setdefault((cell.recency, cell.frequency), [0, 0])
        held[0] += cell.people
        held[1] += cell.fen
    return tuple(
        Square(
            recency=recency,
            frequency=frequency,
            people=people.get((recency, frequency), [0, 0])[0],
            fen=people.get((recency, frequency), [0, 0])[1],
            group=group_of(recency, frequency),
        )
        for recency in range(BANDS, 0, -1)
        for frequency in range(1, BANDS + 1)
    )


def group_sums(cells: Sequence[Cell]) -> tuple[GroupSum, ...]:
    """Sum up the cells by group, all groups, in their order."""
    return tuple(
        GroupSum(
            group=group,
            people=sum(cell.people for cell in cells if cell.group == group),
            fen=sum(cell.fen for cell in cells if cell.group == group),
        )
        for group in GROUPS
    )


def recency_range(band: int) -> tuple[int | None, int | None]:
    """The days ago, (more than, up to), that a band of recency covers; None is open."""
    place = BANDS - band
    return (RECENCY_DAYS[place - 1] if place else None), (RECENCY_DAYS[place] if place < len(RECENCY_DAYS) else None)


def frequency_range(band: int) -> tuple[int, int | None]:
    """The bills, (from, to), that a band of frequency covers; None is open."""
    first = FREQUENCY[band - 2] if band > 1 else 1
    return first, (FREQUENCY[band - 1] - 1 if band <= len(FREQUENCY) else None)
