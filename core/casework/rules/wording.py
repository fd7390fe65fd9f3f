"""Looks over words before they go to a customer: is there understanding in them, and is anything better said differently?"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from core.hooks.records.casework import WordRule
from core.hooks.records.text import Text, both

TRAINING: Final = "宠物服务业投诉处理培训与发展"
OWN: Final = "own design"
FindingKind = Literal["no_empathy", "late_empathy", "avoid", "blame", "promise"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is better said differently: `text[start:end]`; both are 0 when something is missing."""

    kind: FindingKind
    words: str
    start: int
    end: int
    why: Text
    instead: Text
    source: str = ""


# 宠物服务业投诉处理培训与发展: 使用同理心的话语，如“我理解你的感受”、“这听起来很令人沮丧”; the others say the same.
_EMPATHY: Final = re.compile(
    r"理解|体谅|体会|感受|感同身受|抱歉|对不起|对不住|不好意思|道歉|致歉|歉意|心疼|沮丧|难过|揪心|担心|着急|委屈|"
    r"辛苦您|让您(?:久等|受累|费心)|换(?:作|做|成)是?我|"
    r"\b(?:sorry|apolog\w+|understand|upset(?:ting)?|frustrat\w+|regret|feel)\b",
    re.IGNORECASE,
)
_TAKEN_BACK: Final = re.compile(
    r"(?:不|没有?|无法|难以|无需|不必|不用|没必要|没有必要|拒绝|不会|别|don't|do not|cannot|can't|not)\s*(?:能|太|想|要|再|需要)?\s*$",
    re.IGNORECASE,
)
"""Before a word of understanding these make the opposite of it: 不理解, 没有必要道歉, 别着急."""

# Words that hold 不 and harm nobody. The longest at a place counts.
_HARMLESS: Final = (
    *("不好意思", "对不起", "对不住", "不客气", "差不多", "了不起", "忍不住", "来不及", "舍不得", "不得已", "不由得"),
    *("不过", "不少", "不久", "不但", "不仅", "不仅仅", "不管", "不论", "不妨", "不断", "不如", "不错", "不止"),
    *("不只", "不时", "不幸", "不日", "不定期", "不限", "不单", "不光", "不惜", "不遗余力", "不胜感激", "迫不及待"),
    *("不适", "不舒服", "不安", "不便", "不良", "不满", "不愉快", "不快", "不开心", "不佳", "不足", "不周", "不到位"),
    *("不当", "不及时", "不够", "不严", "不细致", "不完善", "不规范", "不透明", "不清晰", "不必担心", "不用担心"),
    *("不用客气", "不用谢", "不谢", "不再发生", "不再出现", "不会再", "再也不", "绝不让", "不让您", "不收取", "不另收"),
    *("不收费", "不会收取", "不需要您", "不用您", "不影响您", "毫不", "不一会儿", "不知不觉", "不可思议", "不容易"),
    *("不在少数", "不在话下", "不间断", "不遗漏", "不耽误", "不放过", "不推诿", "不回避", "不隐瞒", "不打扰", "不含"),
    *("不锈钢", "不吃", "不喝", "不排便", "不退烧", "不退热", "不愈合", "不明原因", "不明", "不孕"),
)


class _Harm(msgspec.Struct, frozen=True):
    pattern: re.Pattern[str]
    kind: FindingKind
    why: Text
    instead: Text
    source: str


def _harm(pattern: str, kind: FindingKind, why: Text, instead: Text, source: str) -> _Harm:
    return _Harm(re.compile(pattern), kind, why, instead, source)


_HARM: Final = (
    # The first that fits a place counts, so the longer stand before the shorter.
    _harm(
        r"不关我们?的?事|不归我们?管|不是我们?的(?:责任|问题|事)|与我们无关|跟我们没关系",
        "blame",
        both("听起来像推脱责任", "It sounds like passing the buck"),
        both("这件事由我来跟进，我会……", "I will see to this myself: …"),
        OWN,
    ),
    _harm(
        r"(?:这是|是|因为)?[您你]自己(?:的问题|的责任|没|不|造成)|[您你](?:误会|误解|搞错|弄错|想多)了?|[您你]必须|[您你]应该(?:早|自己|先)|"
        r"冷静一?点|别激动|不要激动|别闹|不要闹|无理取闹|我们?(?:就是|的)?规定就是",
        "blame",
        both("责备客户会让情绪升级", "It blames the customer, who grows angrier"),
        both("我理解您的感受，我想先弄清楚……", "I understand how you feel; I would like to find out …"),
        TRAINING,  # 用“我”来陈述
    ),
    _harm(
        r"不知道|不清楚|不了解|不太清楚|不太了解",
        "avoid",
        both("客户听到的是没有人负责", "The customer hears that nobody is responsible"),
        both("我马上为您核实，……前回复您", "I will find out and answer you by …"),
        TRAINING,
    ),
    _harm(
        r"不能|不可能|不可以|不行|不予|不允许|不给|没办法|没法|无法|做不到|办不到",
        "avoid",
        both("“不能”是拒绝，客户听不到能做什么", "A refusal; the customer does not hear what can be done"),
        both("我现在可以为您做的是……", "What I can do for you now is …"),
        TRAINING,
    ),
    _harm(
        r"错误|你错了|您错了",
        "avoid",
        both("“错误”一词会激化对立", "The word hardens the dispute"),
        both("有一处我们需要再核对", "There is something we need to look at again"),
        TRAINING,
    ),
    _harm(
        r"不",
        "avoid",
        both("否定词容易让客户觉得被拒绝", "A no sounds like being turned away"),
        both("用肯定的说法：我们可以……", "Say what is possible: we can …"),
        TRAINING,
    ),
    _harm(
        r"(?i)\b(?:can't|cannot|can not|won't|impossible|your fault|your mistake|wrong|calm down)\b",
        "avoid",
        both("拒绝或责备的话", "It refuses or blames"),
        both("我可以为您做的是……", "What I can do for you is …"),
        TRAINING,
    ),
)
# Our own mistake, owned up to, and asking whether there is one, are no harm.
_OWNED: Final = re.compile(
    r"(?:我们|我方|我院|本院|医院|自己)(?:\w{0,6}的)?错误|(?:纠正|改正|更正|避免)\w{0,6}错误|有没有\w{0,4}错误"
)
_ASKING: Final = re.compile(
    r"(\w)不\1\w?|能不能|可不可以|是不是|要不要|需不需要|愿不愿意|不能不|不能再让|会不会|不同(?!意)"
)
# Repeating what the customer said or feels: 您反映的……, 理解您不……, “……”, 「……」.
_THEIRS: Final = re.compile(
    r"“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"|"
    r"[您你](?:反映|提到|说|所说|描述|投诉|指出|告诉我们|遇到|感到|觉得|担心)[^，。！？；\n,.!?;]*|"
    r"(?:理解|体谅|体会|明白)(?:到)?[您你][^，。！？；\n,.!?;]*"
)
_SENTENCE_END: Final = re.compile(r"[。！？!?\n]|(?<=[a-z])\.\s")


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(text)]


def _harmless_spans(text: str) -> list[tuple[int, int]]:
    found = [*_spans(_OWNED, text), *_spans(_ASKING, text), *_spans(_THEIRS, text)]
    for word in _HARMLESS:
        at = text.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = text.find(word, at + 1)
    return found


def _inside(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first <= start and end <= last for first, last in spans)


def _harmful(text: str) -> Iterator[Finding]:
    safe = _harmless_spans(text)
    taken: list[tuple[int, int]] = []
    for harm in _HARM:
        for found in harm.pattern.finditer(text):
            start, end = found.span()
            if _inside(start, end, safe) or any(start < last and first < end for first, last in taken):
                continue
            taken.append((start, end))
            yield Finding(
                kind=harm.kind,
                words=found.group(),
                start=start,
                end=end,
                why=harm.why,
                instead=harm.instead,
                source=harm.source,
            )


_DENIED: Final = re.compile(r"(?:不能|不会|不敢|无法|没有人能|没办法|难以|从不|不可能|绝不|不)\s*$")


def _promised(text: str, rules: Sequence[WordRule]) -> Iterator[Finding]:
    for rule in rules:
        for word in rule.words:
            at = text.find(word)
            while at >= 0:
                if not _DENIED.search(text[max(0, at - 6) : at]):
                    yield Finding(
                        kind=rule.kind,
                        words=word,
                        start=at,
                        end=at + len(word),
                        why=rule.why,
                        instead=rule.instead,
                        source=rule.source,
                    )
                at = text.find(word, at + len(word))


def find_empathy(text: str) -> int | None:
    """Return where the first words of understanding stand that are not taken back, or None."""
    for found in _EMPATHY.finditer(text):
        if not _TAKEN_BACK.search(text[max(0, found.start() - 8) : found.start()]) or found.group() in {
            "不好意思",
            "对不起",
        }:
            return found.start()
    return None


def _empathy(text: str) -> Iterator[Finding]:
    at = find_empathy(text)
    example = both("能理解您现在又心疼又着急的心情。", "I understand how worried you are.")
    if at is None:
        yield Finding(
            kind="no_empathy",
            words="",
            start=0,
            end=0,
            why=both("没有表达理解：先共情，再解决", "No understanding is shown: first that, then the solution"),
            instead=example,
            source="宠物医院客户投诉应急预案 §1.3",
        )
        return
    # R01: 先共情……再解决问题. A greeting may come first, a solution may not.
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    if len(ends) >= 3 and at >= ends[2]:
        yield Finding(
            kind="late_empathy",
            words="",
            start=at,
            end=at,
            why=both("理解的话来得太晚：先共情，再解决", "Understanding comes late: first that, then the solution"),
            instead=both("把这句话放到最前面。", "Put this sentence first."),
            source="宠物医院客户投诉应急预案 §1.3",
        )


def check_wording(text: str, rules: Sequence[WordRule] = ()) -> tuple[Finding, ...]:
    """Return what is better said differently, in the order of the text; `rules` are the verticals' own words."""
    promised = tuple(_promised(text, rules))
    spans = [(one.start, one.end) for one in promised]
    harmful = (one for one in _harmful(text) if not any(one.start < last and first < one.end for first, last in spans))
    return (*_empathy(text), *sorted((*promised, *harmful), key=lambda one: (one.start, one.end)))
