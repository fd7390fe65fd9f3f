"""Single cells of lists that people keep: amounts, sexes and yes or no, in every form seen, or why not."""

import functools
import re
import unicodedata
from decimal import Decimal

from core.customers.rules.names import clean_text

LARGEST_YUAN = 100_000_000
EMPTY = frozenset(
    {"", "-", "--", "—", "/", "\\", "无", "没有", "暂无", "不详", "n/a", "na", "none", "null", "nan", "空"}
)
"""What people write into a cell when there is nothing to write."""


class CellProblem(Exception):
    """Why a cell cannot be used."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@functools.lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Without width, case and outer blanks."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_empty(text: str) -> bool:
    return fold(text) in EMPTY


_ERROR_CELL = re.compile(r"#(REF|N/A|DIV/0|VALUE|NAME|NUM|NULL|SPILL)[!?]?", re.IGNORECASE)
_FORMULA = re.compile(r"\s*(=|[@+\-]\s*[A-Za-z]+\s*[(|!])")
_FORMULA_HEADS = frozenset("=@+-")
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?e\+?(\d{1,2})", re.IGNORECASE)


def plain_cell(text: str, *, max_length: int) -> str:
    """The text of a cell as it may be stored.

    Raises:
        CellProblem: a formula (never executed), the error value of one, or more text than fits.
    """
    # Our own error file protects such cells with an apostrophe; whoever sends them back means the text.
    # Before digits it is the mark of a spreadsheet for "this is a text".
    protected = text.startswith("'") and text[1:2] in {"=", "+", "-", "@"}
    if protected or (text.startswith("'") and text[1:2].isdecimal()):
        text = text[1:]
    head = text.lstrip()[:1]
    if head == "#" and _ERROR_CELL.fullmatch(text.strip()):
        raise CellProblem("cell-error", value=text.strip())
    if head in _FORMULA_HEADS and not protected and _FORMULA.match(text):
        raise CellProblem("formula")
    plain = clean_text(text)
    if len(plain) > max_length:
        raise CellProblem("too-long", max=max_length)
    return plain


def whole_digits(text: str) -> str:
    """1.3812346871E+10 -> 13812346871, for nothing was lost; any other text as it is.

    Raises:
        CellProblem: 1.38E+10: the spreadsheet has thrown the last digits away.
    """
    found = _SCIENTIFIC.fullmatch(fold(text))
    if found is None:
        return text
    lead, decimals, zeros = found[1], found[2] or "", int(found[3])
    if len(decimals) != zeros:
        raise CellProblem("lost-digits")
    return lead + decimals


_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {c: n for n, c in enumerate("〇壹贰叁肆伍陆柒捌玖")}
_DIGITS |= {"两": 2, "俩": 2, "贰": 2, "弍": 2}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "萬": 10_000}
_HAN_NUMBER = re.compile(rf"[{''.join(_DIGITS)}{''.join(_UNITS)}]+")
_MIXED = re.compile(r"(\d+(?:\.\d+)?)\s*([万萬千百wk])")
_CURRENCY = re.compile(r"^(?:rmb|cny|人民币|¥|\$|约|共)+|(?:元整?|圆整?|块钱?|rmb|cny|¥)+$")
_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
_SCALE = {"万": 10_000, "萬": 10_000, "w": 10_000, "千": 1000, "k": 1000, "百": 100}


@functools.lru_cache(maxsize=4096)
def read_amount(text: str) -> int | None:
    """Read yuan into fen: 1999.99, ¥2680, 1,200元, 1.2万, 一千二, 壹仟贰佰圆整; None when the cell is empty.

    Raises:
        CellProblem: no amount, below zero, more than two decimals, or more than a hundred million yuan.
    """
    plain = fold(text).replace(" ", "").replace("￥", "¥")
    if plain in EMPTY:
        return None
    negative = plain.startswith(("-", "−", "负", "¥-")) or (plain.startswith("(") and plain.endswith(")"))
    plain = _CURRENCY.sub("", _CURRENCY.sub("", plain).lstrip("-+−负(").rstrip(")"))
    yuan = _yuan(plain)
    if yuan is None:
        raise CellProblem("amount-unknown", value=text.strip())
    if negative and yuan:
        raise CellProblem("amount-negative", value=text.strip())
    if yuan > LARGEST_YUAN:
        raise CellProblem("amount-too-large", value=text.strip())
    fen = yuan * 100
    whole = fen.to_integral_value()
    # 499.50000000000006 is how a spreadsheet writes 499.5; 12.345 is somebody's slip.
    if abs(fen - whole) > Decimal("0.0001"):
        raise CellProblem("amount-decimals", value=text.strip())
    return int(whole)


def _yuan(plain: str) -> Decimal | None:
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if _NUMBER.fullmatch(plain) and len(plain) <= 40:
        return Decimal(plain)
    if mixed := _MIXED.fullmatch(plain):
        return Decimal(mixed[1]) * _SCALE[mixed[2]]
    if plain and _HAN_NUMBER.fullmatch(plain):
        number = read_han_number(plain)
        return None if number is None else Decimal(number)
    return None


def read_han_number(text: str) -> int | None:
    """一千二 -> 1200, 一千零二 -> 1002, 两万三 -> 23000, 二〇二〇 -> 2020; None when it is no number."""
    if not any(c in _UNITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text)) if len(text) <= 9 else None
    total = section = digit = 0
    last_unit, after_zero, pending = 0, False, False
    for c in text:
        if c in _DIGITS:
            if pending and _DIGITS[c] and digit:
                return None
            digit, pending = _DIGITS[c], True
            after_zero = after_zero or digit == 0
            continue
        unit = _UNITS[c]
        if unit == 10_000:
            total += (section + digit) * unit
            section = 0
        else:
            section += (digit if pending else 1) * unit
        digit, pending, after_zero, last_unit = 0, False, False, unit
    if pending and digit:
        # 一千二 is one thousand two hundred; 一千零二 is one thousand and two.
        section += digit * (last_unit // 10 if not after_zero and last_unit > 10 else 1)
    return total + section


_MALE = frozenset(
    {
        *("公", "雄", "雄性", "男", "男性", "男孩", "弟弟", "♂", "male", "m", "boy", "先生", "gg", "公的", "男士"),
        *("男生", "男主人", "爸爸", "mr", "mr.", "弟", "mn", "m/n", "公犬", "公猫", "公狗", "男宝", "小公"),
    }
)
_FEMALE = frozenset(
    {
        *("母", "雌", "雌性", "女", "女性", "女孩", "妹妹", "♀", "female", "f", "girl", "女士", "mm", "小姐", "太太"),
        *(
            "女生",
            "女主人",
            "妈妈",
            "ms",
            "ms.",
            "mrs",
            "mrs.",
            "miss",
            "妹",
            "fs",
            "f/s",
            "母犬",
            "母猫",
            "母狗",
            "女宝",
        ),
    }
)
_UNKNOWN = frozenset({"未知", "不明", "?", "？", "unknown", "不清楚", "待定", "x"})
_NEUTER_MARK = re.compile(
    r"[\s,/]*[(（]?(已绝育|未绝育|没绝育|绝育|已去势|未去势|去势|已节育|节育|已育|未育)[)）]?[\s,/]*"
)
NEUTERED_SEX = frozenset({"mn", "m/n", "fs", "f/s"})
"""What a clinic writes for a neutered male and a spayed female."""


@functools.lru_cache(maxsize=256)
def read_sex(text: str) -> str | None:
    """Read 公 母 ♂ ♀ male f 未知 into male, female, unknown; None when the cell is empty."""
    plain = _NEUTER_MARK.sub("", fold(text)).strip()
    if plain in EMPTY or plain == "0":
        return None
    for value, words in (("male", _MALE), ("female", _FEMALE), ("unknown", _UNKNOWN)):
        if plain in words or plain.removesuffix("的") in words:
            return value
    raise CellProblem("sex-unknown", value=text.strip())


def read_gender(text: str) -> str | None:
    """Read the sex of a person; what is not known is left empty."""
    found = read_sex(text)
    return None if found == "unknown" else found


_YES = frozenset(
    {
        *(
            "是",
            "已",
            "已绝育",
            "绝育",
            "1",
            "y",
            "yes",
            "true",
            "t",
            "√",
            "✓",
            "✔",
            "☑",
            "v",
            "有",
            "做了",
            "已做",
            "对",
        ),
        *("是的", "已经绝育", "绝育了", "已去势", "去势", "已做绝育", "已完成", "做过", "done", "neutered", "spayed"),
    }
)
_NO = frozenset(
    {
        *(
            "否",
            "未",
            "未绝育",
            "没有绝育",
            "0",
            "n",
            "no",
            "false",
            "×",
            "✗",
            "✘",
            "x",
            "没",
            "没做",
            "不是",
            "未做",
            "不",
        ),
        *("没绝育", "还没", "还没做", "暂未", "尚未", "未去势", "未完成", "没做过", "intact", "not yet"),
    }
)


@functools.lru_cache(maxsize=256)
def read_yes_no(text: str) -> bool | None:
    """Read 是 否 已 未 1 0 √ × into True and False; None when the cell is empty or says that nobody knows."""
    plain = fold(text).removesuffix(".0").rstrip("。.!！")
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    if plain in EMPTY or plain in _UNKNOWN:
        return None
    raise CellProblem("yes-no-unknown", value=text.strip())


# Words of daily use for the options that a vertical may offer; an option's own labels always count too.
_KINDS: dict[str, frozenset[str]] = {
    "dog": frozenset({"狗", "犬", "狗狗", "犬类", "小狗", "狗子", "汪", "dog", "canine", "宠物犬", "幼犬"}),
    "cat": frozenset({"猫", "猫咪", "猫类", "小猫", "喵", "cat", "feline", "宠物猫", "幼猫"}),
    "exotic": frozenset(
        {
            *(
                "异宠",
                "兔",
                "兔子",
                "龙猫",
                "毛丝鼠",
                "仓鼠",
                "金丝熊",
                "守宫",
                "壁虎",
                "龟",
                "乌龟",
                "陆龟",
                "鹦鹉",
                "鸟",
                "豚鼠",
            ),
            *(
                "荷兰猪",
                "荷兰鼠",
                "刺猬",
                "蜜袋鼯",
                "雪貂",
                "貂",
                "蛇",
                "蜥蜴",
                "鬃狮蜥",
                "变色龙",
                "角蛙",
                "松鼠",
                "魔王松鼠",
                "花枝鼠",
            ),
            *(
                "rabbit",
                "hamster",
                "chinchilla",
                "gecko",
                "turtle",
                "tortoise",
                "parrot",
                "bird",
                "guinea pig",
                "ferret",
                "exotic",
            ),
        }
    ),
}


def read_choice(text: str, options: dict[str, frozenset[str]]) -> str | None:
    """Read one of a field's options by value, label or a word of daily use; None when the cell is empty.

    `options` holds the folded words that mean each value, as `choice_words` makes them.
    """
    plain = fold(text)
    if plain in EMPTY:
        return None
    for value, words in options.items():
        if plain in words:
            return value
    raise CellProblem("choice-unknown", value=text.strip())


def choice_words(options: list[tuple[str, list[str]]]) -> dict[str, frozenset[str]]:
    """Make the words of a field's options: (value, its labels in all languages) each."""
    return {
        value: frozenset({fold(value), *(fold(label) for label in labels)}) | _KINDS.get(value, frozenset())
        for value, labels in options
    }
