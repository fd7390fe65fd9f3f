"""The side bar: areas register their entries, and each reader sees those that their role allows."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from core.counts import Counter, get_counts
from core.hooks.specs.pages import nav_items, routes
from core.uow import Reader
from web.i18n import N_, gettext, localized
from web.icons import known_icon
from web.page import NavGroup, NavItem

Badges = tuple[Counter, ...] | Callable[[Reader], tuple[Counter, ...]]
"""What counts beside a line; a function when it depends on who reads."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the side bar."""

    id: str
    label: str
    """An English msgid, marked with N_."""
    icon: str
    path: str
    """Below `/t/{slug}`; the start page is empty."""
    permission: str | None = None
    group: Literal["work", "manage"] = "work"
    rank: int = 100
    badges: Badges = ()
    """Their sum stands beside the line."""
    urgent: bool = False
    words: str = ""
    """Of a plugin: the label as the reader reads it."""


_GROUPS: Final = {"work": "", "manage": N_("Manage")}
ENTRIES: Final[dict[str, Entry]] = {}


def add_entry(entry: Entry) -> None:
    """Register a line; route modules call it where they define their routes."""
    if ENTRIES.get(entry.id, entry) != entry:
        raise ValueError(f"two navigation entries are called {entry.id}")
    ENTRIES[entry.id] = entry


async def build_navigation(reader: Reader, path: str) -> tuple[NavGroup, ...]:
    """Return the groups for this reader, with counts; `path` decides which line is the current one."""
    root = f"/t/{reader.scope.slug}"
    groups: dict[str, list[NavItem]] = {}
    entries = [one for one in ENTRIES.values() if one.permission is None or reader.actor.may(one.permission)]
    entries += _of_plugins(reader)
    counts = await _count(reader, entries)
    for entry in sorted(entries, key=lambda entry: (entry.rank, entry.id)):
        href = root + entry.path
        inside = path == href or (bool(entry.path) and path.startswith(href + "/"))
        item = NavItem(
            id=entry.id,
            label=entry.words or gettext(entry.label),
            href=href,
            icon=entry.icon,
            count=counts.get(entry.id, 0),
            current=inside,
            urgent=entry.urgent,
        )
        groups.setdefault(entry.group, []).append(item)
    return tuple(
        NavGroup(label=gettext(label) if label else "", items=tuple(groups[group]))
        for group, label in _GROUPS.items()
        if group in groups
    )


def _of_plugins(reader: Reader) -> list[Entry]:
    """Lines of the plugins that are on, for who may open the page; no plugin code runs here."""
    declared = reader.plugins.declared(nav_items)
    if not declared:
        return []
    targets = {one.value.id: one.value for one in reader.plugins.declared(routes)}
    lines = []
    for one in declared:
        route = targets[one.value.route]
        if reader.actor.may(route.permission):
            item = one.value
            lines.append(
                Entry(
                    id=item.id,
                    label="",
                    words=localized(item.label),
                    icon=known_icon(item.icon, "puzzle"),
                    path=f"/x/{one.plugin}/{route.path}".rstrip("/"),
                    permission=route.permission,
                    group=item.place,
                    rank=item.rank,
                )
            )
    return lines


async def _count(reader: Reader, entries: Sequence[Entry]) -> dict[str, int]:
    """Ask for the numbers of all lines in one statement."""
    wanted = [
        (entry.id, counter)
        for entry in entries
        for counter in (entry.badges(reader) if callable(entry.badges) else entry.badges)
    ]
    counts: dict[str, int] = {}
    for (name, _), found in zip(wanted, await get_counts(reader, [each for _, each in wanted]), strict=True):
        counts[name] = counts.get(name, 0) + found
    return counts
