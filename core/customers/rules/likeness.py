"""How likely two records mean one person: points for and against, each with its reason, and keys that find candidates.

The points are our own design: no source document gives numbers for it. They were set so that one strong agreement
(phone, member number) with one of name makes "strong", and weak agreements must come in threes; tests/rules/test_likeness.py
measures precision and recall on generated customers.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from core.customers.rules.names import is_chinese, split_honorific, syllables
from core.customers.rules.phones import national_digits, phone_kind

Level = Literal["strong", "likely", "possible", "none"]
RULES_VERSION = 1
"""Raised with every change of the points or keys, so that the nightly look begins again."""

POINTS = {
    "phone": 50,
    "landline": 20,
    "phone-near": 28,
    "member-no": 45,
    "email": 45,
    "address": 15,
    "name": 35,
    "name-order": 30,
    "name-sound": 30,
    "name-near-sound": 24,
    "name-look": 22,
    "name-little": 18,
    "name-title": 15,
    "pet-chip": 60,
    "pet-birthday": 35,
    "pet-breed": 25,
    "pet": 15,
}
AGAINST = {
    "chips-differ": -40,
    "pet-birthday-differs": -15,
    "phones-verified": -30,
    "phones-differ": -10,
    "gender-differs": -15,
    "member-no-differs": -5,
}
STRONG, LIKELY, POSSIBLE = 80, 60, 45
_BIRTHDAY_SLIP = 60
"""Days: two birthdays of one pet may be a guess apart; beyond this they are two pets."""
_MAX_BLOCK_WORD = 80

# Sounds that typists and dialects mix up; each is written as the second for the comparison "sounds nearly alike".
_NEAR_SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("l", "n"))
# Characters that look alike and stand for each other in typed lists.
_LOOK_ALIKE = ("己已巳", "未末", "王玉", "李季", "陈阵", "田由甲申", "日曰", "天夭", "晴睛", "铃玲", "佳住", "旭旮", "汤场", "杨扬", "宣宜",
               "萍苹", "侯候", "戴载", "贾贺", "丹舟", "怡恰", "凯剀", "鹏朋", "璐露", "蓉容", "鑫金", "娟捐", "妹昧", "伟纬", "泽择")  # fmt: skip
_LOOKS = {character: group for group in _LOOK_ALIKE for character in group}
_LITTLE = ("小", "阿", "老")
_TITLE_ONLY = re.compile(r"^(?P<surname>[\u3400-\u9fff]{1,2})(?:先生|女士|小姐|太太|老师|医生|哥|姐|总)$")
_REMARK = re.compile(r"[(（\[【].*?[)）\]】]")
_NOT_WORD = re.compile(r"[\W_]+")


class PetLook(msgspec.Struct, frozen=True, kw_only=True):
    """What of a pet or person tells it apart."""

    name: str
    species: str | None = None
    breed: str | None = None
    chip: str | None = None
    birthday: date | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What of a customer tells them apart; phones are E.164."""

    full_name: str
    phones: tuple[str, ...] = ()
    verified_phones: tuple[str, ...] = ()
    member_no: str | None = None
    gender: str | None = None
    emails: tuple[str, ...] = ()
    address: str | None = None
    pets: tuple[PetLook, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for or against, with its points and the words that it rests on."""

    code: str
    points: int
    left: str = ""
    right: str = ""


class Likeness(msgspec.Struct, frozen=True):
    """The verdict on a pair; `household` says that they share a phone or a pet and are two people all the same."""

    score: int
    level: Level
    reasons: tuple[Reason, ...]
    household: bool = False


def compare(left: Look, right: Look) -> Likeness:
    """Judge a pair. Names that clearly differ make two people of one household, whatever else they share."""
    name = _name_reason(left, right)
    reasons = [*_phone_reasons(left, right), *_number_reasons(left, right), *_pet_reasons(left, right)]
    together = any(reason.points > 0 for reason in reasons)
    if name is None:
        # 妈妈和孩子: one phone, two names. A family is a household, not one customer twice.
        return Likeness(0, "none", tuple(reasons), household=together)
    reasons.insert(0, name)
    if left.gender and right.gender and left.gender != right.gender:
        reasons.append(_against("gender-differs"))
    score = sum(reason.points for reason in reasons)
    return Likeness(max(0, min(100, score)), level_of(score), tuple(reasons))


def level_of(score: int) -> Level:
    """The word for a number of points."""
    return "strong" if score >= STRONG else "likely" if score >= LIKELY else "possible" if score >= POSSIBLE else "none"


def _for(code: str, left: str = "", right: str = "") -> Reason:
    return Reason(code, POINTS[code], left, right)


def _against(code: str, left: str = "", right: str = "") -> Reason:
    return Reason(code, AGAINST[code], left, right)


def _plain_name(name: str) -> str:
    """The name without a remark, form of address, dots and case."""
    plain = _REMARK.sub("", unicodedata.normalize("NFKC", name)).strip().casefold()
    return split_honorific(plain).name.replace("·", "").replace(".", " ").strip()


def _name_reason(left: Look, right: Look) -> Reason | None:
    """How the names agree; None when they are clearly two names."""
    a, b = _plain_name(left.full_name), _plain_name(right.full_name)
    code = _name_code(a, b) or _title_code(left.full_name, right.full_name)
    return _for(code, left.full_name, right.full_name) if code else None


def _name_code(a: str, b: str) -> str:
    if not a or not b:
        return ""
    return next((code for code, agree in _NAME_TESTS if agree(a, b)), "")


def _sounds(name: str) -> list[str]:
    return syllables(name, person=True)


def _same_words_in_other_order(a: str, b: str) -> bool:
    """Li Lei and Lei Li; Chinese names have one order."""
    if is_chinese(a) and is_chinese(b):
        return False
    turned = " ".join(reversed(a.split())), " ".join(reversed(b.split()))
    return (
        sorted(_sounds(a)) == sorted(_sounds(b))
        or "".join(_sounds(turned[0])) == "".join(_sounds(b))
        or "".join(_sounds(a)) == "".join(_sounds(turned[1]))
    )


def _looks_alike(a: str, b: str) -> bool:
    return len(a) == len(b) and all(_LOOKS.get(x, x) == _LOOKS.get(y, y) for x, y in zip(a, b, strict=True))


def _one_slip(a: str, b: str) -> bool:
    return not is_chinese(a) and not is_chinese(b) and len(a) > 4 and typing_distance(a, b) <= 1


_NAME_TESTS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("name", lambda a, b: a.replace(" ", "") == b.replace(" ", "")),
    ("name-sound", lambda a, b: "".join(_sounds(a)) == "".join(_sounds(b))),
    ("name-order", _same_words_in_other_order),
    ("name-near-sound", lambda a, b: [near_sound(x) for x in _sounds(a)] == [near_sound(x) for x in _sounds(b)]),
    ("name-look", _looks_alike),
    ("name-little", lambda a, b: _without_little(a) == _without_little(b)),
    ("name-near-sound", _one_slip),
)
"""The closest agreement first."""


def _title_code(a: str, b: str) -> str:
    """王女士 may be 王小美: only the surname is said."""
    for title, other in ((a, b), (b, a)):
        found = _TITLE_ONLY.match(title.strip())
        if found and _plain_name(other).startswith(found["surname"]) and not _TITLE_ONLY.match(other.strip()):
            return "name-title"
    return ""


def _without_little(name: str) -> str:
    """王小美 and 王美, 小王 and 王: a name of endearment less; a surname alone says too little to agree."""
    plain = name[0] + "".join(c for c in name[1:] if c not in _LITTLE) if name else ""
    return plain if len(plain) > 1 else name


def near_sound(syllable: str) -> str:
    """One syllable as those hear it who do not tell zh from z, ang from an, l from n."""
    for written, heard in _NEAR_SOUNDS:
        if len(written) > 2:
            syllable = syllable.removesuffix(written) + heard if syllable.endswith(written) else syllable
        elif syllable.startswith(written):
            syllable = heard + syllable[len(written) :]
    return syllable


def _phone_reasons(left: Look, right: Look) -> list[Reason]:
    shared = [phone for phone in left.phones if phone in right.phones]
    mobiles = [phone for phone in shared if phone_kind(phone) != "landline"]
    if mobiles:
        return [_for("phone", mobiles[0], mobiles[0])]
    if shared:
        return [_for("landline", shared[0], shared[0])]
    pairs = [(a, b) for a in left.phones for b in right.phones]
    if any(a in left.verified_phones and b in right.verified_phones for a, b in pairs):
        return [_against("phones-verified", left.phones[0], right.phones[0])]
    near = next(((a, b) for a, b in pairs if typing_distance(national_digits(a), national_digits(b)) == 1), None)
    if near:
        return [_for("phone-near", *near)]
    return [_against("phones-differ", left.phones[0], right.phones[0])] if pairs else []


def typing_distance(a: str, b: str, most: int = 2) -> int:
    """Slips of the finger between two texts: a wrong, missing or extra character, or two swapped ones.

    Returns at most `most`: whoever asks only wants to know whether it is one.
    """
    if abs(len(a) - len(b)) >= most:
        return most
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) >= most:
            return most
    return min(row[-1], most)


def plain_number(text: str | None) -> str:
    """A member number without case, blanks, dashes and leading zeros."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text or "")).casefold().lstrip("0")


def plain_address(text: str | None) -> str:
    """An address without blanks and marks."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text or "")).casefold()


def _number_reasons(left: Look, right: Look) -> list[Reason]:
    reasons = []
    a, b = plain_number(left.member_no), plain_number(right.member_no)
    if a and a == b:
        reasons.append(_for("member-no", left.member_no or "", right.member_no or ""))
    elif a and b:
        reasons.append(_against("member-no-differs", left.member_no or "", right.member_no or ""))
    mails = {one.casefold() for one in left.emails} & {one.casefold() for one in right.emails}
    if mails:
        reasons.append(_for("email", min(mails), min(mails)))
    roof = plain_address(left.address)
    if len(roof) >= 6 and roof == plain_address(right.address):
        reasons.append(_for("address", left.address or "", right.address or ""))
    return reasons


def _pet_reasons(left: Look, right: Look) -> list[Reason]:
    """The best agreement of two pets, and the gravest contradiction when none agrees well."""
    verdicts = [verdict for a in left.pets for b in right.pets if (verdict := _pet_reason(a, b))]
    good = max((one for one in verdicts if one.points > 0), key=lambda one: one.points, default=None)
    bad = min((one for one in verdicts if one.points < 0), key=lambda one: one.points, default=None)
    if good is not None and good.code in {"pet-chip", "pet-birthday"}:
        return [good]
    return [one for one in (good, bad) if one is not None]


def _pet_reason(a: PetLook, b: PetLook) -> Reason | None:
    code = ""
    if a.chip and a.chip == b.chip:
        code = "pet-chip"
    elif same_pet_name(a.name, b.name) and not (a.species and b.species and a.species != b.species):
        code = _namesake_code(a, b)
    return (_for if code in POINTS else _against)(code, a.name, b.name) if code else None


def _namesake_code(a: PetLook, b: PetLook) -> str:
    if a.chip and b.chip:
        return "chips-differ"
    if a.birthday and a.birthday == b.birthday:
        return "pet-birthday"
    if a.birthday and b.birthday and abs((a.birthday - b.birthday).days) > _BIRTHDAY_SLIP:
        return "pet-birthday-differs"
    return "pet-breed" if a.breed and b.breed and a.breed.casefold() == b.breed.casefold() else "pet"


def same_pet_name(left: str, right: str) -> bool:
    """Spoken alike: 豆豆 and 逗逗."""
    return bool(left and right) and pet_sound(left) == pet_sound(right)


def pet_sound(name: str) -> str:
    """A pet's name as it is spoken."""
    return "".join(syllables(_plain_name(name), person=False))


def same_pet(a: PetLook, b: PetLook) -> bool:
    """Whether two records are proposed as one animal: nothing speaks against it."""
    reason = _pet_reason(a, b)
    return reason is not None and reason.points > 0


def blocking_keys(look: Look) -> frozenset[str]:
    """Keys of which two records of one person share at least one; pairs are only looked for within a key.

    A mobile number is cut so that one wrong digit or two swapped ones leave at least one piece whole.
    """
    keys: set[str] = set()
    for phone in look.phones:
        digits = national_digits(phone)
        keys.add(f"p:{digits}")
        if len(digits) >= 10:
            keys |= {f"h:{digits[:6]}", f"t:{digits[6:]}", f"m:{digits[:5]}{digits[7:]}"}
    sounds = _sounds_key(look.full_name)
    if sounds:
        keys.add(f"n:{sounds}")
    for pet in look.pets:
        spoken = pet_sound(pet.name)
        if pet.chip:
            keys.add(f"c:{pet.chip}")
        if spoken and sounds:
            keys.add(f"np:{sounds}|{spoken}")
        if spoken and pet.birthday:
            keys.add(f"pb:{spoken}|{pet.birthday.isoformat()}")
    if plain_number(look.member_no):
        keys.add(f"no:{plain_number(look.member_no)}")
    keys |= {f"e:{one.casefold()}" for one in look.emails}
    if len(plain_address(look.address)) >= 6:
        keys.add(f"a:{plain_address(look.address)}")
    return frozenset(key[:_MAX_BLOCK_WORD] for key in keys)


def _sounds_key(name: str) -> str:
    plain = _without_little(_plain_name(name))
    return " ".join(sorted(near_sound(one) for one in syllables(plain, person=True)))
