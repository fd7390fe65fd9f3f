"""Defines a tenant's own fields, and sets their values with the rank of the source and the history kept."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from core.customers.profile import set_profile_value
from core.customers.rules.profile import EntityType, Source
from core.db import table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.profiles.models import CustomerField
from core.profiles.queries import get_field, list_fields
from core.profiles.rules import MAX_FIELDS, MAX_TEXT, OwnField, field_problems, make_key, read_value
from core.uow import UnitOfWork

_F = table_of(CustomerField)


class FieldIsShipped(Conflict):
    """A field that comes with the product cannot be changed."""

    code = "field-is-shipped"


async def define_field(
    uow: UnitOfWork,
    *,
    entity_type: EntityType,
    label: Mapping[str, str],
    kind: str,
    options: tuple[tuple[str, dict[str, str]], ...] = (),
    key: str = "",
) -> str:
    """Add a field after the others and return its key, made of the label unless given.

    Raises:
        InvalidInput: every problem at once.
    """
    known = [field for field in await list_fields(uow, archived=True) if not field.shipped]
    if len(known) >= MAX_FIELDS:
        raise InvalidInput((FieldProblem("label", "too-many", {"max": MAX_FIELDS}),))
    words = {locale: text.strip() for locale, text in label.items() if text.strip()}
    taken = [field.key for field in known if field.entity_type == entity_type]
    made = key or make_key(next(iter(words.values()), ""), taken)
    field = OwnField(
        entity_type=entity_type,
        key=made,
        label=words,
        kind=kind,  # type: ignore[arg-type] # looked at by field_problems
        options=options if kind == "choice" else (),
    )
    problems = field_problems(field)
    if entity_type not in {"customer", "subject"}:
        problems += (FieldProblem("entity_type", "bad-choice"),)
    if made in taken:
        problems += (FieldProblem("key", "taken"),)
    if problems:
        raise InvalidInput(problems)
    await uow.session.execute(
        insert(_F).values(
            tenant_id=uow.tenant_id,
            entity_type=entity_type,
            key=made,
            label=words,
            kind=kind,
            options=[list(one) for one in field.options],
            position=max((one.position for one in known), default=0) + 1,
            archived_at=None,
            created_at=uow.now,
        )
    )
    uow.audit("field.define", "field", None, {"key": made, "kind": kind})
    return made


async def change_field(
    uow: UnitOfWork,
    *,
    entity_type: EntityType,
    key: str,
    label: Mapping[str, str],
    options: tuple[tuple[str, dict[str, str]], ...] = (),
) -> None:
    """Change the words and the options; the kind stays, for values are kept by it."""
    field = await _own(uow, entity_type, key)
    words = {locale: text.strip() for locale, text in label.items() if text.strip()}
    changed = OwnField(
        entity_type=entity_type,
        key=key,
        label=words,
        kind=field.kind,
        options=options if field.kind == "choice" else (),
    )
    problems = field_problems(changed)
    if problems:
        raise InvalidInput(problems)
    await _write(uow, entity_type, key, {"label": words, "options": [list(one) for one in changed.options]})
    uow.audit("field.change", "field", None, {"key": key})


async def archive_field(uow: UnitOfWork, *, entity_type: EntityType, key: str, archived: bool = True) -> None:
    """Take a field off every page, or bring it back; its values stay."""
    await _own(uow, entity_type, key)
    await _write(uow, entity_type, key, {"archived_at": uow.now if archived else None})
    uow.audit("field.archive" if archived else "field.restore", "field", None, {"key": key})


async def move_field(uow: UnitOfWork, *, entity_type: EntityType, key: str, up: bool) -> None:
    """Swap a field with its neighbour."""
    await _own(uow, entity_type, key)
    order = [one.key for one in await list_fields(uow, entity_type=entity_type) if not one.shipped]
    place = order.index(key) if key in order else -1
    other = place - 1 if up else place + 1
    if place >= 0 and 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
        for position, one in enumerate(order, 1):
            await _write(uow, entity_type, one, {"position": position})


async def set_own_values(
    uow: UnitOfWork,
    *,
    entity_type: EntityType,
    entity_id: UUID,
    typed: Mapping[str, str],
    source: Source = "staff",
    ref_id: UUID | None = None,
) -> tuple[str, ...]:
    """Set own (and shipped) fields from typed texts; return the keys that a weightier source holds.

    Raises:
        InvalidInput: every value that does not fit its field, under the field's key.
    """
    fields = {field.key: field for field in await list_fields(uow, entity_type=entity_type)}
    values: dict[str, Any] = {}
    problems = []
    for key, text in typed.items():
        if key not in fields:
            problems.append(FieldProblem(key, "unknown"))
            continue
        values[key], wrong = read_value(fields[key], text)
        if wrong:
            problems.append(FieldProblem(key, wrong, {"max": MAX_TEXT} if wrong == "too-long" else {}))
    if problems:
        raise InvalidInput(tuple(problems))
    refused = []
    for key, value in values.items():
        taken = await set_profile_value(
            uow, entity_type=entity_type, entity_id=entity_id, field_key=key, value=value, source=source, ref_id=ref_id
        )
        if not taken:
            refused.append(key)
    return tuple(refused)


async def _own(uow: UnitOfWork, entity_type: EntityType, key: str) -> OwnField:
    field = await get_field(uow, entity_type, key)
    if field.shipped:
        raise FieldIsShipped(key=key)
    return field


async def _write(uow: UnitOfWork, entity_type: str, key: str, values: dict[str, Any]) -> None:
    mine = (_F.c.tenant_id == uow.tenant_id, _F.c.entity_type == entity_type, _F.c.key == key)
    await uow.session.execute(update(_F).where(*mine).values(**values))
