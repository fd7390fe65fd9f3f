"""The least and the most that each number of a rule may be, wherever it stands; what lies outside means nothing."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from core.hooks.records.loyalty.program import AnyRule

LARGEST_FEN: Final = 100_000_000_00
LARGEST_POINTS: Final = 10**12
_DAYS = (0, 3_660)
BOUNDS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "pay_percent": (0, 99),
        "max_percent": (1, 100),
        "hold_out_percent": (0, 50),
        "over_estimate_percent": (1, 1_000),
        "points": (1, LARGEST_POINTS),
        "min_points": (0, LARGEST_POINTS),
        "max_points": (1, LARGEST_POINTS),
        "max_points_per_purchase": (1, LARGEST_POINTS),
        "max_points_per_day": (1, LARGEST_POINTS),
        "max_points_per_month": (1, LARGEST_POINTS),
        "budget_points": (1, LARGEST_POINTS),
        "step": (1, LARGEST_POINTS),
        "min_visits": (0, 100_000),
        "quota": (1, 10_000),
        "uses": (1, 10_000),
        "limit": (1, 100_000),
        "total_limit": (1, 10_000_000),
        "per_customer_limit": (1, 100_000),
        "monthly_limit": (1, 10_000),
        "months": (0, 1_200),
        "period_months": (1, 1_200),
        "review_months": (1, 1_200),
        "per_quantity": (0, 1_000_000),
        "nightly_limit": (1, 100_000),
        "valid_months": (1, 1_200),
        "valid_days": (1, 36_600),
        "expires_days": (1, 3_660),
        "measure_days": (1, 3_660),
        "due_days": _DAYS,
        "quiet_days": _DAYS,
        "planned_days": _DAYS,
        "hold_days": _DAYS,
        "cooldown_days": _DAYS,
        "grace_days": _DAYS,
        "lead_days": _DAYS,
        "pending_days": _DAYS,
        "before_days": (0, 366),
        "after_days": (0, 366),
        "gap_factor": (1, 100),
    }
)
_FEN_FROM_ONE = frozenset({"amount_fen", "max_discount_fen", "fen_per_point", "budget_fen"})


def outside(rule: AnyRule) -> Iterator[tuple[str, int, int, int]]:
    """Every number outside its bounds: path, number, least, most."""
    yield from _walk(rule, "")


def _walk(value: Any, path: str) -> Iterator[tuple[str, int, int, int]]:
    for name in value.__struct_fields__:
        inner, here = getattr(value, name), f"{path}.{name}" if path else name
        if isinstance(inner, bool) or inner is None or name == "when":
            continue
        if isinstance(inner, int):
            low, high = _bounds(name)
            if not low <= inner <= high:
                yield here, inner, low, high
        elif isinstance(inner, tuple):
            for index, one in enumerate(inner):
                if isinstance(one, msgspec.Struct):
                    yield from _walk(one, f"{here}[{index}]")
        elif isinstance(inner, msgspec.Struct):
            yield from _walk(inner, here)


def _bounds(name: str) -> tuple[int, int]:
    if name.endswith("_fen") or name == "fen_per_point":
        return (1 if name in _FEN_FROM_ONE else 0), LARGEST_FEN
    return BOUNDS.get(name, (-LARGEST_POINTS, LARGEST_POINTS))
