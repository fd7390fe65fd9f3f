"""A tenant's start page: what this person should do next."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from core.uow import Reader
from web.home import load_sections
from web.i18n import N_
from web.navigation import Entry, add_entry
from web.request import WebRequest
from web.screens import show
from web.security import requires

add_entry(Entry(id="home", label=N_("My work"), icon="house", path="", rank=0))


@get("/t/{slug:str}", guards=[requires()])
async def show_home(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    sections = await load_sections(reader)
    return await show(request, "pages/home/home.html", name=reader.actor.name, sections=sections)


routes = [show_home]
