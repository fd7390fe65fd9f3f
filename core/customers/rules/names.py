"""Names of people and pets: cleaned, in pinyin, and told apart."""

import functools
import re
import unicodedata

import msgspec
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT

MAX_NAME = 80
MAX_NOTE = 2000
_HONORIFIC = re.compile(r"(?P<name>.{2,})(?P<title>先生|女士|小姐|太太)$")
_FEMALE = frozenset({"女士", "小姐", "太太"})
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_CJK = re.compile(r"[\u3400-\u9fff]")
# Read differently as a surname than as a word; pypinyin knows the word.
_SURNAMES = {
    "仇": "qiu", "单": "shan", "解": "xie", "查": "zha", "曾": "zeng", "朴": "piao", "区": "ou", "盖": "ge", "繁": "po",
    "乐": "yue", "员": "yun", "覃": "qin", "冼": "xian", "缪": "miao", "种": "chong", "翟": "zhai", "任": "ren",
    "逄": "pang", "隗": "wei", "秘": "bi", "纪": "ji", "燕": "yan", "华": "hua", "洗": "xian", "折": "she", "黑": "he",
    "牟": "mu", "尹": "yin", "卜": "bu", "令": "ling", "召": "shao", "葛": "ge", "宁": "ning", "柏": "bai",
}  # fmt: skip
_COMPOUND = {"尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "单于": ("chan", "yu")}


class PlainName(msgspec.Struct, frozen=True):
    """A name without its form of address, and what that form of address tells."""

    name: str
    gender: str | None = None


def clean_text(text: str) -> str:
    """Drop what no field may hold (NUL, lone surrogates, control characters except line breaks) and outer blanks."""
    if not text.isprintable():
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return text.strip(" \t\n\u00a0\u3000\ufeff")


def clean_name(text: str) -> str:
    """One line, single blanks, compatible forms of letters and digits."""
    plain = clean_text(text)
    if plain.isalnum() and (plain.isascii() or unicodedata.is_normalized("NFKC", plain)):
        return plain
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", plain.replace("\n", " "))).strip()


def split_honorific(text: str) -> PlainName:
    """邹佳琪先生 -> 邹佳琪, male; 王先生 stays, for without the title nothing would be left to say."""
    found = _HONORIFIC.fullmatch(text)
    if found is None:
        return PlainName(text)
    return PlainName(found["name"].strip(), "female" if found["title"] in _FEMALE else "male")


@functools.lru_cache(maxsize=8192)
def _one_reading(character: str) -> str | None:
    """The pinyin of a character that is read in one way only; None for the others and for what is not Chinese."""
    readings = PINYIN_DICT.get(ord(character), "")
    return None if not readings or "," in readings else str(lazy_pinyin(character, style=Style.NORMAL)[0])


@functools.lru_cache(maxsize=20_000)
def _readings(name: str) -> tuple[str, ...]:
    """Most names need no look at the neighbours; that look costs thirty times as much, and a list has many names."""
    plain = [_one_reading(character) for character in name]
    if None not in plain:
        return tuple(reading for reading in plain if reading)
    words = lazy_pinyin(name, style=Style.NORMAL)
    return tuple(part for word in words for part in word.casefold().split())


def syllables(name: str, *, person: bool) -> list[str]:
    """The name as pinyin syllables and plain words, lower case."""
    if not person or len(name) < 2:
        return list(_readings(name))
    # The surname by itself: given names come again and again, and no word reaches from one into the other.
    parts = [*_readings(name[:1]), *_readings(name[1:])] if is_chinese(name) else list(_readings(name))
    if parts:
        compound = _COMPOUND.get(name[:2])
        if compound is not None:
            parts[:2] = compound
        elif name[0] in _SURNAMES:
            parts[0] = _SURNAMES[name[0]]
    return parts


@functools.lru_cache(maxsize=20_000)
def name_pinyin(name: str, *, person: bool = True) -> str:
    """For sorting and for telling homophones apart: 单小红 -> "shan xiao hong"."""
    return " ".join(syllables(name, person=person))


def is_chinese(text: str) -> bool:
    return _CJK.search(text) is not None


def same_name(left: str, right: str) -> bool:
    """Written differently, perhaps, but spoken alike: 周晓红 and 周小红."""
    if not left or not right:
        return False
    return clean_name(left).casefold() == clean_name(right).casefold() or name_pinyin(left) == name_pinyin(right)
