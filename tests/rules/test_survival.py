"""The chance of breaking a promise is that of those alike that lived as long, and it comes true on a simulated past."""

import random

import pytest

from core.complaint_reports.rules.survival import ENOUGH, STEPS, Curve, Lived, Risk, curve_of, find_risk, risk_of


def test_the_estimate_is_kaplan_and_meiers() -> None:
    # 1 ends at .2, one is cut off at .4, one ends at .6, one lives past the budget: S = 3/4, 3/4 * 1/2.
    curve = curve_of([Lived(0.2, True), Lived(0.4, False), Lived(0.6, True), Lived(1.5, True)])
    assert curve.clocks == 4
    assert curve.survival[0] == 1
    assert curve.survival[STEPS // 2] == 0.75
    assert curve.survival[STEPS] == 0.375
    assert risk_of(curve, 0.5) == (0.5, 2)
    assert risk_of(curve, 0) == (0.375, 3)  # the one that was cut off is no proof
    assert curve.known[STEPS] == 1


def test_a_fact_at_the_very_end_of_the_budget_is_in_time() -> None:
    assert curve_of([Lived(1.0, True)]).survival[STEPS] == 0
    assert risk_of(curve_of([Lived(0.1, True)]), 0.9) == (0.0, 0)


def _many(share_late: float, n: int = 100) -> Curve:
    return curve_of([Lived(2.0 if one < share_late * n else 0.5, True) for one in range(n)])


def test_the_nearest_kind_with_enough_clocks_is_taken() -> None:
    curves = {("L1", "b1"): _many(0.5, ENOUGH), ("L1", ""): _many(0.25), ("", ""): _many(0.75)}
    assert find_risk(curves, severity="L1", branch="b1", fraction=0.1) == Risk(share=0.5, n=20, alike="branch")
    assert find_risk(curves, severity="L1", branch="b2", fraction=0.1) == Risk(share=0.25, n=100, alike="level")
    assert find_risk(curves, severity="L3", branch="", fraction=0.1) == Risk(share=0.75, n=100, alike="milestone")
    # Of the branch only ten lived so long: the level answers.
    late = find_risk(curves, severity="L1", branch="b1", fraction=0.6)
    assert late is not None
    assert (late.percent, late.n, late.alike) == (100, 25, "level")


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 3.0])
def test_a_broken_promise_has_no_chance_left(fraction: float) -> None:
    assert find_risk({("", ""): _many(0.5)}, severity="L1", branch="", fraction=fraction) is None


def test_too_few_alike_give_no_percentage() -> None:
    assert find_risk({("", ""): _many(0.5, ENOUGH - 1)}, severity="L1", branch="", fraction=0) is None
    assert find_risk({}, severity="L1", branch="", fraction=0) is None


def test_the_chances_come_true_on_a_simulated_past() -> None:
    """4,000 clocks teach, 4,000 others are asked at a random point of their life: in each tenth, as many break as said."""
    draw = random.Random(7)

    def lives(n: int) -> list[Lived]:
        found = []
        for _ in range(n):
            ends, cut = draw.weibullvariate(0.8, 1.2), draw.expovariate(0.3)
            found.append(Lived(min(ends, cut), ends <= cut))
        return found

    curve = curve_of(lives(4000))
    said: dict[int, list[tuple[float, bool]]] = {}
    for _ in range(4000):
        ends, asked = draw.weibullvariate(0.8, 1.2), draw.uniform(0, 0.99)
        if ends > asked:
            share, n = risk_of(curve, asked)
            assert n >= ENOUGH
            said.setdefault(int(share * 10), []).append((share, ends > 1))
    checked = 0
    for group in said.values():
        if len(group) >= 100:
            expected = sum(share for share, _ in group) / len(group)
            came = sum(broke for _, broke in group) / len(group)
            assert abs(expected - came) < 3 * (0.25 / len(group)) ** 0.5 + 0.02
            checked += 1
    assert checked >= 4
