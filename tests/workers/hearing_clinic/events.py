"""Keeps the id of each event in the branch's telephone, so that hearing twice shows."""

from typing import Any

from sqlalchemy import text

from plugins.api import Event, ReactContext, hookimpl


@hookimpl
async def on_event(ctx: ReactContext[Any], event: Event) -> None:
    heard = {"heard": f"{event.event_id} "}
    await ctx.session.execute(text("UPDATE branch SET emergency_phone = emergency_phone || :heard"), heard)
