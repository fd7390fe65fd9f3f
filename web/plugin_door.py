"""The one guard of plugins' own pages: signed in, the plugin is on, the address is one of its routes, the right is held."""

from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from core.errors import Forbidden, NotFound
from core.hooks.records.pages import Route
from core.hooks.specs.pages import routes
from core.hooks.surface import find_route
from web.request import WebRequest
from web.security import SAFE_METHODS, Access

_FOUND = "anxin_plugin_route"


class PluginDoor(Access, frozen=True):
    """404 when the plugin is off or has no such page, 403 when the right is missing; nothing of the plugin runs before."""

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Open the visit, find the route, ask for its right."""
        await super().__call__(connection, handler)
        request = cast("WebRequest", connection)
        plugin, visit = str(request.path_params["plugin"]), request.visit
        if not visit.plugins.is_on(plugin):
            raise NotFound
        own = [one.value for one in visit.plugins.declared(routes) if one.plugin == plugin]
        method = "GET" if request.method in SAFE_METHODS else "POST"
        found = find_route(own, method, str(request.path_params.get("rest", "")))
        if found is None:
            raise NotFound
        if not visit.scope.actor.may(found[0].permission):
            raise Forbidden(permission=found[0].permission)
        request.scope["state"][_FOUND] = found


def found_route(request: WebRequest) -> tuple[Route, dict[str, str]]:
    """Return the route that the guard found, and what its names stand for."""
    return cast("tuple[Route, dict[str, str]]", request.scope["state"][_FOUND])


AT_PLUGIN = PluginDoor("staff")
