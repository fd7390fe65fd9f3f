"""Retention: of those who came first in a month, how many came again in each month after it."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from core.surveys.rules.metrics import per_hundred


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """The people of one first month; `back[0]` are all of them, `back[n]` who came in the n-th month after it."""

    first: date
    people: int
    back: tuple[int, ...]

    def share(self, after: int) -> float | None:
        """How many of a hundred came in the n-th month after the first; None for a month that has not begun."""
        return per_hundred(self.back[after], self.people) if after < len(self.back) else None


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """All cohorts, the oldest first, and how many of a hundred came after n months, over all that are old enough."""

    cohorts: tuple[Cohort, ...]
    curve: tuple[float | None, ...]


def retention(months: Sequence[date], counted: Mapping[int, Sequence[int]]) -> Retention:
    """Put cohorts together: `counted` holds, by the place of the first month, who came 0, 1, 2... months after it.

    A month that is not over counts as it stands; one that has not begun is left out.
    """
    cohorts = []
    for place, first in enumerate(months):
        back = tuple(counted.get(place, ()))[: len(months) - place]
        if back and back[0]:
            cohorts.append(Cohort(first=first, people=back[0], back=back))
    curve = []
    for after in range(len(months)):
        old = [cohort for cohort in cohorts if after < len(cohort.back)]
        curve.append(per_hundred(sum(one.back[after] for one in old), sum(one.people for one in old)))
    return Retention(cohorts=tuple(cohorts), curve=tuple(curve))


def heat(share: float | None) -> int:
    """The step of colour of a share, 0 (nobody) to 5; the number stands in the cell as well."""
    return 0 if not share else min(5, 1 + int(share // 20))
