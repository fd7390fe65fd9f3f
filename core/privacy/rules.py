"""Terms of a person's rights, and what a receipt says: pure figures, no database."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from core.errors import FieldProblem

Kind = Literal["correction", "export", "erasure"]
RequestSource = Literal["staff", "customer_page"]
KINDS: tuple[Kind, ...] = ("correction", "export", "erasure")
# 个人信息保护法 第五十条 asks for an answer in time (及时) and names no number; fifteen days are this product's own design.
REQUEST_DAYS = 15
LINK_DAYS = 7
MAX_LINK_DAYS = 30
MAX_WRONG = 5
"""Wrong answers after which a link is locked for good."""
TRY_PAUSE = timedelta(seconds=2)
"""Between two answers; a person types slower than that."""
PROVEN_FOR = timedelta(minutes=30)
MAX_TEXT = 2000
CONFIRM_WORDS = ("删除", "erase")
"""What a person types to ask for erasure, in either language."""

Deed = Literal["deleted", "blanked", "kept"]


class Law(msgspec.Struct, frozen=True):
    """Why something stays, in both languages, and for how many years after it was made; 0 means without an end."""

    reason: dict[str, str]
    years: int


ORDERS = Law(
    {
        "zh-CN": "电子商务法第三十一条: 交易信息自交易完成之日起保存不少于三年 (已去除姓名、电话和文字)",
        "en": "E-Commerce Law art. 31: trade records are kept for three years (without name, phone and words)",
    },
    3,
)
RECORDS = Law(
    {
        "zh-CN": "动物诊疗机构管理办法: 病历档案保存不少于三年",
        "en": "Rules for animal clinics: medical records are kept for at least three years",
    },
    3,
)
CLAIMS = Law(
    {
        "zh-CN": "民法典第一百八十八条: 三年诉讼时效, 仅保留处理过程 (已去除姓名、电话和文字)",
        "en": "Civil Code art. 188: claims run for three years; only the course of the case stays",
    },
    3,
)
PROOF = Law(
    {
        "zh-CN": "个人信息保护法第十四、十五条: 同意与撤回的证明 (已去除姓名)",
        "en": "PIPL art. 14 and 15: proof of what was allowed and withdrawn (without name)",
    },
    3,
)
NUMBERS = Law(
    {
        "zh-CN": "不含个人信息: 仅有编号、时间和状态, 供账目与统计前后一致",
        "en": "No personal data left: numbers, times and states, so that books and statistics still agree",
    },
    0,
)


class AreaLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a receipt: what happened to how many rows of a table, and why something stays until when."""

    area: str
    table: str
    deed: Deed
    count: int
    reason: dict[str, str] | None = None
    until: datetime | None = None


class ReceiptBody(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did; no word of it tells who the person was."""

    number: int
    customer_numbers: tuple[int, ...]
    requested_at: datetime | None
    erased_at: datetime
    erased_by: str
    override_reason: str = ""
    lines: tuple[AreaLine, ...]

    @property
    def gone(self) -> tuple[AreaLine, ...]:
        """What was deleted or blanked."""
        return tuple(line for line in self.lines if line.deed != "kept" and line.count)

    @property
    def kept(self) -> tuple[AreaLine, ...]:
        """What stays."""
        return tuple(line for line in self.lines if line.deed == "kept" and line.count)


def held_line(number: int) -> AreaLine:
    """What the receipt says of a legal hold: which case stays whole and keeps the person's files, in no word about the person."""
    reason = {
        "zh-CN": f"证据保全: 投诉 {number} 的全部内容与本人的文件依法保留, 解除保全后立即删除",
        "en": f"Legal hold: everything of complaint {number} and the person's files stay, and go when it is lifted",
    }
    return AreaLine(area="evidence", table="legal_hold", deed="kept", count=1, reason=reason)


def receipt_hash(body: Any) -> str:
    """SHA-256 over the canonical JSON of a receipt, so that a changed one shows."""
    plain = msgspec.to_builtins(body)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def keep_until(made_at: datetime, law: Law) -> datetime | None:
    """The day from which nothing holds it any more; None when the law names no end."""
    if not law.years:
        return None
    try:
        return made_at.replace(year=made_at.year + law.years)
    except ValueError:  # 29 February
        return made_at.replace(year=made_at.year + law.years, month=3, day=1)


def due_at(asked_at: datetime) -> datetime:
    """When a request must be answered."""
    return asked_at + timedelta(days=REQUEST_DAYS)


def read_tail(typed: str) -> str:
    """The digits of an answer to "the last four digits of your phone"."""
    return "".join(re.findall(r"\d", typed))[-4:] if typed else ""


def is_confirmed(typed: str) -> bool:
    """The person typed the word that asks for erasure."""
    return typed.strip().casefold() in CONFIRM_WORDS


def request_problems(*, kind: str, text: str, confirm: str | None = None) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong with a request at once; `confirm` is what a person typed to ask for erasure."""
    problems = []
    if kind not in KINDS:
        problems.append(FieldProblem("kind", "bad-choice"))
    if kind == "correction" and not text:
        problems.append(FieldProblem("text", "required"))
    if len(text) > MAX_TEXT:
        problems.append(FieldProblem("text", "too-long", {"max": MAX_TEXT}))
    if kind == "erasure" and confirm is not None and not is_confirmed(confirm):
        problems.append(FieldProblem("confirm", "not-confirmed", {"word": CONFIRM_WORDS[0]}))
    return tuple(problems)
