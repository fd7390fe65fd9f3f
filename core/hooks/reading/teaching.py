"""Learns from labelled examples how much each pair of characters speaks for a label: naive Bayes, one against the rest."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from core.hooks.reading.opinion import STEPS, ZERO, grams
from core.hooks.reading.spelling import spell

NO_LABEL = "-"
_SMOOTHING = 0.5
_SEEN_IN = 2
"""Examples in which a pair must stand: what stands in one only is that one's own."""


def teach(examples: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return the file that `Opinion.parse` reads; the same examples give the same file, in whatever order they come.

    Args:
        examples: texts, each with its label of every group (a level, a category); `-` is no label.
    """
    groups: dict[int, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    seen: Counter[str] = Counter()
    for text, labels in examples:
        found = {gram for gram, _ in grams(spell(text))}
        seen.update(found)
        for group, label in enumerate(labels):
            if label != NO_LABEL:
                groups[group][label].update(found)
    known = sorted(gram for gram, times in seen.items() if times >= _SEEN_IN)
    columns = {
        label: _weigh(known, groups[group], label) for group in sorted(groups) for label in sorted(groups[group])
    }
    lines = (
        gram + "\t" + "".join(chr(ZERO + column[at]) for column in columns.values()) for at, gram in enumerate(known)
    )
    return "\t".join(columns) + "\n" + "".join(line + "\n" for line in lines)


def _weigh(known: Sequence[str], counts: dict[str, Counter[str]], label: str) -> list[int]:
    """Return the log odds of every pair, in tenths: how often it stands in texts of the label, and in the others."""
    here = counts[label]
    everywhere = sum(counts.values(), Counter())
    mine = sum(here[gram] for gram in known) + _SMOOTHING * len(known)
    others = sum(everywhere[gram] - here[gram] for gram in known) + _SMOOTHING * len(known)
    weights = []
    for gram in known:
        odds = (here[gram] + _SMOOTHING) / mine
        against = (everywhere[gram] - here[gram] + _SMOOTHING) / others
        weights.append(max(-STEPS, min(STEPS, round(10 * math.log(odds / against)))))
    return weights
