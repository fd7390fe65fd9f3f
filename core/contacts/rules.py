"""What a contact may look like, and what a customer's answers allow for a purpose on a channel."""

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from core.errors import FieldProblem

Kind = Literal["email", "wechat", "address"]
Purpose = Literal["service", "survey", "marketing", "research", "health_data"]
Channel = Literal["phone", "sms", "wechat", "email"]
Decision = Literal["granted", "withdrawn"]
ConsentSource = Literal["form", "desk", "customer_page", "import"]
KINDS: tuple[Kind, ...] = ("email", "wechat", "address")
PURPOSES: tuple[Purpose, ...] = ("service", "survey", "marketing", "research", "health_data")
CHANNELS: tuple[Channel, ...] = ("phone", "sms", "wechat", "email")
# Purposes of messages; health_data is a purpose of use, asked separately (个人信息保护法 第二十九条), on no channel.
MESSAGE_PURPOSES: tuple[Purpose, ...] = ("service", "survey", "marketing", "research")
ALL = "all"
# 个人信息保护法 第十三条: what the contract needs asks for no consent; the rest does. Decision 0014 says why a survey
# about a visit counts as service.
ALLOWED_UNASKED: frozenset[str] = frozenset({"service", "survey"})
MAX_VALUE, MAX_LABEL, MAX_CONTACTS, MAX_SHOWN = 300, 40, 10, 2000
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
# WeChat ids: 6 to 20 letters, digits, _ and -, the first a letter; a phone number serves as one too.
_WECHAT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}|1\d{10}")


class Answer(msgspec.Struct, frozen=True):
    """One yes or no: for a purpose, on one channel or on all."""

    purpose: str
    channel: str
    decision: str


def contact_problems(*, kind: str, value: str, label: str = "") -> tuple[FieldProblem, ...]:
    """Say everything that is wrong with a contact at once."""
    problems: list[FieldProblem] = []
    if kind not in KINDS:
        problems.append(FieldProblem("kind", "bad-choice"))
    if not value:
        problems.append(FieldProblem("value", "required"))
    elif len(value) > MAX_VALUE:
        problems.append(FieldProblem("value", "too-long", {"max": MAX_VALUE}))
    elif kind == "email" and _EMAIL.fullmatch(value) is None:
        problems.append(FieldProblem("value", "bad-email"))
    elif kind == "wechat" and _WECHAT.fullmatch(value) is None:
        problems.append(FieldProblem("value", "bad-wechat"))
    if len(label) > MAX_LABEL:
        problems.append(FieldProblem("label", "too-long", {"max": MAX_LABEL}))
    return tuple(problems)


def consent_problems(*, purpose: str, channel: str, decision: str) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong with an answer at once."""
    problems: list[FieldProblem] = []
    if purpose not in PURPOSES:
        problems.append(FieldProblem("purpose", "bad-choice"))
    if channel != ALL and (channel not in CHANNELS or purpose == "health_data"):
        problems.append(FieldProblem("channel", "bad-choice"))
    if decision not in {"granted", "withdrawn"}:
        problems.append(FieldProblem("decision", "bad-choice"))
    return tuple(problems)


def is_allowed(answers: Iterable[Answer], *, purpose: str, channel: str) -> bool:
    """Tell whether a message may go out; the last answer that covers the channel counts. `answers`: oldest first."""
    allowed = purpose in ALLOWED_UNASKED
    for answer in answers:
        if answer.purpose == purpose and answer.channel in {ALL, channel}:
            allowed = answer.decision == "granted"
    return allowed
