"""Judges conditions about one customer for areas below segments, which ask through the unit of work."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import literal, union_all

from core.conditions.rules.catalogue import tree_problems
from core.conditions.statements import select_matching
from core.customers.models import Customer
from core.db import table_of
from core.hooks.records.conditions import Tree
from core.segments.fields import get_fields
from core.uow import Reader

_C = table_of(Customer)


async def match_customer(reader: Reader, customer_id: UUID, trees: Mapping[str, Tree]) -> frozenset[str]:
    """Return the keys of the conditions that hold for a customer, in one statement for all of them.

    A condition that names a field which the tenant does not have (any more) holds for nobody.
    """
    catalogue, bindings = await get_fields(reader)
    today = reader.today
    parts = [
        select_matching(
            tree, catalogue=catalogue, bindings=bindings, today=today, columns=[literal(key).label("key")]
        ).where(_C.c.customer_id == customer_id)
        for key, tree in trees.items()
        if not tree_problems(tree, catalogue)
    ]
    if not parts:
        return frozenset()
    return frozenset(await reader.session.scalars(union_all(*parts)))
