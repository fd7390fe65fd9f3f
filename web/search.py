"""What the search box finds: areas register sources, and each reader searches those that their role allows."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from core.uow import Reader
from web.i18n import gettext
from web.navigation import ENTRIES

PER_SOURCE: Final = 6


class Hit(msgspec.Struct, frozen=True):
    """One line: `href` is below `/t/{slug}`."""

    label: str
    href: str
    detail: str = ""
    kind: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look. `find` gets the reader, the text as typed and how many hits are wanted."""

    id: str
    label: str
    """An English msgid, marked with N_."""
    permission: str
    find: Callable[[Reader, str, int], Awaitable[Sequence[Hit]]]
    rank: int = 100


class Group(msgspec.Struct, frozen=True):
    """Hits of one source, as the palette reads them."""

    label: str
    items: list[Hit]


SOURCES: Final[dict[str, Source]] = {}


def add_search(source: Source) -> None:
    """Register a source; route modules call it where they define their routes."""
    if source.id in SOURCES and SOURCES[source.id] != source:
        raise ValueError(f"two search sources are called {source.id}")
    SOURCES[source.id] = source


async def search_all(reader: Reader, text: str) -> list[Group]:
    """Return what the reader may see, pages first; an empty text finds pages only."""
    root = f"/t/{reader.scope.slug}"
    wanted = text.strip().casefold()
    groups = []
    pages = [
        Hit(label, root + entry.path, kind="page")
        for entry in sorted(ENTRIES.values(), key=lambda entry: entry.rank)
        if (entry.permission is None or reader.actor.may(entry.permission))
        and wanted in (label := gettext(entry.label)).casefold()
    ]
    if pages:
        groups.append(Group(gettext("Pages"), pages))
    if wanted:
        for source in sorted(SOURCES.values(), key=lambda source: (source.rank, source.id)):
            if reader.actor.may(source.permission):
                hits = await source.find(reader, text.strip(), PER_SOURCE)
                if hits:
                    items = [msgspec.structs.replace(hit, href=root + hit.href) for hit in hits]
                    groups.append(Group(gettext(source.label), items))
    return groups
