"""The search box: a page for everybody, and JSON for the palette."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from core.uow import Reader
from web.request import WebRequest
from web.screens import show
from web.search import search_all
from web.security import requires

MAX_LENGTH = 80


@get("/t/{slug:str}/search", guards=[requires()])
async def show_search(request: WebRequest, reader: NamedDependency[Reader], q: FromQuery[str] = "") -> Response[Any]:
    groups = await search_all(reader, q[:MAX_LENGTH])
    return await show(request, "pages/search/search.html", q=q[:MAX_LENGTH], groups=groups)


@get("/t/{slug:str}/search.json", guards=[requires()])
async def show_search_json(reader: NamedDependency[Reader], q: FromQuery[str] = "") -> Response[Any]:
    groups = await search_all(reader, q[:MAX_LENGTH])
    return Response({"groups": groups}, media_type="application/json")


routes = [show_search, show_search_json]
