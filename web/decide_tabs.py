"""The tabs above what waits for a decision; areas with something to decide register theirs."""

from typing import Final

import msgspec

from core.counts import Counter, get_counts
from core.uow import Reader
from web.i18n import gettext


class DecideTab(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing to decide; `label` is an English msgid, `path` lies below the tenant."""

    id: str
    label: str
    path: str
    permission: str
    count: Counter
    """How many wait."""
    rank: int = 100
    counted: bool = True
    """It waits for a decision: it counts in the side bar. A list that merely stands beside them does not."""


TABS: Final[dict[str, DecideTab]] = {}


def add_decide_tab(tab: DecideTab) -> None:
    """Register a tab; route modules call it where they define their routes."""
    if TABS.get(tab.id, tab) != tab:
        raise ValueError(f"two tabs of what is to decide are called {tab.id}")
    TABS[tab.id] = tab


async def decide_tabs(reader: Reader, root: str, current: str) -> list[tuple[object, ...]]:
    """Return the tabs that this reader may open, each with how many wait."""
    tabs = [tab for tab in TABS.values() if reader.actor.may(tab.permission)]
    tabs.sort(key=lambda tab: (tab.rank, tab.id))
    counts = await get_counts(reader, [tab.count for tab in tabs])
    return [
        (gettext(tab.label), root + tab.path, tab.id == current, count) for tab, count in zip(tabs, counts, strict=True)
    ]


def what_waits(reader: Reader) -> tuple[Counter, ...]:
    """Return what waits for this reader, for the side bar."""
    return tuple(tab.count for tab in TABS.values() if tab.counted and reader.actor.may(tab.permission))
