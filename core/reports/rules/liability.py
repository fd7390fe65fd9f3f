"""What open points are worth: by the age of their lots, times fen per point, less what will never be used."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import msgspec

AGE_MONTHS: Final = (3, 6, 12, 24)
"""Own design: lots are up to 3, 6, 12, 24 months old, or older."""


class AgeBand(msgspec.Struct, frozen=True, kw_only=True):
    """Open points of one age, counted from the day they were earned; `months` None: older than all others."""

    months: int | None
    lots: int
    points: int
    fen: int
    """Points x fen per point, before breakage."""


class Breakage(msgspec.Struct, frozen=True, kw_only=True):
    """The part of points that ended unused: of lots whose days are over, expired / earned. None: nothing ended yet."""

    earned: int
    expired: int

    @property
    def share(self) -> Fraction | None:
        """Exactly; None without a lot that has ended."""
        return Fraction(min(self.expired, self.earned), self.earned) if self.earned > 0 else None


class Liability(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report; fen are floored once, at the end."""

    fen_per_point: int
    bands: tuple[AgeBand, ...]
    pending_points: int
    breakage: Breakage
    deficit_points: int = 0
    """Owed by members; later credits pay it first, so it lowers what is owed to them."""

    @property
    def points(self) -> int:
        """Open points, also those that count only later."""
        return sum(band.points for band in self.bands)

    @property
    def gross_fen(self) -> int:
        """As if every open point were used."""
        return sum(band.fen for band in self.bands)

    @property
    def net_fen(self) -> int:
        """Less the part that has always ended unused."""
        return net_of(self.gross_fen, self.breakage)


def net_of(fen: int, breakage: Breakage) -> int:
    """Take the tenant's own breakage off; nothing is taken off before a lot of theirs has ended."""
    return int(fen * (1 - (breakage.share or 0)))


def liability(
    counted: Mapping[int, tuple[int, int]],
    *,
    fen_per_point: int,
    breakage: Breakage,
    pending_points: int = 0,
    deficit_points: int = 0,
) -> Liability:
    """Put the report together: `counted` holds (lots, points) by the place of the age, 0 the youngest."""
    bands = []
    for place, months in enumerate((*AGE_MONTHS, None)):
        lots, points = counted.get(place, (0, 0))
        bands.append(AgeBand(months=months, lots=lots, points=points, fen=points * fen_per_point))
    return Liability(
        fen_per_point=fen_per_point,
        bands=tuple(bands),
        pending_points=pending_points,
        breakage=breakage,
        deficit_points=deficit_points,
    )
