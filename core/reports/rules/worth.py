"""What a point is worth in a program: the most that any of its rules pays for one."""

from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.loyalty.program import Program


def fen_per_point(program: Program | None) -> int:
    """The prudent figure: of several live redeem rules the dearest; 0 where points buy nothing."""
    return max((rule.fen_per_point for rule in program.live(Redeem)), default=0) if program else 0
