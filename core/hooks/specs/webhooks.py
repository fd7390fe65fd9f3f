"""Hooks about outgoing webhooks: the kinds of events that a vertical adds."""

from typing import Any

from core.hooks.context import DeclareContext
from core.hooks.kinds import declare
from core.hooks.records.webhooks import EventKind


@declare(merge="union", local_ids=("code",), key="code")
def event_kinds(ctx: DeclareContext[Any]) -> tuple[EventKind, ...]:
    """Return the kinds of events that a tenant's webhooks may choose, e.g. that a parcel was shipped.

    What is sent carries ids and facts, never names, phones or words of people: the receiver asks the API for those.
    """
    raise NotImplementedError
