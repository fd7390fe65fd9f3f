"""How likely a promise that still waits is to be broken, from how long those like it waited: Kaplan-Meier over the budget."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

STEPS: Final = 200
"""A curve is kept at each two-hundredth of the budget."""
ENOUGH: Final = 20
"""With fewer clocks alike no percentage is shown: own design."""
Alike = Literal["branch", "level", "milestone"]


class Lived(msgspec.Struct, frozen=True):
    """One clock: how much of its budget it had used when its fact came, or when it was last seen without one."""

    fraction: float
    ended: bool
    """The fact came; otherwise it was cancelled or still waits, and only lived at least so long."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one kind of clock, at each step of the budget."""

    clocks: int
    known: list[int]
    """How many lived longer than this and ended in a known way: their fact came, or their budget ran out."""
    survival: list[float]
    """The estimated share that lives longer than this."""


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """The chance that a promise is broken, with how many like it that rests on."""

    share: float
    n: int
    alike: Alike

    @property
    def percent(self) -> int:
        """As it is shown."""
        return round(100 * self.share)


def curve_of(lives: Iterable[Lived]) -> Curve:
    """Estimate one curve; who was cut off counts as waiting until then (Kaplan and Meier 1958)."""
    ordered = sorted(lives, key=lambda one: one.fraction)
    total = len(ordered)
    known_left = sum(1 for one in ordered if one.ended or one.fraction >= 1)
    known, survival = [], []
    share, place = 1.0, 0
    for step in range(STEPS + 1):
        until = step / STEPS
        while place < total and ordered[place].fraction <= until:
            at, waiting, ended = ordered[place].fraction, total - place, 0
            while place < total and ordered[place].fraction == at:
                ended += ordered[place].ended
                known_left -= ordered[place].ended or at >= 1
                place += 1
            share *= 1 - ended / waiting
        known.append(known_left)
        survival.append(share)
    return Curve(clocks=total, known=known, survival=survival)


def risk_of(curve: Curve, fraction: float) -> tuple[float, int]:
    """Return the chance of living past the budget when `fraction` of it is used, and how many that rests on."""
    step = min(max(int(fraction * STEPS), 0), STEPS)
    waiting = curve.survival[step]
    return (curve.survival[STEPS] / waiting if waiting > 0 else 0.0), curve.known[step]


def find_risk(curves: Mapping[tuple[str, str], Curve], *, severity: str, branch: str, fraction: float) -> Risk | None:
    """Return the risk by the nearest kind with enough clocks: branch, level, or the milestone alone; else None.

    Args:
        curves: of one milestone, by (severity, branch); empty words stand for all.
        severity: the level of the case.
        branch: the id of its branch, empty without one.
        fraction: how much of the budget is used.
    """
    if not 0 <= fraction < 1:  # a broken promise has no chance left
        return None
    kinds: tuple[tuple[Alike, tuple[str, str]], ...] = (
        ("branch", (severity, branch)),
        ("level", (severity, "")),
        ("milestone", ("", "")),
    )
    for alike, key in kinds:
        curve = curves.get(key)
        if curve is None or (alike == "branch" and not branch):
            continue
        share, n = risk_of(curve, fraction)
        if n >= ENOUGH:
            return Risk(share=share, n=n, alike=alike)
    return None
