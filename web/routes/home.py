"""The landing page, a tenant's start page, and the switches for language and theme."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from core.uow import Reader
from web.i18n import N_
from web.navigation import Entry, add_entry
from web.request import WebRequest
from web.screens import show
from web.security import requires

add_entry(Entry(id="home", label=N_("My work"), icon="house", path="", rank=0))


@get("/t/{slug:str}", guards=[requires()])
async def show_home(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await show(request, "pages/home/home.html", name=reader.actor.name)


routes = [show_home]
