"""The hook about what is offered to make good."""

from typing import Any

from core.hooks.context import DeclareContext
from core.hooks.kinds import declare
from core.hooks.records.remedies import RemedyOffer


@declare(merge="union", local_ids=("id",))
def complaint_remedies(ctx: DeclareContext[Any]) -> tuple[RemedyOffer, ...]:
    """Return what this vertical offers after a complaint; limits are the tenant's, and nothing is given by this."""
    raise NotImplementedError
