"""Hooks about the work on a complaint: scripts and macros, and the words to leave out."""

from typing import Any

from core.hooks.context import DeclareContext
from core.hooks.kinds import declare
from core.hooks.records.casework import Script, WordRule


@declare(merge="union", local_ids=("id",))
def complaint_scripts(ctx: DeclareContext[Any]) -> tuple[Script, ...]:
    """Return the words and bundles that the desk is offered beside the reply box, those for understanding first."""
    raise NotImplementedError


@declare(merge="union", local_ids=("id",))
def complaint_wording(ctx: DeclareContext[Any]) -> tuple[WordRule, ...]:
    """Return the words that are not said to a customer; what is found is shown before sending, with what to say instead."""
    raise NotImplementedError
