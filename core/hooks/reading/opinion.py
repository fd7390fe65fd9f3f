"""Asks labelled examples for a second opinion: for which label the pairs of characters of a text speak, and which of them."""

import heapq
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

ZERO = 79
"""The character code that stands for no weight in a file; one step up or down is a tenth of a natural logarithm."""
STEPS = 46
MOST_READ = 2_000
"""Characters of a long text that count, half from its beginning and half from its end: the rest is left to rules."""

Span = tuple[int, int]
_DIGITS = str.maketrans("123456789", "000000000")


_UNIT = re.compile(r"[a-z']+|\S")


def grams(spelled: str) -> Iterator[tuple[str, int]]:
    """Yield units (a character, or a word in Latin letters) and pairs of them, each with its place; digits are alike."""
    before, end = "", 0
    for found in _UNIT.finditer(spelled.translate(_DIGITS)):
        unit = found.group()
        yield unit, found.start()
        if before:
            yield (
                before + spelled[end : found.start()][:1].replace("\n", " ").replace("\t", " ") + unit,
                end - len(before),
            )
        before, end = unit, found.end()


class Opinion:
    """What examples taught: how much each pair of characters speaks for each label; made by `teaching.teach`."""

    def __init__(self, labels: Sequence[str], weights: Mapping[str, Sequence[int]]) -> None:
        self.labels = tuple(labels)
        self._weights = weights
        self._column = {label: at for at, label in enumerate(labels)}

    @classmethod
    def parse(cls, file: str) -> "Opinion":
        """Read what `teach` wrote: a line of labels, then a pair and a character for each label a line."""
        head, *lines = file.splitlines()
        pairs = (line.split("\t") for line in lines)
        return cls(head.split("\t"), {gram: tuple(ord(char) - ZERO for char in codes) for gram, codes in pairs})

    def _known(self, spelled: str, without: Iterable[Span]) -> dict[str, int]:
        """Return each known pair of the text with its first place, outside of the spans to leave out."""
        cut = sorted(without)
        places = range(len(spelled))
        if len(spelled) > MOST_READ:
            places = range(MOST_READ // 2)
            tail = len(spelled) - MOST_READ // 2
            found = self._known(spelled[tail:], [(start - tail, end - tail) for start, end in cut])
            return {gram: at + tail for gram, at in found.items()} | self._known(spelled[: places.stop], cut)
        found = {}
        for gram, at in grams(spelled):
            if gram in self._weights and gram not in found and not any(start <= at < end for start, end in cut):
                found[gram] = at
        return found

    def odds(self, spelled: str, without: Iterable[Span] = ()) -> dict[str, float]:
        """Return for each label the log odds of all pairs that stand in the text outside of the spans to leave out."""
        sums = [0] * len(self.labels)
        for gram in self._known(spelled, without):
            for at, weight in enumerate(self._weights[gram]):
                sums[at] += weight
        return {label: sums[at] / 10 for at, label in enumerate(self.labels)}

    def passages(
        self, spelled: str, spans: Sequence[Span], labels: Sequence[str], without: Iterable[Span] = ()
    ) -> list[dict[str, float]]:
        """Return the log odds of some labels for every passage; a pair counts as often as it stands in it.

        Args:
            spelled: the text, of which at most `MOST_READ` characters should lie in the passages.
            spans: where the passages begin and end; they may overlap.
            labels: the labels asked about.
            without: the spans to leave out.
        """
        cut = sorted(without)
        columns = [self._column[label] for label in labels]
        known = sorted(
            (first + at, self._weights[gram])
            for first, last in _joined(spans)
            for gram, at in grams(spelled[first:last])
            if gram in self._weights and not any(start <= first + at < end for start, end in cut)
        )
        places = [place for place, _ in known]
        sums = [list(accumulate((weights[column] for _, weights in known), initial=0)) for column in columns]
        return [
            {label: (sums[at][stop] - sums[at][begin]) / 10 for at, label in enumerate(labels)}
            for begin, stop in ((bisect_left(places, start), bisect_left(places, end)) for start, end in spans)
        ]

    def telling(self, spelled: str, label: str, most: int = 3, without: Iterable[Span] = ()) -> list[Span]:
        """Return the places of the pairs that speak most for a label, neighbours joined."""
        column = self._column[label]
        known = self._known(spelled, without)
        best = heapq.nlargest(most * 2, ((self._weights[gram][column], -at, len(gram)) for gram, at in known.items()))
        spans: list[Span] = []
        for start, end in sorted((-at, size - at) for weight, at, size in best if weight > 0):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        return spans[:most]


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return the same places without overlaps, in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
