"""Finds what a check of loyalty rules must know: the price list in force, fields of conditions, kinds of subjects."""

from collections.abc import Iterable

from core.customers.queries import get_subject_types
from core.hooks.records.text import Text, both
from core.programs.rules.facts import Facts, Service
from core.programs.rules.wording import Names
from core.segments.fields import get_fields
from core.uow import Reader
from core.visits.queries.prices import list_live_items
from core.visits.rules.prices import CATEGORIES, Item

CATEGORY_LABELS: dict[str, Text] = {
    "consultation": both("诊疗费", "consultation fees"),
    "examination": both("检查费", "examination fees"),
    "drug": both("药品费", "drugs"),
    "surgery": both("手术费", "surgery"),
    "goods": both("商品用品", "goods"),
}


async def get_facts(reader: Reader, *, roles: Iterable[tuple[str, Text]] | None = None) -> Facts:
    """Return what core.programs.rules.checks.check is asked against; a few small reads.

    `roles`: those of the staff, which live above this package (tenants.roles.ROLES); without them none is checked.
    """
    catalogue, _ = await get_fields(reader)
    items = await list_live_items(reader)
    return Facts(
        today=reader.today,
        # A tenant that keeps no price list at all is not held to it; with one, every item must be on it.
        services=tuple(_service(one) for one in items) if items else None,
        categories=tuple((code, CATEGORY_LABELS.get(code, code)) for code in CATEGORIES),
        catalogue=catalogue,
        roles=None if roles is None else tuple(roles),
        subject_types=tuple((one.id, one.label) for one in get_subject_types(reader)),
    )


def _service(item: Item) -> Service:
    label = both(item.name_zh, item.name_en or item.name_zh)
    return Service(code=item.code, label=label, price_fen=item.price_fen, category=item.category)


def get_names(facts: Facts) -> Names:
    """What the codes of these facts are called, for sentences and differences."""
    return Names(
        services={one.code: one.label for one in facts.services or ()},
        categories=dict(facts.categories or ()),
        roles=dict(facts.roles or ()),
        subject_types=dict(facts.subject_types or ()),
    )
