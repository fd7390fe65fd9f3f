"""Hooks about a vertical's own pages: rights, addresses, entries of the menu, and what answers them."""

from typing import Any

from core.hooks.context import DecideContext, DeclareContext, ReactContext
from core.hooks.kinds import act, decide_one, declare
from core.hooks.records.pages import NavItem, Outcome, Page, PageRequest, Permission, Route


@declare(merge="union", local_ids=("id",))
def permissions(ctx: DeclareContext[Any]) -> tuple[Permission, ...]:
    """Return the rights of this vertical's own; its routes ask for them."""
    raise NotImplementedError


@declare(merge="union", local_ids=("id", "permission"))
def routes(ctx: DeclareContext[Any]) -> tuple[Route, ...]:
    """Return the addresses of this vertical; core guards each by the gate and its permission."""
    raise NotImplementedError


@declare(merge="by rank, id", local_ids=("id", "route"))
def nav_items(ctx: DeclareContext[Any]) -> tuple[NavItem, ...]:
    """Return the entries of the side menu."""
    raise NotImplementedError


@decide_one(merge="the route's owner only", on_fault="refuse", budget=0.5)
async def show_page(ctx: DecideContext[Any], request: PageRequest) -> Page | None:
    """Answer a GET route of this plugin, reading through `ctx.reader`; None is 404."""
    raise NotImplementedError


@act(merge="the route's owner only", on_fault="refuse", budget=2.0)
async def act_on_page(ctx: ReactContext[Any], request: PageRequest) -> Outcome | None:
    """Answer a POST route of this plugin, writing its own tables through `ctx.session`; None is 404.

    The transaction was opened for this call and nothing else is in it, so any fault rolls back all of it.
    Never commit. What is to happen outside the plugin's own tables is an effect.
    """
    raise NotImplementedError
