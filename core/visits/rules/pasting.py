"""Reads a price list as clinics keep it: a table with headings in Chinese or English, pasted or from a file."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from core.errors import FieldProblem
from core.visits.rules.prices import AmountUnread, Item, item_problems, read_yuan

HEADINGS: Final = {
    "code": ("code", "编码", "编号", "项目编码", "代码"),
    "name_zh": ("name", "name_zh", "名称", "项目", "项目名称", "收费项目", "品名"),
    "name_en": ("name_en", "english", "英文", "英文名", "英文名称"),
    "category": ("category", "类别", "费用类别", "分类", "收费类别"),
    "unit": ("unit", "单位", "计价单位"),
    "price": ("price", "价格", "单价", "价格元", "单价元", "金额"),
    "member_price": ("member_price", "会员价", "会员价元", "会员价格"),
}
"""What a column may be called; blanks and brackets do not count."""
CATEGORY_WORDS: Final = {
    "consultation": ("consultation", "诊疗费", "诊疗", "诊查费", "挂号费"),
    "examination": ("examination", "检查费", "检查", "化验费", "检验费"),
    "drug": ("drug", "药品费", "药品", "药费", "疫苗"),
    "surgery": ("surgery", "手术费", "手术", "麻醉费", "麻醉"),
    "goods": ("goods", "商品", "用品", "商品用品", "宠物用品"),
}
_NOISE = re.compile(r"[\s()（）\[\]【】:：]")


class PastedRow(msgspec.Struct, frozen=True):
    """One line of the table: an item, or why it is none."""

    line: int
    item: Item | None
    problems: tuple[FieldProblem, ...] = ()


class Pasted(msgspec.Struct, frozen=True):
    """A whole table; `missing` names the columns without which nothing can be read."""

    rows: tuple[PastedRow, ...] = ()
    missing: tuple[str, ...] = ()


def split_pasted(text: str) -> list[list[str]]:
    """Cells of what was copied from a spreadsheet (tabs) or typed with commas."""
    lines = [line for line in text.splitlines() if line.strip()]
    mark = "\t" if any("\t" in line for line in lines) else ","
    return [[cell.strip().strip('"') for cell in line.replace("，", mark).split(mark)] for line in lines]


def _fold(text: str) -> str:
    return _NOISE.sub("", text).casefold()


def _columns(head: Sequence[str]) -> dict[str, int]:
    folded = [_fold(cell) for cell in head]
    places = {}
    for target, names in HEADINGS.items():
        place = next((folded.index(name) for name in names if name in folded), None)
        if place is not None:
            places[target] = place
    return places


def _category(text: str) -> str:
    wanted = _fold(text)
    return next((code for code, words in CATEGORY_WORDS.items() if wanted in words), wanted)


def read_table(table: Sequence[Sequence[str]]) -> Pasted:
    """Read the table's lines into items; the first line holds the headings."""
    places = _columns(table[0]) if table else {}
    missing = tuple(name for name in ("code", "name_zh", "category", "price") if name not in places)
    if missing:
        return Pasted(missing=missing)
    rows, seen = [], set()
    for number, cells in enumerate(table[1:], start=2):
        row = _row(number, cells, places)
        if row.item is not None and row.item.code in seen:
            row = PastedRow(number, None, (FieldProblem("code", "code-twice"),))
        elif row.item is not None:
            seen.add(row.item.code)
        rows.append(row)
    return Pasted(rows=tuple(rows))


def _row(number: int, cells: Sequence[str], places: dict[str, int]) -> PastedRow:
    def cell(name: str) -> str:
        place = places.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    fen: dict[str, int | None] = {}
    problems = []
    for name in ("price", "member_price"):
        try:
            fen[name] = read_yuan(cell(name))
        except AmountUnread as unread:
            problems.append(FieldProblem(name, unread.code))
    price = fen.get("price")
    if price is None and not any(problem.path == "price" for problem in problems):
        problems.append(FieldProblem("price", "required"))
    if price is None or problems:
        return PastedRow(number, None, tuple(problems))
    item = Item(
        code=cell("code").upper(),
        name_zh=cell("name_zh"),
        name_en=cell("name_en"),
        category=_category(cell("category")),
        unit=cell("unit") or "次",
        price_fen=price,
        member_price_fen=fen.get("member_price"),
    )
    found = item_problems(item)
    return PastedRow(number, None if found else item, found)
