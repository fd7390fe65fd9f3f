"""Kinds of events that a vertical adds to those that a tenant's webhooks can tell of."""

import msgspec

from core.hooks.records.text import Text


class EventKind(msgspec.Struct, frozen=True):
    """One kind of event, with its name in both languages."""

    code: str
    """Local id, e.g. `shipped`: what the plugin's `RecordEvent` names as its kind."""
    title: Text
