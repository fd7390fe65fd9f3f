"""Hooks about complaints: the tree of categories, what each severity promises, and how grave one is."""

from typing import Any

from core.hooks.context import DecideContext, DeclareContext
from core.hooks.kinds import decide_one, declare
from core.hooks.promises import find_earlier
from core.hooks.records.complaints import Assessment, Category, Cause, ComplaintFacts, Policy


def _parents_first(nodes: tuple[Category, ...] | tuple[Cause, ...]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.parent is not None and node.parent not in seen:
            raise ValueError(f"{type(node).__name__.lower()} {node.id} comes before its parent {node.parent}")
        seen.add(node.id)


def _in_order(policies: tuple[Policy, ...]) -> None:
    for policy in policies:
        for milestone, before in find_earlier(policy):
            raise ValueError(
                f"policy {policy.severity}: {milestone.id} is due before {before.id}, which it comes after"
            )


@declare(merge="union", local_ids=("id", "parent"), check=_parents_first)
def complaint_categories(ctx: DeclareContext[Any]) -> tuple[Category, ...]:
    """Return the category tree, parents before children."""
    raise NotImplementedError


@declare(merge="union", local_ids=("id", "parent"), check=_parents_first)
def complaint_causes(ctx: DeclareContext[Any]) -> tuple[Cause, ...]:
    """Return the tree of causes, parents before children: why a complaint came about, judged after it was looked into."""
    raise NotImplementedError


@declare(merge="earliest deadline per milestone", on_fault="fallback", key="severity", check=_in_order)
def complaint_policies(ctx: DeclareContext[Any]) -> tuple[Policy, ...]:
    """Return one policy for each severity this vertical handles.

    After a fault core applies its own strictest policy and says so: a deadline never vanishes.
    """
    raise NotImplementedError


@decide_one(merge="highest severity, all reasons", on_fault="skip", budget=0.5, local_ids=("category",))
async def assess_complaint(ctx: DecideContext[Any], complaint: ComplaintFacts) -> Assessment | None:
    """Judge how grave a complaint is, with reasons and the words that led to them; None is no opinion.

    After a fault core's own default stands and the gap can be recomputed later.
    """
    raise NotImplementedError
