"""Amounts of estimates and bills in whole fen: rounding, the member's discount shared over lines, and the 130 % rule.

Rounding happens twice and half a fen goes up both times: a line's quantity times its price, and the member's discount
on the whole bill. What the discount takes off is then shared over the lines so that the shares add up to it exactly.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.errors import FieldProblem
from core.visits.rules.prices import Item, price_at

OVER_PERCENT: Final = 130
# 宠物医院客户投诉应急预案 §3.2: 费用超出预估30%以上 is a level-2 complaint; 以上 counts the number itself.
MILLI: Final = 1000
LARGEST_MILLI: Final = 10_000 * MILLI
MAX_LINES: Final = 200


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an estimate or a bill; quantity in thousandths, so that 0.25 of a tablet is exact."""

    item_code: str
    name_zh: str
    name_en: str = ""
    category: str
    unit: str
    quantity_milli: int
    unit_fen: int
    member_fen: int | None = None
    """The price of one unit for members, where the list names one."""
    discount_fen: int = 0
    """Taken off by hand."""
    share_fen: int = 0
    """What the member's discount takes off."""
    amount_fen: int = 0


class Priced(msgspec.Struct, frozen=True):
    """Lines with their amounts, and what they come to."""

    lines: tuple[Line, ...]
    total_fen: int


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide and round; half goes up. Both are at least 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def gross_fen(line: Line) -> int:
    """Quantity times price, before any discount."""
    return round_half_up(line.quantity_milli * line.unit_fen, MILLI)


def line_of(item: Item, *, branch_id: object, quantity_milli: int, discount_fen: int = 0) -> Line:
    """A line as the list prices it at a branch; nothing can be charged that the list does not name."""
    return Line(
        item_code=item.code,
        name_zh=item.name_zh,
        name_en=item.name_en,
        category=item.category,
        unit=item.unit,
        quantity_milli=quantity_milli,
        unit_fen=price_at(item, branch_id),
        member_fen=item.member_price_fen,
        discount_fen=discount_fen,
    )


def line_problems(line: Line, *, path: str = "") -> tuple[FieldProblem, ...]:
    """Return what is wrong with quantity or discount."""
    problems = []
    if not 0 < line.quantity_milli <= LARGEST_MILLI:
        problems.append(FieldProblem(f"{path}quantity", "quantity-range", {"max": LARGEST_MILLI // MILLI}))
    elif not 0 <= line.discount_fen <= gross_fen(line):
        problems.append(FieldProblem(f"{path}discount", "discount-range"))
    return tuple(problems)


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """Share `amount` over the weights in whole fen: each gets its floor, what is left goes to the largest remainders.

    The shares add up to `amount`, none is above its weight while `amount` is not above their sum, and among equal
    remainders the first line gets the fen.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % whole), place))
    for place in order[: amount - sum(shares)]:
        shares[place] += 1
    return shares


def price_lines(lines: Sequence[Line], *, pay_percent: int, is_member: bool) -> Priced:
    """Price every line: by hand, by the member's price of the item, or by the member's percentage of the whole bill.

    A line takes whichever of item price and percentage is lower for the customer, never both.
    """
    nets: list[int] = []
    weights: list[int] = []
    for line in lines:
        net = gross_fen(line) - line.discount_fen
        by_item = _by_member_price(line) if is_member else None
        own_price = by_item is not None and by_item * 100 < net * pay_percent
        nets.append(by_item if own_price and by_item is not None else net)
        weights.append(0 if own_price else net)
    base = sum(weights)
    shares = share_out(base - round_half_up(base * pay_percent, 100), weights)
    done = tuple(
        msgspec.structs.replace(
            line,
            share_fen=gross_fen(line) - line.discount_fen - net + share,
            amount_fen=net - share,
        )
        for line, net, share in zip(lines, nets, shares, strict=True)
    )
    return Priced(done, sum(line.amount_fen for line in done))


def _by_member_price(line: Line) -> int | None:
    """The line at the item's own member price, less what was taken off by hand; None when there is no such price."""
    if line.member_fen is None:
        return None
    return max(0, round_half_up(line.quantity_milli * line.member_fen, MILLI) - line.discount_fen)


def is_over(bill_fen: int, estimate_fen: int) -> bool:
    """Tell whether a bill has reached 130 % of its estimate, in whole numbers: 1,299.99 of 1,000 has not, 1,300 has."""
    return bill_fen > 0 and bill_fen * 100 >= estimate_fen * OVER_PERCENT


def permille_of(bill_fen: int, estimate_fen: int) -> int:
    """The bill in thousandths of its estimate, rounded down so that 129.99 % never shows as 130; 0 without a base."""
    return bill_fen * 1000 // estimate_fen if estimate_fen > 0 else 0


def fen_to_limit(bill_fen: int, estimate_fen: int) -> int:
    """How many fen may still be added before the bill reaches 130 %; 0 when it has."""
    limit = -(-estimate_fen * OVER_PERCENT // 100)  # the smallest sum that is over, rounded up
    return max(0, limit - 1 - bill_fen)


def quantity_text(milli: int) -> str:
    """1500 -> 1.5, 2000 -> 2."""
    whole, part = divmod(milli, MILLI)
    return f"{whole}.{part:03d}".rstrip("0") if part else str(whole)


def read_quantity(text: str) -> int | None:
    """Read 1, 0.5 or 2.25 into thousandths; 1 when nothing was typed, None when it is no quantity."""
    plain = text.strip() or "1"
    whole, _, part = plain.partition(".")
    if not (plain.isascii() and whole.isdecimal() and (part.isdecimal() or not part)):
        return None
    if len(whole) > 6 or len(part) > 3:
        return None
    return int(whole) * MILLI + int((part + "000")[:3])


def category_sums(lines: Sequence[Line]) -> dict[str, int]:
    """What each fee category comes to, in the order of the lines."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.category] = sums.get(line.category, 0) + line.amount_fen
    return sums


def refund_problems(
    asked: dict[str, int], left: dict[str, int], *, reason: str, method: str
) -> tuple[FieldProblem, ...]:
    """Return what keeps a refund of lines from being given; `left` is what each line has not given back yet."""
    problems = []
    if not asked:
        problems.append(FieldProblem("lines", "required"))
    for line, fen in asked.items():
        if not 0 < fen <= left.get(line, 0):
            problems.append(FieldProblem(f"refund-{line}", "refund-range"))
    if not reason:
        problems.append(FieldProblem("reason", "required"))
    if method not in METHODS:
        problems.append(FieldProblem("method", "option"))
    return tuple(problems)


METHODS: Final = ("cash", "card", "wechat", "alipay", "stored_value")
