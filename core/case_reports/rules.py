"""What a written report says, what it may not lack, words that are no facts, and where two drafts differ; pure."""

import difflib
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from core.errors import FieldProblem
from core.hooks.records.complaints import Milestone, Policy
from core.hooks.records.forms import MultiField, Option

PARTS: Final = ("facts", "evidence", "finding", "shortcomings", "remedy", "plan")
"""The texts of a report, in the order in which it is read."""
# 宠物医院客户投诉应急预案 §3.2: 事件经过的客观事实, 医院存在的不足, 改进方案.
NEEDED: Final = ("facts", "shortcomings", "plan")
PART_LIMIT: Final = 8000
REASON_LIMIT: Final = 2000
DEFAULT_APPROVER: Final = "director"
"""§3.2: 经院长审核; also where a policy has no step of approval."""
OPTIONS_KEY: Final = "options"
"""The question of the report's step whose options a plugin offers, as 调整治疗计划, 减免部分费用."""

Way = Literal["online", "in_person", "post"]
Answer = Literal["signed", "declined", "not_agreed"]
WAYS: Final[tuple[Way, ...]] = ("online", "in_person", "post")
ANSWERS: Final[tuple[Answer, ...]] = ("signed", "declined", "not_agreed")


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a report; `options` are those of the policy that were agreed on."""

    facts: str = ""
    evidence: str = ""
    finding: str = ""
    shortcomings: str = ""
    remedy: str = ""
    plan: str = ""
    options: tuple[str, ...] = ()


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is hashed when a report is submitted: its words with what they are about."""

    number: int
    version: int
    complaint: int
    house: str
    contact: str
    received_at: str
    content: Content
    options: tuple[dict[str, str], ...] = ()
    """The chosen options in both languages, as the policy said them that day."""


class Hint(msgspec.Struct, frozen=True):
    """A word that states no fact, with what stands around it."""

    part: str
    kind: str
    words: str
    before: str
    after: str


class Change(msgspec.Struct, frozen=True):
    """A stretch of text: both have it, only theirs, or only ours."""

    who: Literal["both", "theirs", "ours"]
    text: str


def clean(content: Content) -> Content:
    """Trim the texts and even out their line ends."""
    texts = {part: re.sub(r"\r\n?", "\n", getattr(content, part)).strip() for part in PARTS}
    return Content(**texts, options=tuple(dict.fromkeys(content.options)))


def spelled(body: Body) -> str:
    """Return the canonical JSON: the same words give the same letters."""
    return msgspec.json.encode(body, order="sorted").decode()


def hash_of(text: str) -> str:
    """Return the SHA-256 of a spelled body."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_body(text: str) -> Body | None:
    """Return a stored body; None when the person it was about has been erased."""
    return None if text == "{}" else msgspec.json.decode(text, type=Body)


def report_step(policy: Policy) -> Milestone | None:
    """Return the step that the submitted report completes."""
    return next((one for one in policy.milestones if one.proof == "report"), None)


def options_of(policy: Policy) -> tuple[Option, ...]:
    """Return the options that the policy offers in a report (§3.2: 如调整治疗计划、减免部分费用)."""
    step = report_step(policy)
    fields = step.facts if step is not None else ()
    return next((f.options for f in fields if isinstance(f, MultiField) and f.key == OPTIONS_KEY), ())


def approver_of(policy: Policy) -> str:
    """Return the role that approves the reports of a policy."""
    named = (one.approver for one in policy.milestones if one.proof == "approval" and one.approver)
    return next(named, DEFAULT_APPROVER)


def problems(content: Content, known_options: frozenset[str], *, whole: bool) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a text; a `whole` one lacks none of the three points."""
    found = [
        FieldProblem(part, "too-long", {"max": PART_LIMIT})
        for part in PARTS
        if len(getattr(content, part)) > PART_LIMIT
    ]
    if set(content.options) - known_options:
        found.append(FieldProblem("options", "option"))
    if whole:
        found += [FieldProblem(part, "required") for part in NEEDED if not getattr(content, part)]
    return tuple(found)


# 应急预案 §1.3 (R03): 避免主观判断. A guess, an opinion, a verdict on motives, or what somebody heard.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "guess": (
        *("(?<![尽不])可能(?!性)", "大概", "也许", "或许", "估计", "好像", "似乎", "恐怕", "应该是", "差不多", "猜"),
        *(r"\bprobably\b", r"\bmaybe\b", r"\bperhaps\b", r"\bpossibly\b", r"\bseems?\b", r"\bmight have\b"),
    ),
    "opinion": (
        *("我觉得", "我认为", "我们觉得", "我们认为", "个人认为", "感觉", "在我看来"),
        *(r"\b(?:I|we) (?:think|feel|believe)\b", r"\bin (?:my|our) opinion\b"),
    ),
    "certainty": (
        *("肯定是", "一定是", "绝对", "显然", "毫无疑问", "明明", "当然是", "无理取闹", "故意"),
        *(r"\bobviously\b", r"\bclearly\b", r"\bdefinitely\b", r"\bof course\b", r"\bmust have\b", r"\bon purpose\b"),
    ),
    "hearsay": ("听说", "据说", "有人说", "传言", r"\bapparently\b", r"\breportedly\b", r"\bwas told that\b"),
}
_FINDERS: Final = {kind: re.compile("|".join(words), re.IGNORECASE) for kind, words in _WORDS.items()}
_AROUND: Final = 12
MOST_HINTS: Final = 30


def find_hints(content: Content) -> tuple[Hint, ...]:
    """Return words that judge or guess where facts should stand; hints, nothing is barred by them."""
    hints = []
    for part in PARTS:
        text = getattr(content, part)
        hits = sorted(
            ((hit.start(), hit.end(), kind) for kind, finder in _FINDERS.items() for hit in finder.finditer(text))
        )
        for start, end, kind in hits:
            before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
            hints.append(Hint(part, kind, text[start:end], before.split("\n")[-1], after.split("\n")[0]))
    return tuple(hints[:MOST_HINTS])


_PIECE: Final = re.compile(r"[A-Za-z0-9]+|\s+|.")


def difference(theirs: str, ours: str) -> tuple[Change, ...]:
    """Return one text against the other, word by word (a Chinese letter is a word)."""
    left, right = _PIECE.findall(theirs.replace("\n", " ")), _PIECE.findall(ours.replace("\n", " "))
    found: list[Change] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Change("both", "".join(left[a:b])))
            continue
        if a < b:
            found.append(Change("theirs", "".join(left[a:b])))
        if c < d:
            found.append(Change("ours", "".join(right[c:d])))
    return tuple(found)


def differences(theirs: Content, ours: Content) -> dict[str, tuple[Change, ...]]:
    """Return by part where two drafts differ; parts that are the same are left out."""
    return {
        part: difference(getattr(theirs, part), getattr(ours, part))
        for part in PARTS
        if getattr(theirs, part) != getattr(ours, part)
    }


def body_of(content: Content, options: tuple[Option, ...], **about: Any) -> Body:
    """Return what is hashed; the labels of the chosen options go in as they are said today."""
    labels = {option.value: option.label for option in options}
    said = tuple(
        label if isinstance(label, dict) else {"zh-CN": str(label)}
        for value in content.options
        for label in [labels[value]]
    )
    return Body(content=content, options=said, **about)
