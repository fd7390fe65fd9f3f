"""Fails whatever it is asked."""

from plugins.api import Assessment, hookimpl


@hookimpl
async def assess_complaint() -> Assessment | None:
    raise RuntimeError("a customer's words")
