"""Phone numbers as people type them, read into E.164 with what was found on the way."""

import re
import unicodedata
from typing import Literal

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

PhoneKind = Literal["mobile", "landline", "foreign"]
REGION = "CN"
MAX_PHONES = 5
_MAINLAND_MOBILE = re.compile(r"1[3-9]\d{9}")
_MAINLAND = 86
# Several numbers in one cell: 15778501703/13913594081. Spaces and dashes are parts of one number, not separators.
_SEPARATORS = re.compile(r"[/\\、,;；，|&\n\t]|或者?|和|(?<=\d)\s+or\s+(?=\d)")
# 13812346871微信同号, 妈妈13912345678: a word before or behind the number says whose it is.
_WORDS = re.compile(r"^[\u4e00-\u9fff]{1,8}[:：\s]*(?=[+\d(])|(?<=[\d)])\s*[\u4e00-\u9fff]{1,8}$")
_TWO_MOBILES = re.compile(r"(?<!\d)(1[3-9]\d{9})\s+(1[3-9]\d{9})(?!\d)")
_REMARK = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_AREA_CODE = re.compile(r"[(（](\+?\d{2,4})[)）]")
_LABEL = re.compile(r"^(?:手机号?|电话|联系电话|tel|phone|mobile|微信)[:： ]*", re.IGNORECASE)
_NOISE = re.compile(r"[\s\-—–‐‑‒.·()（）]+")
_FLOAT = re.compile(r"(\d{7,15})\.0+")
_DIGITS = re.compile(r"\+?\d+(?:(?:转|#|ext|x)\d{1,6})?", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:转|#|ext|x)\d{1,6}$", re.IGNORECASE)


class Phone(msgspec.Struct, frozen=True):
    """One number that can be called."""

    e164: str
    kind: PhoneKind


class PhoneReading(msgspec.Struct, frozen=True):
    """What one text held: good numbers in order, and the parts that are none, as they were written."""

    phones: tuple[Phone, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing was written at all."""
        return not self.phones and not self.refused


def read_phones(text: str) -> PhoneReading:
    """Read one cell or input: full-width digits, 0086, spaces, dashes, (微信同号), two numbers with a slash."""
    if _MAINLAND_MOBILE.fullmatch(text) and text.isascii():
        return PhoneReading((Phone(f"+86{text}", "mobile"),))
    plain = unicodedata.normalize("NFKC", text)
    plain = _AREA_CODE.sub(r"\1", plain)
    plain = _REMARK.sub("", plain)
    phones: list[Phone] = []
    refused: list[str] = []
    for written in _SEPARATORS.split(_TWO_MOBILES.sub(r"\1/\2", plain)):
        part = _WORDS.sub("", _LABEL.sub("", written.strip())).strip()
        if not part:
            continue
        phone = read_phone(part)
        if phone is None:
            refused.append(written.strip())
        elif all(phone.e164 != known.e164 for known in phones):
            phones.append(phone)
    return PhoneReading(tuple(phones[:MAX_PHONES]), tuple(refused))


def read_phone(text: str) -> Phone | None:
    """Read one number, or None when nobody could call it."""
    plain = _NOISE.sub("", _FLOAT.sub(r"\1", unicodedata.normalize("NFKC", text)))
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if not _DIGITS.fullmatch(plain):
        return None
    plain = _EXTENSION.sub("", plain)
    national = plain.removeprefix("+86")
    if len(national) == 13 and national.startswith("86"):
        national = national[2:]
    if _MAINLAND_MOBILE.fullmatch(national):
        # New prefixes come into use faster than a library's list of them.
        return Phone(f"+86{national}", "mobile")
    try:
        number = phonenumbers.parse(plain, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number.country_code != _MAINLAND:
        return Phone(e164, "foreign")
    mobile = phonenumbers.number_type(number) == PhoneNumberType.MOBILE
    return Phone(e164, "mobile" if mobile else "landline")


def phone_kind(e164: str) -> PhoneKind:
    """Tell what a stored number is."""
    if not e164.startswith("+86"):
        return "foreign"
    return "mobile" if _MAINLAND_MOBILE.fullmatch(e164.removeprefix("+86")) else "landline"


def national_digits(e164: str) -> str:
    """The number as people in the country dial it: digits only."""
    if e164.startswith("+86"):
        digits = e164.removeprefix("+86")
        return digits if _MAINLAND_MOBILE.fullmatch(digits) else f"0{digits}"
    return e164.removeprefix("+")
