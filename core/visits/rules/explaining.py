"""Brings a bill's lines before the price order of loyalty, and what came of it back to the lines."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.prices import Applied, Bill, BillLine, Offer
from core.visits.rules.bills import MILLI, Line, gross_fen, round_half_up

HAND = "hand"
BEFORE_COUPONS = frozenset({"tier", "campaign", "member_price", "benefit", "order_percent"})
"""The steps that make the price itself; an estimate knows them, and it knows no coupons and no points."""


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a bill as it is kept: what came off which line, by which version of which rule."""

    step: str
    line: int | None
    rule_id: str = ""
    rule_version: str = ""
    label: Any = ""
    ref_id: Any = None
    points: int = 0
    fen: int


def service_of(line: Line, wanted: Collection[str]) -> str:
    """The word by which the rules call this line's item: its code in any case, or one of its names; else its code."""
    names = {line.item_code.casefold(), line.name_zh.casefold(), line.name_en.casefold()} - {""}
    return next((one for one in sorted(wanted) if one.casefold() in names), line.item_code)


def services_named(program: Program | None, terms: Iterable[CouponTemplate], granted: Iterable[str]) -> frozenset[str]:
    """Every word for a service that rules in force, coupons and grants use."""
    found = set(granted)
    for rule in (*(program.rules if program else ()), *terms):
        found.update(getattr(rule, "services", ()))
        found.add(getattr(rule, "service", ""))
    return frozenset(found - {""})


def net_fen(line: Line) -> int:
    """A line at its list price, less what was taken off by hand."""
    return gross_fen(line) - line.discount_fen


def pieces_of(line: Line) -> int:
    """How many whole pieces a line is; a part of one counts as one."""
    return max(1, line.quantity_milli // MILLI)


def bill_line(line: Line, *, services: Collection[str], is_member: bool) -> BillLine:
    """One line as the price order takes it; a member's price of the item is there for members only."""
    member = None
    if is_member and line.member_fen is not None:
        member = max(0, round_half_up(line.quantity_milli * line.member_fen, MILLI) - line.discount_fen)
    return BillLine(
        fen=net_fen(line),
        category=line.category,
        service=service_of(line, services),
        quantity=pieces_of(line),
        member_fen=member,
    )


def benefit_offer(line: Line, *, place: int, pay_percent: int, rule_id: str, rule_version: str, label: Any) -> Offer:
    """The price of a line of which one piece is a benefit: the others cost what they cost."""
    net, pieces = net_fen(line), pieces_of(line)
    one = net // pieces if pieces > 1 else net
    return Offer(
        step="benefit",
        rule_id=rule_id,
        rule_version=rule_version,
        label=label,
        fen=net - one + round_half_up(one * pay_percent, 100),
        lines=(place,),
    )


def basis_of(bill: Bill) -> int:
    """What a bill comes to before coupons and points."""
    return bill.list_fen - sum(one.fen for one in bill.applied if one.step in BEFORE_COUPONS)


def priced(lines: Sequence[Line], bill: Bill) -> tuple[Line, ...]:
    """The lines with what is paid for each, and what came off it beside what was taken off by hand."""
    return tuple(
        msgspec.structs.replace(line, amount_fen=fen, share_fen=net_fen(line) - fen)
        for line, fen in zip(lines, bill.lines, strict=True)
    )


def step_rows(lines: Sequence[Line], applied: Sequence[Applied]) -> tuple[StepRow, ...]:
    """The steps to keep, in the order of the price order; what was taken off by hand comes first."""
    by_hand = [
        StepRow(step=HAND, line=place, fen=line.discount_fen) for place, line in enumerate(lines) if line.discount_fen
    ]
    steps = [
        StepRow(
            step=one.step,
            line=one.line,
            rule_id=one.rule_id,
            rule_version=one.rule_version,
            label=one.label,
            fen=one.fen,
        )
        for one in applied
    ]
    return (*by_hand, *steps)
