"""Which figures may stand together: the NPS is never shown without a metric of cost or risk beside it."""

from collections.abc import Sequence
from typing import Literal

import msgspec

Kind = Literal["experience", "cost", "risk"]


class Tile(msgspec.Struct, frozen=True):
    """One figure of a page: what it measures, and whether it has a value now."""

    id: str
    kind: Kind
    shown: bool


def may_show(tiles: Sequence[Tile], tile_id: str) -> bool:
    """Tell whether a figure may be shown among these.

    服务体系建设7大维度 §6: NPS值前10%的机构,实际利润增长率可能落后行业均值; 依赖单一指标的机构,战略误判率高达64%.
    So the NPS needs at least one figure of cost or risk that has a value; every other figure stands for itself.
    """
    if tile_id != "nps":
        return True
    return any(tile.shown and tile.kind in {"cost", "risk"} for tile in tiles)
