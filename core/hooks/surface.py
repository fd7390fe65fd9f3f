"""Whether a plugin's pages, menu, rights and jobs fit together, and which of its routes an address means; pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core.hooks.records.pages import Route

Shape = tuple[str, tuple[str, ...]]


def _shape(route: Route) -> Shape:
    """Two routes of one shape could not be told apart."""
    return route.method, tuple("{}" if part.startswith("{") else part for part in route.path.split("/"))


def check_surface(records: Mapping[str, tuple[Any, ...]], implemented: Collection[str]) -> None:
    """Raise ValueError when what one plugin declares (by hook, ids prefixed) does not fit together.

    Args:
        records: the contributions to `permissions`, `routes`, `nav_items` and `jobs`; others are left alone.
        implemented: names of the hooks that the plugin implements.
    """
    routes = {route.id: route for route in records.get("routes", ())}
    permissions = {permission.id for permission in records.get("permissions", ())}
    taken: dict[Shape, str] = {}
    for route in routes.values():
        if route.permission not in permissions:
            raise ValueError(f"route {route.id} asks for {route.permission}, which the plugin does not declare")
        handler = "show_page" if route.method == "GET" else "act_on_page"
        if handler not in implemented:
            raise ValueError(f"route {route.id} is {route.method}, and the plugin has no {handler}")
        other = taken.setdefault(_shape(route), route.id)
        if other != route.id:
            raise ValueError(f"route {route.id} is the same address as {other}")
    for item in records.get("nav_items", ()):
        target = routes.get(item.route)
        if target is None or target.method != "GET" or "{" in target.path:
            raise ValueError(f"menu entry {item.id} does not lead to a GET route without names")
    if records.get("jobs") and "run_job" not in implemented:
        raise ValueError("the plugin declares jobs and has no run_job")


def find_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route that an address means and what its names stand for; plain words go before names."""
    asked = path.strip("/").split("/")
    found: list[tuple[tuple[bool, ...], Route, dict[str, str]]] = []
    for route in routes:
        parts = route.path.split("/")
        if route.method != method or len(parts) != len(asked):
            continue
        names: dict[str, str] = {}
        for part, word in zip(parts, asked, strict=True):
            if part.startswith("{") and word:
                names[part[1:-1]] = word
            elif part != word:
                break
        else:
            found.append((tuple(part.startswith("{") for part in parts), route, names))
    if not found:
        return None
    _, route, names = min(found, key=lambda one: one[0])
    return route, names
