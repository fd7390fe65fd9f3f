"""The price list as data: what an item must be, what it costs where, and what changed between two editions."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from core.errors import FieldProblem

# 2025东营宠物诊所客户服务策略: 公示“所有服务项目价格表”,包括“诊疗费、检查费、药品费、手术费”
CATEGORIES: Final = ("consultation", "examination", "drug", "surgery", "goods")
Category = Literal["consultation", "examination", "drug", "surgery", "goods"]
NO_FORM: Final = "none"
"""In `consent_form` or `check_form`: no paper, whatever the category says."""
LARGEST_FEN: Final = 1_000_000_00
"""A single price above one million yuan is a slip of the finger."""
MAX_ITEMS: Final = 2_000
_LIMITS: Final = {"name_zh": 80, "name_en": 120, "unit": 20, "consent_form": 120, "check_form": 120}
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,29}")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One service or drug with its price; prices are fen for one unit."""

    code: str
    name_zh: str
    name_en: str = ""
    category: str
    unit: str = "次"
    price_fen: int
    member_price_fen: int | None = None
    branch_prices: dict[str, int] = {}
    consent_form: str = ""
    check_form: str = ""
    active: bool = True


class ItemChange(msgspec.Struct, frozen=True):
    """How one item differs between two editions; `before` or `after` is None when it is new or gone."""

    code: str
    before: Item | None
    after: Item | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what differs, empty when the item is new or gone."""
        if self.before is None or self.after is None:
            return ()
        names = Item.__struct_fields__
        return tuple(name for name in names if getattr(self.before, name) != getattr(self.after, name))


def item_problems(item: Item) -> tuple[FieldProblem, ...]:
    """Return everything that keeps an item off the list."""
    problems = []
    if not _CODE.fullmatch(item.code):
        problems.append(FieldProblem("code", "price-code"))
    if not item.name_zh:
        problems.append(FieldProblem("name_zh", "required"))
    if item.category not in CATEGORIES:
        problems.append(FieldProblem("category", "option"))
    if not item.unit:
        problems.append(FieldProblem("unit", "required"))
    for name, limit in _LIMITS.items():
        if len(getattr(item, name)) > limit:
            problems.append(FieldProblem(name, "too-long", {"max": limit}))
    prices = {"price": item.price_fen, "member_price": item.member_price_fen or 0}
    prices |= {f"branch-{branch}": fen for branch, fen in item.branch_prices.items()}
    for name, fen in prices.items():
        if not 0 <= fen <= LARGEST_FEN:
            problems.append(FieldProblem(name, "price-range", {"max": LARGEST_FEN // 100}))
    cheapest = min([item.price_fen, *item.branch_prices.values()])
    if item.member_price_fen is not None and item.member_price_fen > cheapest:
        problems.append(FieldProblem("member_price", "member-price-above"))
    return tuple(problems)


def price_at(item: Item, branch_id: object) -> int:
    """What one unit costs at a branch: the branch's own price where it has one, else the chain's."""
    return item.branch_prices.get(str(branch_id), item.price_fen)


def find_item(items: Iterable[Item], text: str) -> Item | None:
    """The active item that somebody means: by its code, its name, or the line that the page suggests (`code name`)."""
    wanted = text.strip().casefold()
    if not wanted:
        return None
    by_name = None
    for item in items:
        if not item.active:
            continue
        head, _, _ = wanted.partition(" ")
        if item.code.casefold() in {wanted, head}:
            return item
        if by_name is None and wanted in {item.name_zh.casefold(), item.name_en.casefold()}:
            by_name = item
    return by_name


def changes_between(before: Mapping[str, Item], after: Mapping[str, Item]) -> list[ItemChange]:
    """What a new edition changes, by code; items that stay as they are are left out."""
    return [
        ItemChange(code, before.get(code), after.get(code))
        for code in sorted(before.keys() | after.keys())
        if before.get(code) != after.get(code)
    ]


class AmountUnread(ValueError):
    """A text that is no price: the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_YUAN: Final = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d*))?")


def read_yuan(text: str) -> int | None:
    """Read yuan as people type them (68, ¥1,280.50, 30元) into fen; None when nothing was typed.

    Raises:
        AmountUnread: no amount, below zero, or parts of a fen.
    """
    plain = text.strip().replace("，", ",").removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    if not plain:
        return None
    found = _YUAN.fullmatch(plain)
    if found is None or not plain.isascii():
        raise AmountUnread("price-unread")
    part = found[2] or ""
    if len(part.rstrip("0")) > 2:
        raise AmountUnread("price-decimals")
    return int(found[1].replace(",", "")) * 100 + int((part + "00")[:2])
