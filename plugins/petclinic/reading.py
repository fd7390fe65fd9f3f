"""Reads a complaint's words: one spelling, clauses, and whether something is said, denied, feared or announced."""

import re
import unicodedata
from bisect import bisect_right
from typing import Literal

Mood = Literal["said", "denied", "feared", "announced"]

LONGEST = 5_000
"""Characters that are read; a longer text is cut, so that no input can hold the server up."""
REACH = 80
SHORT_REACH = 40
"""How far, in characters, a word may colour another one."""

# Traditional characters of the words we look for, each to one simplified character, so that positions stay.
_TRADITIONAL = str.maketrans(
    "術沒丟錯誤紅書評訴舉報農業監場養費預藥應償糾紛寵貓殺發帖網媒體記視檢過並還麼們給請錢價實結帳賬單變緩轉癥狀況嚴復闆爛鳥龜離",
    "术没丢错误红书评诉举报农业监场养费预药应偿纠纷宠猫杀发帖网媒体记视检过并还么们给请钱价实结账账单变缓转症状况严复板烂鸟龟离",
)
# Words that hold an animal's name without meaning an animal; blanked, so that they are nobody's subject.
_NO_ANIMAL = re.compile(
    r"(?:宠物|动物|猫|狗|犬)(?:医院|诊所|店|医生|用品|美容师)|[猫狗](?:粮|砂|包|绳|窝|牌|条|罐头|笼|厕所|抓板|链|证)|宠物(?:包|证|箱)|热狗"
)
_CLAUSE_END = re.compile(r"[,，。！？!?;；、\n\r]|\.(?!\d)")
_SENTENCE_END = re.compile(r"[。！？!?;；\n\r]|\.(?!\d)")

_DENIED = re.compile(
    r"(?:(?<!有)(?<!还)(?<!暂时)没(?!人|办法|想到|料到)有?|(?<!还)未(?!经)|(?<!是)不是(?!说)|(?<!会)不会(?!说)|绝不|"
    r"不想|不要求|不需要|不打算|没打算|不准备|从不|不必|(?<!是)无(?!论)|\b(?:not|never|no|didn't|doesn't|isn't|wasn't|haven't|hasn't|won't|don't)\b)"
    r"(?P<between>[^,，。！？!?;；]{0,8})$"
)
# Between a denial and what it denies no new subject and no condition may stand: 没有给说法我就发抖音 denies nothing.
_NEW_THOUGHT = re.compile(
    r"我|就|给|解决|回复|处理|说法|办法|人|退|赔|道歉|回应|答复|否则|才|所以|导致|结果|抢救|救|告诉|通知|说|\b(?:and|so|but|then)\b"
)
_FEARED = re.compile(
    r"(?:担心|害怕|怕|恐怕|万一|如果|要是|假如|假设|会不会|可能会|以为|避免|防止|免得|以防|有风险|"
    r"\b(?:afraid|worried|might|could|if|in case|risk of|would have)\b)[^,，。！？!?;；了]{0,10}$"
)
_NEARLY = re.compile(r"(?:差点儿?|差一点|险些|几乎|快要?|就要|\b(?:almost|nearly)\b)[^,，。！？!?;；了]{0,4}$")
_ANNOUNCED = re.compile(
    r"(?P<firm>要(?!求|是说)|会(?!员)|将|准备|打算|否则|不然|再[不这拖敷推]|下次|如果|要是|不排除|还没|暂时没|明天|限你|"
    r"\b(?:will|going to|gonna|would|if|unless|about to|intend to|plan to)\b|'ll\b)[^。！？!?;；]{0,12}$"
    r"|(?:就(?!是|算)|只能|只好|必须|一定|马上|考虑|保留)[^。！？!?;；]{0,12}$"
)
_DONE = re.compile(
    r"(?:已经|已|昨天|昨晚|刚刚?|早就|前天|今天都|上周|\b(?:have|has|already|did)\b)[^。！？!?;；]{0,8}$"
)
_DONE_AFTER = re.compile(r"^[^,，。！？!?;；]{0,3}(?:了|过)")


class Reading:
    """One complaint's words: `plain` is as long as the original, so that positions mean the same in both."""

    def __init__(self, text: str) -> None:
        spelled = "".join(_one(char) for char in text[:LONGEST]).translate(_TRADITIONAL)
        self.plain = _NO_ANIMAL.sub(lambda found: "□" * len(found.group()), spelled)
        self._clauses = [end.end() for end in _CLAUSE_END.finditer(self.plain)]
        self._sentences = [end.end() for end in _SENTENCE_END.finditer(self.plain)]

    def sentence(self, position: int) -> str:
        """Return the sentence around a position, at most `REACH` characters to each side."""
        return self.plain[self._start(self._sentences, position, REACH) : self._sentence_end(position)]

    def _sentence_end(self, position: int) -> int:
        place = bisect_right(self._sentences, position)
        end = self._sentences[place] - 1 if place < len(self._sentences) else len(self.plain)
        return min(end, position + REACH)

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
        return "feared" if _FEARED.search(before) or _NEARLY.search(before) else "said"

    def is_near_miss(self, position: int) -> bool:
        """Tell whether it nearly happened: 差点死, 险些没命, almost died."""
        return _NEARLY.search(self._before(position)) is not None

    def mood_of_act(self, start: int, end: int) -> Mood:
        """Tell how a customer's own act (a post, a report) is spoken of: done, announced or denied."""
        if _is_denied(self._before(start)):
            return "denied"
        before = self.plain[self._start(self._sentences, start, SHORT_REACH) : start]
        announced = _ANNOUNCED.search(before)
        if announced is None or _DONE.search(before):
            return "said"
        # 就发了小红书 is done, 要发小红书了 is not yet.
        done = announced.group("firm") is None and _DONE_AFTER.search(self.plain[end : end + 8])
        return "said" if done else "announced"


def _is_denied(before: str) -> bool:
    denied = _DENIED.search(before)
    return denied is not None and not _NEW_THOUGHT.search(denied.group("between"))


def _one(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char).lower()
    return plain if len(plain) == 1 else char
