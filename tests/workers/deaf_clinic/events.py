"""Writes first and fails then: what it wrote must be gone."""

from typing import Any

from sqlalchemy import text

from plugins.api import Event, ReactContext, hookimpl


@hookimpl
async def on_event(ctx: ReactContext[Any], event: Event) -> None:
    await ctx.session.execute(text("UPDATE branch SET name = 'written by the deaf plugin'"))
    raise ValueError(f"cannot hear {event.number}")
