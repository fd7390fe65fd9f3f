"""The start page's sections: areas register what a person should do next, and each reader sees their own."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from core.uow import Reader


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One card. `load` returns what the template reads as `data`, or None to stay away; it is one query, not ten."""

    id: str
    template: str
    load: Callable[[Reader], Awaitable[Any]]
    permission: str | None = None
    rank: int = 100


class Loaded(msgspec.Struct, frozen=True):
    """A section with its data."""

    id: str
    template: str
    data: Any


SECTIONS: Final[dict[str, Section]] = {}


def add_section(section: Section) -> None:
    """Register a section; route modules call it where they define their routes."""
    if section.id in SECTIONS and SECTIONS[section.id] != section:
        raise ValueError(f"two sections are called {section.id}")
    SECTIONS[section.id] = section


async def load_sections(reader: Reader) -> list[Loaded]:
    """Return this reader's sections in order."""
    loaded = []
    for section in sorted(SECTIONS.values(), key=lambda section: (section.rank, section.id)):
        if section.permission is None or reader.actor.may(section.permission):
            data = await section.load(reader)
            if data is not None:
                loaded.append(Loaded(section.id, section.template, data))
    return loaded
