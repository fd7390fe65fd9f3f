"""The customer page's sections: areas register what they know about a customer, and each reader sees those they may."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import msgspec

from core.customers.queries import CustomerRecord
from core.uow import Reader
from web.request import WebRequest

Place = Literal["main", "side"]


class CustomerSection(msgspec.Struct, frozen=True, kw_only=True):
    """One card. `load` returns what the template reads as `data`, or None to stay away; it is one query, not ten."""

    id: str
    template: str
    load: Callable[[Reader, CustomerRecord], Awaitable[Any]]
    permission: str
    place: Place = "main"
    rank: int = 100
    present: Callable[[WebRequest, Any], Any] | None = None
    """Turns the data into what is shown, when that takes the request: signed addresses of files, say."""


class LoadedSection(msgspec.Struct, frozen=True):
    """A section with its data."""

    id: str
    template: str
    place: Place
    data: Any


SECTIONS: Final[dict[str, CustomerSection]] = {}


def add_customer_section(section: CustomerSection) -> None:
    """Register a section; route modules call it where they define their routes."""
    if section.id in SECTIONS and SECTIONS[section.id] != section:
        raise ValueError(f"two sections of the customer page are called {section.id}")
    SECTIONS[section.id] = section


async def load_customer_sections(request: WebRequest, reader: Reader, record: CustomerRecord) -> list[LoadedSection]:
    """Return this reader's sections in order."""
    loaded = []
    for section in sorted(SECTIONS.values(), key=lambda section: (section.rank, section.id)):
        if reader.actor.may(section.permission):
            data = await section.load(reader, record)
            if data is not None:
                data = section.present(request, data) if section.present else data
                loaded.append(LoadedSection(section.id, section.template, section.place, data))
    return loaded
