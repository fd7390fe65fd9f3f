"""Reads a text's words: one spelling, clauses, and whether something is said, denied, feared, told of others or announced."""

import re
from bisect import bisect_right
from functools import cached_property
from typing import Any, Literal

from core.hooks.reading.spelling import spell

Mood = Literal["said", "denied", "feared", "hearsay", "announced", "not_meant"]

LONGEST = 100_000
"""Characters that are read; a longer text is cut, so that no input can hold the server up."""
REACH = 80
SHORT_REACH = 40
"""How far, in characters, a word may colour another one."""

_CLAUSE_END = re.compile(r"[,，。！？!?;；、\n\r]|\.(?!\d)")
_PAUSE = re.compile(rf"{_CLAUSE_END.pattern}|(?<=[^\x00-\xff])\s+")
_SENTENCE_END = re.compile(r"[。！？!?;；\n\r]|\.(?!\d)")

_DENIED = re.compile(
    r"(?:(?<!有)(?<!还)(?<!暂时)(?<!是不是)没(?!有?人|办法|想到|料到|签字|经过|征得|等)有?|(?<!还)未(?!经)|并非|(?<!是)不是(?!说|只)|(?<!会)不会(?!说)|绝不|先不|不去|"
    r"不想|不要求|不需要|不打算|没打算|不准备|从不|不必|(?<!是)无(?!论|证|照|良|人|法)|别说|"
    r"\b(?:not|never|no|didn't|doesn't|isn't|wasn't|haven't|hasn't|won't|don't)\b)"
    r"(?P<between>[^,，。！？!?;；]{0,8})$"
)
# Between a denial and what it denies no new subject and no condition may stand: 没有给说法我就发抖音 denies nothing.
_NEW_THOUGHT = re.compile(
    r"我|就|给(?!你|贵|他)|解决|回复|处理|说法|办法|人|退|赔|道歉|回应|答复|否则|才|所以|导致|结果|抢救|救|告诉|通知|说|发现|"
    r"及时|到位|消毒|关好|拴|看好|问|注意|好好|\b(?:and|so|but|then)\b"
)
_FEARED = re.compile(
    r"(?:担心|害怕|怕|恐怕|万一|如果|要是|要真|真要|若是|倘若|假如|假设|会不会|可能会|以为|避免|防止|免得|以防|有风险|"
    r"\b(?:afraid|worried|might|could|if|in case|risk of|would have)\b)[^,，。！？!?;；了]{0,16}$|可能$"
)
_NEARLY = re.compile(r"(?:差点儿?|差一点|险些|几乎|快要?|就要|\b(?:almost|nearly)\b)[^,，。！？!?;；了]{0,4}$")
_ANNOUNCED = re.compile(
    r"(?P<firm>要(?!求|是说)|会(?!员)|将|准备|打算|否则|不然|再[不这拖敷推]|下次|如果|要是|不排除|还没|暂时没|明天|限你|"
    r"\b(?:will|going to|gonna|would|if|unless|about to|intend to|plan to)\b|'ll\b)[^。！？!?;；]{0,12}$"
    r"|(?:就(?!是|算)|只能|只好|必须|一定|马上|考虑|保留)[^。！？!?;；]{0,12}$"
)
_GIVEN_UP = re.compile(r"(?:差点儿?|差一点|本来|原本|一度)(?:就|都|也|是)?想(?:要|去)?[^,，。！？!?;；]{0,6}$")
_WOULD_BE = re.compile(
    r"(?:要不是|若不是|幸亏|多亏|要是|如果|要真|真要|若是|倘若)[^。！？!?;；]{0,30}早就?[^,，。！？!?;；我]{0,3}$"
)
_WOULD_HAVE = re.compile(r"(?:要是|如果|要真|真要)[^,，。！？!?;；]{0,24}(?:早就?|也就|都)[^,，。！？!?;；]{0,4}$")
_DONE = re.compile(
    r"(?:已经|已|昨天|昨晚|刚刚?|早就|前天|今天都|上周|\b(?:have|has|already|did)\b)[^。！？!?;；]{0,8}$"
)
_DONE_AFTER = re.compile(r"^[^,，。！？!?;；]{0,3}(?:了|过)")
# What happened to somebody else, elsewhere or before, unless the writer turns to his own after it.
_OTHERS = re.compile(
    r"(?:听说|据说|听闻|传闻|网上(?:都|有人|常)?(?:说|传)|(?<![到去送转换往给])(?:别家|别处|别的(?:医院|诊所|店|家)|其他(?:医院|诊所|店))|人家医院|(?:以前|从前|之前)养的|上一[只条个]|前一[只条个]|老家|邻居|隔壁|同事|朋友家?|亲戚|"
    r"别人家?|网友|有人|新闻里?|\b(?:heard|friend's|neighbou?r's|someone else's)\b)[^,，。！？!?;；]{0,24}$"
)
# His own, but elsewhere and before: only a turn to this place brings it back.
_ELSEWHERE = re.compile(
    r"(?:之前|以前|原来|先前|曾经|曾|上次|去年)在(?!你|贵|这|本)[^,，。！？!?;；你]{1,8}(?:医院|诊所|店|那里|那边)[^,，。！？!?;；]{0,24}$"
)
# A story from outside, told over several clauses of a sentence until the writer turns to this place.
_TOLD = re.compile(
    r"(?:新闻|报道|外地|(?:隔壁|另外?一家|别的|外面|楼下)(?:那)?[家间]?[^,，。！？!?;；你]{0,3}(?:医院|诊所|店))[^。！？!?;；]{0,50}$"
)
_HERE = re.compile(r"你们|贵院|你家|来你|给你|这里|转|送到")
_OWN = re.compile(r"我[家们的]|我养|你们|贵院|你家|来你|给我|这里|\b(?:my|our|your)\b|转|送到")
_ADVISED = re.compile(
    r"(?:邻居|朋友|同事|亲戚|家人|别人|有人|人家|大家|他们|她|他)[^,，。！？!?;；我]{0,6}(?:说|劝|建议|叫|让|喊|问)[^,，。！？!?;；]{0,12}$"
)


class Reading:
    """One complaint's words: `plain` is as long as the original, so that positions mean the same in both.

    `blank` are words that a vertical does not want to find others in: 宠物医院 names no animal.
    """

    def __init__(self, text: str, blank: re.Pattern[str] | None = None) -> None:
        self.spelled = self.plain = spell(text[:LONGEST])
        self.scans: dict[int, Any] = {}
        """What matchers found in it, by their `id`: each looks once."""
        if blank is not None:
            self.plain = blank.sub(lambda found: "□" * len(found.group()), self.plain)

    @cached_property
    def _clauses(self) -> list[int]:
        return [end.end() for end in _CLAUSE_END.finditer(self.plain)]

    @cached_property
    def _sentences(self) -> list[int]:
        return [end.end() for end in _SENTENCE_END.finditer(self.plain)]

    def sentence(self, position: int) -> str:
        """Return the sentence around a position, at most `REACH` characters to each side."""
        return self._around(self._sentences, position)

    def clause(self, position: int) -> str:
        """Return the clause around a position, at most `REACH` characters to each side."""
        return self._around(self._clauses, position)

    def clause_span(self, position: int) -> tuple[int, int]:
        """Return where the clause around a position begins and ends, at most `REACH` characters to each side."""
        return self._span(self._clauses, position)

    def passages(self, size: int, most: int = 2_000) -> list[tuple[int, int]]:
        """Return where clauses that follow each other and are together at most `size` characters long begin and end.

        A clause longer than `size` is a passage of its own. Of a text of more than `most` characters, those of its
        beginning and its end.
        """
        edges = sorted({0, *(pause.end() for pause in _PAUSE.finditer(self.plain)), len(self.plain)})
        head, tail = most // 2, len(self.plain) - most // 2
        found, last = [], 0
        for at, start in enumerate(edges[:-1]):
            last = max(last, at + 1)
            while last + 1 < len(edges) and edges[last + 1] - start <= size:
                last += 1
            if edges[last] <= head or start >= tail or head >= tail:
                found.append((start, edges[last]))
        return found

    def _around(self, ends: list[int], position: int) -> str:
        start, end = self._span(ends, position)
        return self.plain[start:end]

    def _span(self, ends: list[int], position: int) -> tuple[int, int]:
        place = bisect_right(ends, position)
        end = ends[place] - 1 if place < len(ends) else len(self.plain)
        return self._start(ends, position, REACH), min(end, position + REACH)

    @staticmethod
    def _start(starts: list[int], position: int, reach: int) -> int:
        place = bisect_right(starts, position)
        return max(starts[place - 1] if place else 0, position - reach)

    def _before(self, position: int) -> str:
        """Return what stands before a position in its clause, as far as a denial can reach."""
        return self.plain[self._start(self._clauses, position, SHORT_REACH) : position]

    def mood_of_fact(self, position: int) -> Mood:
        """Tell how something that happened is spoken of, by what stands before it in its clause."""
        before = self._before(position)
        if _is_denied(before):
            return "denied"
        elsewhere = _ELSEWHERE.search(before)
        sentence = self.plain[self._start(self._sentences, position, REACH) : position]
        if (elsewhere is not None and not _HERE.search(before, elsewhere.start())) or _is_told(sentence):
            return "hearsay"
        if _WOULD_BE.search(sentence) or _FEARED.search(before) or _NEARLY.search(before):
            return "feared"
        others = _OTHERS.search(before)
        if others is not None and not _OWN.search(before, others.start()):
            return "hearsay"
        return "said"

    def is_near_miss(self, position: int) -> bool:
        """Tell whether it nearly happened here: 差点死, 险些没命, almost died."""
        before = self._before(position)
        return _NEARLY.search(before) is not None and not _ELSEWHERE.search(before)

    def mood_of_act(self, start: int, end: int) -> Mood:
        """Tell how a customer's own act (a post, a report) is spoken of: done, announced, denied, or another's idea."""
        before = self._before(start)
        if _is_denied(before) or _GIVEN_UP.search(before) or _WOULD_HAVE.search(before):
            return "denied"
        sentence = self.plain[self._start(self._sentences, start, SHORT_REACH) : start]
        if _ADVISED.search(before) or _is_told(sentence):
            return "hearsay"
        announced = _ANNOUNCED.search(sentence)
        if announced is None or _DONE.search(sentence):
            return "said"
        # 就发了小红书 is done, 要发小红书了 is not yet.
        done = announced.group("firm") is None and _DONE_AFTER.search(self.plain[end : end + 8])
        return "said" if done else "announced"


def _is_told(before: str) -> bool:
    told = _TOLD.search(before)
    return told is not None and not _HERE.search(before, told.start())


def _is_denied(before: str) -> bool:
    denied = _DENIED.search(before)
    return denied is not None and not _NEW_THOUGHT.search(denied.group("between"))
