"""The side bar: areas register their entries, and each reader sees those that their role allows."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec

from core.uow import Reader
from web.i18n import N_, gettext
from web.page import NavGroup, NavItem

Badge = Callable[[Reader], Awaitable[int]]


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
    badge: Badge | None = None
    urgent: bool = False


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
    for entry in sorted(ENTRIES.values(), key=lambda entry: (entry.rank, entry.id)):
        if entry.permission is not None and not reader.actor.may(entry.permission):
            continue
        href = root + entry.path
        inside = path == href or (bool(entry.path) and path.startswith(href + "/"))
        count = await entry.badge(reader) if entry.badge else 0
        item = NavItem(
            id=entry.id,
            label=gettext(entry.label),
            href=href,
            icon=entry.icon,
            count=count,
            current=inside,
            urgent=entry.urgent,
        )
        groups.setdefault(entry.group, []).append(item)
    return tuple(
        NavGroup(label=gettext(label) if label else "", items=tuple(groups[group]))
        for group, label in _GROUPS.items()
        if group in groups
    )
