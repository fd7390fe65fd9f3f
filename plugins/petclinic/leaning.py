"""The second opinion on a complaint: what labelled examples of a clinic lean to where the rules are silent or in doubt."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plugins.api import Hit, Opinion, Overrun, Reading, Reason, both
from plugins.petclinic.grave import PLAN

# Made by `anxin complaint teach` from labelled texts, see docs/guides/assessment.md.
_OPINION = Opinion.parse(Path(__file__).with_name("opinion.txt").read_text("utf-8"))
_LEVELS = ("L1", "L2", "L3")

PASSAGE = 40
"""So many characters make a passage: one grave half-sentence is not outvoted by a long story of slight matters."""
WHOLE, LEAST = 0.35, -40.0
"""The share of the whole text's odds beside those of its worst passage, and how far down they count."""

# Natural logarithms of odds, chosen on texts that the opinion was not taught with.
GRAVE_UNREAD, GRAVE_BESIDE_HARM = 6.0, 12.0
"""So much graver than any other level a text must read: when no rule found harm, and when one found level 2."""
SERIOUS_UNREAD = 6.0
"""So much more harmful than slight it must read when no rule found anything."""
SHORTEST = 12
"""So many characters must be left to judge; less is left to the rules."""
CLEAR = 3.0
"""So far the best category must stand out from the average before it is suggested on this opinion alone."""
WELL = 9.0
"""So much graver or more harmful a text must read that says itself that all is well with the animal."""

_ALL_WELL = re.compile(
    r"(?:没|没有|没啥|没什么|无)(?:大|啥|什么|任何)?(?:事(?!先|前)|大碍|毛病|反应|问题|受伤|不适)|好着呢|好好的呢|(?:长|恢复|治|做)得?(?:都|也|很|挺|特别|真){1,2}(?:好|不错|成功|顺利)|"
    r"(?:手术|治疗)(?:都|也|很|挺|特别){1,2}(?:好|成功|顺利)|(?:结果|指标|报告)(?:都|全|也)?(?:是)?正常|平安|未见(?:任何|明显)?(?:不良|异常)|(?:精神|食欲)[^,，。]{0,4}(?:正常|很好|挺好)|这份情|锦旗|(?:已经|早就|全)好(?:多)?了|吃得好|(?:病|猫|狗|它|眼睛|耳朵)(?:也|都)?(?:治)?好了|健健康康|活蹦乱跳的?(?:$|[。，,！])|在家[^,，。]{0,6}(?:走了|离世)|安详|寿终"
)

READS_GRAVE = Reason(
    code="reads_like_grave_cases",
    severity="L3",
    text=both("措辞与重大投诉高度相似，请立即核看", "It reads like grave complaints: look at it at once"),
    source=f"{PLAN} §3.3, own reading",
)


NEEDS_LOOK = Reason(
    code="needs_a_human_look",
    severity="L2",
    text=both(
        "措辞像有损害后果，但规则无法判断，需人工核看", "It reads like harm that no rule could tell: needs a human look"
    ),
    source=f"{PLAN} §3.2, own reading",
)


@dataclass(frozen=True)
class Leaning:
    """How one text leans, without the clauses in which something is denied, feared or told of others."""

    reading: Reading
    without: tuple[tuple[int, int], ...]

    @cached_property
    def odds(self) -> dict[str, float]:
        """The log odds of every level on the whole text."""
        levels = _OPINION.odds(self.reading.spelled, self.without) if self.without else self.topics
        return {level: levels[level] for level in _LEVELS}

    @cached_property
    def topics(self) -> dict[str, float]:
        """The log odds of every label on the whole text: also what is denied tells what it is about."""
        return _OPINION.odds(self.reading.spelled)

    @cached_property
    def _passages(self) -> list[dict[str, float]]:
        spans = self.reading.passages(PASSAGE)
        return _OPINION.passages(self.reading.spelled, spans, _LEVELS, self.without)

    @property
    def grave(self) -> float:
        """How much more it reads like level 3 than like any other."""
        return self._worst(_grave)

    @property
    def harmful(self) -> float:
        """How much more it reads like harm than like a slight matter."""
        return self._worst(_harmful)

    def _worst(self, measure: Callable[[dict[str, float]], float]) -> float:
        if not self.enough:
            return 0.0
        worst = max(map(measure, self._passages), default=0.0)
        return worst + WHOLE * max(measure(self.odds), LEAST) - self._well

    @property
    def enough(self) -> bool:
        """Whether there is enough left to have an opinion on."""
        return len(self.reading.spelled) - sum(end - start for start, end in self.without) >= SHORTEST

    @cached_property
    def _well(self) -> float:
        return WELL if _ALL_WELL.search(self.reading.plain) else 0.0

    def telling(self, label: str) -> list[tuple[int, int]]:
        """Return the places of the words it stands on."""
        return _OPINION.telling(self.reading.spelled, label, without=self.without if label in _LEVELS else ())


def _grave(odds: dict[str, float]) -> float:
    return odds["L3"] - max(odds["L1"], odds["L2"])


def _harmful(odds: dict[str, float]) -> float:
    return max(odds["L2"], odds["L3"]) - odds["L1"]


def unsaid(reading: Reading, hits: Iterable[Hit], overruns: Iterable[Overrun]) -> tuple[tuple[int, int], ...]:
    """Return the clauses that rules have read: an opinion on pairs of characters sees no denial and reckons no sums."""
    places = [hit.act for hit in hits if hit.mood != "said"]
    places += [overrun.start for overrun in overruns]
    return tuple({reading.clause_span(place) for place in places})


def categories(leaning: Leaning) -> dict[str, float]:
    """Return the log odds of every category."""
    return {label: odds for label, odds in leaning.topics.items() if label not in _LEVELS}


def stands_out(leans: dict[str, float]) -> bool:
    """Tell whether one category is so far ahead that it may be suggested without a word that a rule knows."""
    return max(leans.values()) - sum(leans.values()) / len(leans) > CLEAR
