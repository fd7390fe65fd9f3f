"""Finds what came to refer to customers and pets after an import made them: every foreign key, in one statement."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, literal, select, union_all

from core.db import Base, one_of
from core.uow import Reader

# What comes with a customer, or what the undo itself looks at and takes back: it keeps nobody.
_OWN: Final = frozenset(
    {
        *("customer", "customer_phone", "customer_word", "customer_event", "subject"),
        *("customer_contact", "customer_tagging", "custom_value", "profile_value"),
        *("loyalty_account", "ledger_entry", "import_row"),
        *("duplicate_suspect", "duplicate_key", "duplicate_look"),
    }
)
_REASONS: Final = {
    "bill": "has-visit",
    "complaint": "has-complaint",
    "consent_seal": "has-consent",
    "contact_consent": "has-permission",
    "customer_merge": "is-merged",
    "customer_preference": "has-wish",
    "form_draft": "has-form",
    "form_link": "has-form",
    "privacy_link": "has-request",
    "privacy_receipt": "has-request",
    "privacy_request": "has-request",
    "purchase": "has-purchase",
    "stored_file": "has-file",
    "submission": "has-form",
    "survey_answer": "has-survey",
    "survey_ask": "has-survey",
    "survey_cycle": "has-survey",
    "survey_interview": "has-survey",
    "visit": "has-visit",
}
_WEIGHT: Final = (
    *("is-merged", "has-complaint", "has-visit", "has-purchase", "has-consent", "has-form", "has-survey"),
    *("has-request", "has-file", "has-permission", "has-wish", "in-use"),
)


async def find_references(reader: Reader, entity: str, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return, for those of these customers (or subjects) that something refers to, the weightiest reason."""
    if not ids:
        return {}
    parts = [
        part
        for table in Base.metadata.tables.values()
        if table.name not in _OWN and "tenant_id" in table.c
        for part in _parts(reader, table, entity, ids)
    ]
    found: dict[UUID, str] = {}
    rows: Any = await reader.session.execute(union_all(*parts))
    for one, name in rows:
        reason = _REASONS.get(name, "in-use")
        if one not in found or _WEIGHT.index(reason) < _WEIGHT.index(found[one]):
            found[one] = reason
    return found


def _parts(reader: Reader, table: Table, entity: str, ids: Sequence[UUID]) -> Iterator[Any]:
    for key in table.foreign_keys:
        if key.target_fullname == f"{entity}.{entity}_id":
            column = key.parent
            mine = [table.c.tenant_id == reader.tenant_id, one_of(column, ids)]
            if table.name == "customer_merge":
                mine.append(table.c.state == "done")  # one that was taken back holds nobody
            yield select(column.label("one"), literal(table.name).label("name")).where(*mine).distinct()
    for kind, ident in (("entity_type", "entity_id"), ("owner_kind", "owner_id")):
        if kind in table.c and ident in table.c:
            owned = (table.c.tenant_id == reader.tenant_id, one_of(table.c[ident], ids))
            named = select(table.c[ident].label("one"), literal(table.name).label("name"))
            yield named.where(*owned, table.c[kind] == entity).distinct()
