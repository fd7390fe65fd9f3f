"""Takes people out of a text: every known name and number of a case, and whatever looks like a number or an address."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

Kind = Literal["customer", "pet", "staff", "phone", "address", "plate", "wechat", "number", "mail"]
TOKENS: Final[dict[str, str]] = {
    "customer": "〔客户〕",
    "pet": "〔宠物〕",
    "staff": "〔员工〕",
    "phone": "〔电话〕",
    "address": "〔地址〕",
    "plate": "〔车牌〕",
    "wechat": "〔账号〕",
    "number": "〔编号〕",
    "mail": "〔邮箱〕",
}
"""What stands in the place of each; the library is written in the language of its cases."""
_RANK: Final = ("mail", "address", "plate", "wechat", "customer", "staff", "pet", "number", "phone")
_DIGIT_WORDS: Final = dict(zip("〇零一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖", "0012345678912123456789", strict=True))
_TITLES: Final = (
    "先生|女士|小姐|太太|大姐|大妈|大爷|大哥|阿姨|叔叔|师傅|老师|同学|总|姐|哥|叔|姨|爷爷|奶奶|"
    "医生|大夫|护士长|护士|院长|店长|主任|主管|经理|医师|助理|前台"
)
_STAFF_TITLES: Final = frozenset(
    ("医生", "大夫", "护士长", "护士", "院长", "店长", "主任", "主管", "经理", "医师", "助理", "前台")
)
# The hundred commonest family names and some double ones: before a title, anybody's name is a name.
_SURNAMES: Final = (
    "欧阳|司马|上官|诸葛|夏侯|尉迟|皇甫|慕容|端木|东方|"
    "[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟"
    "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严"
    "牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢岳齐沿梅莫庄辛管祝左涂谷祁舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲游阳裴"
    "席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简"
    "娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗"
    "巫鞠僧桑荆谌银扬明沙薄伏岑习胥保蔺]"
)
_PATTERNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("mail", re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")),
    ("mail", re.compile(r"https?://\S+|www\.\S+")),
    (
        "address",
        re.compile(
            r"(?:[\u4e00-\u9fff]{2,8}(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}市)?(?:[\u4e00-\u9fff]{1,5}(?:区|县|旗))?"
            r"[\u4e00-\u9fff]{1,8}?(?:路|街道|大街|街|巷|弄|胡同|大道)\s*[\d一二三四五六七八九十百]+\s*(?:号|弄)"
            r"(?:[\u4e00-\u9fffA-Za-z\d]{0,12}?(?:室|栋|幢|单元|楼|层|号))*"
        ),
    ),
    (
        "address",
        re.compile(
            r"[\u4e00-\u9fff]{2,10}?(?:小区|花园|公寓|家园|苑|新村|广场|大厦|里)\s*"
            r"[A-Za-z\d一二三四五六七八九十]+\s*(?:号楼|栋|幢|座|单元|号)(?:[\dA-Za-z一二三四五六七八九十\-]*(?:单元|楼|层|室|号))*"
        ),
    ),
    (
        "address",
        re.compile(
            r"[A-Za-z\d一二三四五六七八九十]+\s*(?:栋|幢|号楼)\s*[\dA-Za-z一二三四五六七八九十]+\s*(?:单元|室|号)[\dA-Za-z]*室?"
        ),
    ),
    (
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Za-z]\s?[·.\- ]?\s?[A-Za-z\d]{4,6}[A-Za-z\d挂学警港澳]"
        ),
    ),
    (
        "wechat",
        re.compile(
            r"(?:微信号?|威信|薇信|VX|vx|Vx|wx|WX|V信|v信|weixin|WeChat|wechat|QQ号?|qq号?|抖音号?|小红书号?)(?:是|为|叫|：|:|\s)*[A-Za-z\d][\w\-]{3,}"
        ),
    ),
    (
        "number",
        re.compile(
            r"(?:订单|单号|病历|病例|芯片|会员|卡号|账单|工单|发票|流水|档案|快递|处方|编号)(?:号码|号|编号)?(?:是|为|：|:|\s|#|No\.?)*[A-Za-z\d][A-Za-z\d\-]{3,}"
        ),
    ),
    ("number", re.compile(r"(?<![A-Za-z\d])(?:CN|C|B|V|E|P|S)-\d{3,}")),
    (
        "number",
        re.compile(
            r"(?<![A-Za-z\d])(?=[A-Za-z\d\-]*\d[A-Za-z\d\-]*\d[A-Za-z\d\-]*\d)(?=[A-Za-z\d\-]*[A-Za-z])[A-Za-z\d\-]{7,}"
        ),
    ),
)
_TITLED: Final = re.compile(rf"(?:{_SURNAMES})[\u4e00-\u9fff]{{0,2}}?(?:{_TITLES})")
_COMMON: Final = (
    "[王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘]"
)
"""Names for 小王 and 老李; a rarer one after 小 is mostly another word (小时, 小路)."""
_NICK: Final = re.compile(
    rf"(?:小|老|阿)(?:{_COMMON})(?=(?:说|讲|来|在|给|接|告|态|一|也|就|没|还|又|，|。|,|、|的|和|跟|$))"
)
_RUN: Final = 7
"""So many digits in a row are a number of somebody or something; shorter ones may be money, hours or grams."""


class Known(msgspec.Struct, frozen=True):
    """The names and numbers of one case, each with what it is."""

    values: tuple[tuple[Kind, str], ...]


class Cut(msgspec.Struct, frozen=True):
    """What was taken out of the text, by its place there."""

    start: int
    end: int
    kind: Kind


class Masked(msgspec.Struct, frozen=True):
    """A text without people, and what was taken out of the one it came from."""

    text: str
    cuts: tuple[Cut, ...]


class Piece(msgspec.Struct, frozen=True):
    """A stretch of the old text; with `kind` it was replaced by `shown`."""

    old: str
    shown: str
    kind: str = ""


def mask(text: str, known: Known) -> Masked:
    """Return the text with every known value, and every stretch that looks like one, replaced by what it was."""
    cuts = _merged(text, [*_known_cuts(text, known), *_looks(text)])
    parts, at = [], 0
    for cut in cuts:
        parts += [text[at : cut.start], TOKENS[cut.kind]]
        at = cut.end
    return Masked("".join((*parts, text[at:])), tuple(cuts))


def pieces_of(text: str, masked: Masked) -> tuple[Piece, ...]:
    """Return the old text in stretches, for a page that marks what was replaced."""
    found, at = [], 0
    for cut in masked.cuts:
        if cut.start > at:
            found.append(Piece(text[at : cut.start], text[at : cut.start]))
        found.append(Piece(text[cut.start : cut.end], TOKENS[cut.kind], cut.kind))
        at = cut.end
    if at < len(text):
        found.append(Piece(text[at:], text[at:]))
    return tuple(found)


def leaks(text: str, known: Known) -> tuple[str, ...]:
    """Return the stretches that still name somebody of the case, or look like a number of theirs; empty is clean."""
    return tuple(dict.fromkeys(text[cut.start : cut.end] for cut in mask(text, known).cuts))


def _letters(text: str, *, digits: bool) -> tuple[str, list[int]]:
    """The text as names and numbers are compared: wide signs narrow, small letters, no gaps; and where each sign stood."""
    kept, places = [], []
    for place, sign in enumerate(text):
        for one in unicodedata.normalize("NFKC", sign).casefold():
            known = _DIGIT_WORDS.get(one, one) if digits else one
            if known.isalnum():
                kept.append(known)
                places.append(place)
    return "".join(kept), places


def _plain(text: str, *, digits: bool = False) -> str:
    return _letters(text, digits=digits)[0]


def _forms(kind: Kind, value: str) -> Iterator[tuple[str, bool]]:
    """How a value may be written, and whether signs for digits count as digits: whole, without +86, a given name alone."""
    plain = _plain(value)
    if not plain:
        return
    if any(sign.isdigit() for sign in plain):
        number = _plain(value, digits=True)
        yield number, True
        if kind == "phone":
            bare = number.removeprefix("86") if len(number) > 11 else number
            yield bare, True
            if len(bare) > 8 and bare.startswith("0"):
                yield bare[3:], True
                yield bare[4:], True
        return
    yield plain, False
    if kind in {"customer", "staff"} and _is_han(plain) and len(plain) > 2:
        yield plain[2:] if _COMPOUND.match(plain) and len(plain) > 3 else plain[1:], False


_COMPOUND: Final = re.compile("欧阳|司马|上官|诸葛|夏侯|尉迟|皇甫|慕容|端木|东方|司徒|令狐|公孙")


def _is_han(text: str) -> bool:
    return all("\u4e00" <= sign <= "\u9fff" for sign in text)


def _known_cuts(text: str, known: Known) -> list[Cut]:
    found = []
    for digits in (False, True):
        plain, places = _letters(text, digits=digits)
        for kind, value in known.values:
            for form, numeric in _forms(kind, value):
                if numeric == digits:
                    found += [_cut(places, at, len(form), kind) for at in _find_all(text, plain, places, form)]
    found += _family(text, known)
    return found


def _family(text: str, known: Known) -> Iterator[Cut]:
    """小王, 老王, 王先生 and the last digits of a phone: what people call somebody whose name is known."""
    for kind, value in known.values:
        plain = _plain(value)
        if kind in {"customer", "staff"} and len(plain) > 1 and _is_han(plain):
            first = plain[:2] if len(plain) > 3 else plain[0]
            called = re.compile(rf"[小老阿]{first}|{first}(?:某某?|(?:{_TITLES}))|{first}\s*(?:{_TITLES})")
            for match in called.finditer(text):
                yield Cut(match.start(), match.end(), kind)
        if kind == "phone" and len(tail := _plain(value, digits=True)[-4:]) == 4 and tail.isdigit():
            for match in re.finditer(rf"(?<!\d){tail}(?!\d|元|块|克|毫|年)", unicodedata.normalize("NFKC", text)):
                if len(unicodedata.normalize("NFKC", text)) == len(text):
                    yield Cut(match.start(), match.end(), "phone")


def _find_all(text: str, plain: str, places: list[int], form: str) -> Iterator[int]:
    at = plain.find(form)
    while at >= 0:
        # A Latin name inside a longer Latin word is another word; digits inside digits are still somebody's number.
        word = form.isascii() and form.isalpha()
        if not (word and (_latin(text, places[at] - 1) or _latin(text, places[at + len(form) - 1] + 1))):
            yield at
        at = plain.find(form, at + 1)


def _latin(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalpha()


def _cut(places: list[int], at: int, length: int, kind: Kind) -> Cut:
    return Cut(places[at], places[at + length - 1] + 1, kind)


def _looks(text: str) -> Iterator[Cut]:
    """What looks like somebody's, whether it is known or not."""
    flat = "".join(one if len(one := unicodedata.normalize("NFKC", sign)) == 1 else sign for sign in text)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(flat):
            if match.end() > match.start():
                yield Cut(match.start(), match.end(), kind)
    for match in _TITLED.finditer(flat):
        staff = any(match[0].endswith(title) for title in _STAFF_TITLES)
        yield Cut(match.start(), match.end(), "staff" if staff else "customer")
    for match in _NICK.finditer(flat):
        yield Cut(match.start(), match.end(), "staff")
    yield from _runs(flat)


_NUMBER: Final = re.compile(
    r"\+?[\d〇零一二三四五六七八九幺](?:[\s\-—–.·,，()（）_]{0,2}[\d〇零一二三四五六七八九幺]){6,}[xX]?"
)


def _runs(flat: str) -> Iterator[Cut]:
    for match in _NUMBER.finditer(flat):
        digits = re.sub(r"\D", "", _plain(match[0], digits=True))
        if len(digits) >= _RUN:
            yield Cut(match.start(), match.end(), "phone" if 7 <= len(digits) <= 13 else "number")


def _merged(text: str, cuts: Iterable[Cut]) -> list[Cut]:
    """Join what overlaps; the kind that says most stands for the whole."""
    del text
    merged: list[Cut] = []
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
        last = merged[-1] if merged else None
        if last is not None and cut.start < last.end:
            kind = last.kind if _RANK.index(last.kind) <= _RANK.index(cut.kind) else cut.kind
            merged[-1] = Cut(last.start, max(last.end, cut.end), kind)
        else:
            merged.append(cut)
    return merged
