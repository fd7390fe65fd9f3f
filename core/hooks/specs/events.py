"""Hooks that hear what happened, after commit, in a worker."""

from typing import Any

from core.hooks.context import ReactContext
from core.hooks.kinds import react
from core.hooks.records.events import Event


@react(budget=30.0)
async def on_event(ctx: ReactContext[Any], event: Event) -> None:
    """Do this vertical's own work about an event, in its own tables through `ctx.session`.

    Delivered at least once and perhaps out of order: make the work idempotent by `event.event_id`. After a
    fault the transaction is rolled back, the event comes again, and after five tries it is a dead letter.
    """
    raise NotImplementedError
