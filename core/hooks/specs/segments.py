"""Hooks about groups of customers: the ones that a vertical ships."""

from typing import Any

from core.hooks.context import DeclareContext
from core.hooks.kinds import declare
from core.hooks.records.segments import Segment


@declare(merge="union", local_ids=("id",))
def segments(ctx: DeclareContext[Any]) -> tuple[Segment, ...]:
    """Return the groups of customers that this vertical knows, each as a tree of conditions and an offered plan.

    A tree names fields of core's catalogue, and fields of subject types as `pet.<key>`. A tree that names a
    field which the tenant does not have (any more) is shown as not usable; it never matches everybody.
    """
    raise NotImplementedError
