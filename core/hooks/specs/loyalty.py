"""Hooks about loyalty: the programs a tenant may pick from."""

from typing import Any

from core.hooks.context import DeclareContext
from core.hooks.kinds import declare
from core.hooks.records.loyalty.program import Program


@declare(merge="the tenant picks one", local_ids=("id",))
def loyalty_programs(ctx: DeclareContext[Any]) -> tuple[Program, ...]:
    """Return the programs of this vertical; tiers rise strictly and money is integer fen."""
    raise NotImplementedError
