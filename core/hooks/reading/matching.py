"""Looks for a vertical's signals in a reading, and weighs what a text is mostly about."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from core.hooks.reading.scanning import Scanner
from core.hooks.reading.words import Mood, Reading
from core.hooks.records.complaints import Severity
from core.hooks.records.text import Text

Kind = Literal["fact", "act", "certain"]
"""fact: something that happened, unless denied, feared or told of others. act: something the customer did or announces
(a post, a report). certain: the words leave no doubt, whatever stands before them."""

MOST_MATCHES = 200
"""Of one pattern in one text: beyond it nothing new is learnt."""


@dataclass(frozen=True)
class Signal:
    """What makes a complaint at least so grave; a group `act` in a pattern marks the word that may be denied."""

    code: str
    severity: Severity
    reason: Text
    source: str
    patterns: tuple[re.Pattern[str], ...]
    kind: Kind = "fact"
    within: re.Pattern[str] | None = None
    """Must stand somewhere in the text."""
    beside: re.Pattern[str] | None = None
    """Must stand in the sentence."""
    unless: re.Pattern[str] | None = None
    """Must not stand in the clause."""
    unless_sentence: re.Pattern[str] | None = None
    """Must not stand in the sentence."""


@dataclass(frozen=True)
class Hit:
    """A signal found, and how it is spoken of; also what is denied is a hit, for the caller to judge."""

    signal: Signal
    start: int
    end: int
    mood: Mood
    act: int
    """Where the word begins that the mood is about."""


@dataclass(frozen=True)
class Topic:
    """Words that speak for a category, with the weight of each occurrence that is not denied."""

    category: str
    weight: int
    pattern: re.Pattern[str]
    most: int = 1
    """How many occurrences count."""


@dataclass(frozen=True)
class Suggestion:
    """A category and the words it stands on."""

    category: str
    spans: tuple[tuple[int, int], ...]
    weight: float


def compile_words(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """Compile patterns; let each begin with plain letters where it can, for then most of a text is skipped fast."""
    return tuple(re.compile(pattern) for pattern in patterns)


# 费用很合理，就是等太久: what follows is the point.
_POINT = re.compile(r"(?:就是|只是|但是?|不过|可是|可惜|主要是?|然而|唯一|\bbut\b)")
_POINT_REACH = 14


class Matcher:
    """A vertical's signals and topics, prepared once; looks for all of them in one pass over a text."""

    def __init__(self, signals: Iterable[Signal], topics: Iterable[Topic] = ()) -> None:
        pairs = [(signal, pattern) for signal in signals for pattern in signal.patterns]
        self._signals = [signal for signal, _ in pairs]
        self._topics = tuple(topics)
        self._order = {category: at for at, category in enumerate(dict.fromkeys(t.category for t in self._topics))}
        self._scanner = Scanner([*(pattern for _, pattern in pairs), *(topic.pattern for topic in self._topics)])

    def _scan(self, reading: Reading) -> dict[int, list[re.Match[str]]]:
        if id(self) not in reading.scans:
            reading.scans[id(self)] = self._scanner.scan(reading.plain, MOST_MATCHES)
        found: dict[int, list[re.Match[str]]] = reading.scans[id(self)]
        return found

    def find_hits(self, reading: Reading) -> Iterator[Hit]:
        """Yield every place where a signal stands, signal by signal, also what is denied or not meant."""
        known: dict[int, bool] = {}
        found = self._scan(reading)
        for number in sorted(number for number in found if number < len(self._signals)):
            signal = self._signals[number]
            within = signal.within
            if within is not None and id(within) not in known:
                known[id(within)] = within.search(reading.plain) is not None
            if within is not None and not known[id(within)]:
                continue
            for match in found[number]:
                yield _hit(reading, signal, match)

    def suggest(self, reading: Reading, given: Mapping[str, float] | None = None) -> Suggestion | None:
        """Return the category that most of the words speak for; on a tie the one that comes first among the topics.

        Args:
            reading: the text.
            given: weights that the caller knows of already, such as those of the signals found or of an opinion.
        """
        weights: dict[str, float] = dict(given or {})
        spans: dict[str, list[tuple[int, int]]] = {}
        found = self._scan(reading)
        for number in sorted(number for number in found if number >= len(self._signals)):
            topic = self._topics[number - len(self._signals)]
            counted = 0
            for match in found[number]:
                if counted >= topic.most:
                    break
                if reading.mood_of_fact(match.start()) == "denied":
                    continue
                counted += 1
                before = reading.plain[max(0, match.start() - _POINT_REACH) : match.start()]
                weight = topic.weight + (1 if _POINT.search(before) else 0)
                weights[topic.category] = weights.get(topic.category, 0) + weight
                spans.setdefault(topic.category, []).append(match.span())
        if not weights:
            return None
        best = min(weights, key=lambda one: (-weights[one], self._order.get(one, len(self._order))))
        return Suggestion(best, tuple(spans.get(best, ())), weights[best])


def _hit(reading: Reading, signal: Signal, match: re.Match[str]) -> Hit:
    start, end = match.span("act") if "act" in match.re.groupindex else match.span()
    if start < 0:  # this branch of the pattern marks no word
        start, end = match.span()
    mood: Mood = "said"
    if not _is_meant(reading, signal, start):
        mood = "not_meant"
    elif signal.kind == "act":
        mood = reading.mood_of_act(start, end)
    elif signal.kind == "fact":
        mood = reading.mood_of_fact(start)
    return Hit(signal, match.start(), match.end(), mood, start)


def _is_meant(reading: Reading, signal: Signal, start: int) -> bool:
    """Tell whether the surroundings let the words mean what the signal looks for."""
    if signal.unless is not None and signal.unless.search(reading.clause(start)):
        return False
    if signal.unless_sentence is not None and signal.unless_sentence.search(reading.sentence(start)):
        return False
    return signal.beside is None or signal.beside.search(reading.sentence(start)) is not None
