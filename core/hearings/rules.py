"""What a hearing needs before its minutes are finished, and how a case is shown to experts without its customer."""

import hashlib
import re
from datetime import timedelta
from typing import Final

import msgspec

from core.chains import canonical, seal_of
from core.errors import FieldProblem

# 宠物医院客户投诉应急预案 §3.3: 邀请2-3名外部行业专家参与, 确保公正性.
MIN_EXPERTS: Final = 2
MAX_EXPERTS: Final = 3
LINK_DAYS: Final = 14
"""Own design: how long after the hearing an expert can still read and sign."""
MAX_WRONG: Final = 5
TRY_PAUSE: Final = timedelta(seconds=2)
WORD_LENGTH: Final = 6
MAX_WORDS: Final = 20_000
MAX_LINE: Final = 200
STANCES: Final = ("agrees", "dissents")
_NUMBERS: Final = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1\d{2}[- ]?\d{4}[- ]?\d{4}(?!\d)|\d{7,}|\b\d{3,4}-\d{7,8}\b")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+", re.ASCII)
_CHAT: Final = re.compile(r"(微信|wechat|qq|vx)\s*[号:： ]?\s*[A-Za-z0-9_-]{5,}", re.IGNORECASE)


class MinutesBody(msgspec.Struct, frozen=True, kw_only=True):
    """The finished minutes; everybody signs the seal of these words."""

    hearing: str
    case: str
    held_at: str
    place: str
    agenda: str
    experts: tuple[str, ...]
    staff: tuple[str, ...]
    minutes: str
    finding: str
    shares: tuple[tuple[str, int], ...]
    finished_at: str
    finished_by: str


def seal_minutes(body: MinutesBody) -> tuple[str, str]:
    """Return the one spelling of the minutes and its seal."""
    spelled = canonical(body)
    return spelled, seal_of(spelled)


def read_shares(text: str) -> tuple[tuple[str, int], ...] | FieldProblem:
    """Read "who or what 60" lines; the shares of a finding are whole percents and make a hundred."""
    found: list[tuple[str, int]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = re.fullmatch(r"\s*(.+?)[\s:：,，]+(\d{1,3})\s*[%％]?\s*", line)
        if match is None or len(match[1]) > MAX_LINE:
            return FieldProblem("shares", "bad-share")
        found.append((match[1], int(match[2])))
    if found and sum(share for _, share in found) != 100:
        return FieldProblem("shares", "shares-sum")
    return tuple(found)


def minutes_problems(
    *, experts: int, staff: int, minutes: str, finding: str, shares: tuple[tuple[str, int], ...]
) -> tuple[FieldProblem, ...]:
    """What still stands between a hearing and its finished minutes."""
    problems = []
    if experts < MIN_EXPERTS:
        problems.append(FieldProblem("experts", "too-few-experts", {"min": MIN_EXPERTS}))
    if experts > MAX_EXPERTS:
        problems.append(FieldProblem("experts", "too-many-experts", {"max": MAX_EXPERTS}))
    if not staff:
        problems.append(FieldProblem("staff", "nobody-of-the-house"))
    problems += [
        FieldProblem(path, "required") for path, said in (("minutes", minutes), ("finding", finding)) if not said
    ]
    if not shares:
        problems.append(FieldProblem("shares", "required"))
    too_long = (("minutes", minutes, MAX_WORDS), ("finding", finding, 2000))
    problems += [FieldProblem(path, "too-long", {"max": most}) for path, said, most in too_long if len(said) > most]
    return tuple(problems)


def without_contacts(text: str, *names: str) -> str:
    """The words without phones, addresses of mail and chat, and the customer's name."""
    for name in sorted({name for name in names if len(name) > 1}, key=len, reverse=True):
        text = text.replace(name, "＊＊")
    for pattern in (_MAIL, _NUMBERS):
        text = pattern.sub("＊＊＊", text)
    return _CHAT.sub(r"\1 ＊＊＊", text)


def hash_of(secret: str) -> str:
    """What is kept of a word or of a browser's token."""
    return hashlib.sha256(secret.strip().lower().encode()).hexdigest()
