"""The sections of a case: areas register what they know about a complaint, for the desk's page or the customer's own."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import msgspec

from core.complaints.queries.cases import ComplaintDetail
from core.uow import Reader
from web.request import WebRequest

Place = Literal["main", "side", "status"]
"""`main` and `side` stand on the desk's page; `status` on the customer's page, whose code is the permission."""


class CaseSection(msgspec.Struct, frozen=True, kw_only=True):
    """One card. `load` returns what the template reads as `data`, or None to stay away; it is one query, not ten."""

    id: str
    template: str
    load: Callable[[Reader, ComplaintDetail], Awaitable[Any]]
    permission: str
    place: Place = "main"
    rank: int = 100
    present: Callable[[WebRequest, Any], Any] | None = None
    """Turns the data into what is shown, when that takes the request: signed addresses of files, say."""


class LoadedCaseSection(msgspec.Struct, frozen=True):
    """A section with its data."""

    id: str
    template: str
    place: Place
    data: Any


SECTIONS: Final[dict[str, CaseSection]] = {}


def add_case_section(section: CaseSection) -> None:
    """Register a section; route modules call it where they define their routes."""
    if section.id in SECTIONS and SECTIONS[section.id] != section:
        raise ValueError(f"two sections of a case are called {section.id}")
    SECTIONS[section.id] = section


async def load_case_sections(
    request: WebRequest, reader: Reader, case: ComplaintDetail, *, status: bool = False
) -> list[LoadedCaseSection]:
    """Return the sections of one of the two pages in order; at the desk those that this reader may see."""
    loaded = []
    for section in sorted(SECTIONS.values(), key=lambda section: (section.rank, section.id)):
        if (section.place == "status") != status or not (status or reader.actor.may(section.permission)):
            continue
        data = await section.load(reader, case)
        if data is not None:
            data = section.present(request, data) if section.present else data
            loaded.append(LoadedCaseSection(section.id, section.template, section.place, data))
    return loaded
