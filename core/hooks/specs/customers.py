"""Hooks about whom a vertical serves, and the boxes beside a customer's record."""

from typing import Any

from core.hooks.context import DecideContext, DeclareContext
from core.hooks.kinds import decide_many, declare
from core.hooks.records.customers import CustomerFacts, Panel, PanelPlace, SubjectType


@declare(merge="union", local_ids=("id",))
def subject_types(ctx: DeclareContext[Any]) -> tuple[SubjectType, ...]:
    """Return the kinds of subject this vertical knows, each with the fields of its profile.

    A customer's page offers "add a pet" from here, and a form's profile map may write to these fields.
    """
    raise NotImplementedError


@decide_many(merge="by place, priority, id", on_fault="skip", budget=0.1, local_ids=("id",))
async def panels(ctx: DecideContext[Any], place: PanelPlace, record: CustomerFacts) -> tuple[Panel, ...]:
    """Return the boxes to show beside a record, as rows of plain text that core renders.

    After a fault the page shows an error box that names the plugin; everything else on the page stays.
    """
    raise NotImplementedError
