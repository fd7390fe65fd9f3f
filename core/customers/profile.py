"""Sets one field of a record by the rank of its source, and keeps every value that was ever said about it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.bulk import phone_rows, refresh_words
from core.customers.models import Customer, CustomerPhone, CustomValue, ProfileValue, Subject
from core.customers.rules.names import clean_name, clean_text, name_pinyin
from core.customers.rules.phones import read_phone
from core.customers.rules.profile import CUSTOMER_FIELDS, SUBJECT_FIELDS, EntityType, Source, may_replace
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.uow import UnitOfWork

_C, _P, _S = table_of(Customer), table_of(CustomerPhone), table_of(Subject)
_V, _H = table_of(CustomValue), table_of(ProfileValue)
_MAX_CUSTOM = 500


async def set_profile_value(
    uow: UnitOfWork,
    *,
    entity_type: EntityType,
    entity_id: UUID,
    field_key: str,
    value: Any,
    source: Source,
    ref_id: UUID | None = None,
) -> bool:
    """Set a field of a customer or subject; return False when a weightier source said otherwise before.

    `field_key` names a column of the record (full_name, phone, species, birthday, ...) or any other key, which
    then becomes a custom value. The history keeps both what was taken over and what was not.

    Raises:
        InvalidInput: the value does not fit the field.
        NotFound: no such record in this tenant.
    """
    table, key = (_C, _C.c.customer_id) if entity_type == "customer" else (_S, _S.c.subject_id)
    statement = select(table).where(table.c.tenant_id == uow.tenant_id, key == entity_id)
    row = (await uow.session.execute(statement.with_for_update(key_share=True))).first()
    if row is None:
        raise NotFound(f"no such {entity_type}")
    fields = CUSTOMER_FIELDS if entity_type == "customer" else SUBJECT_FIELDS
    column = ("phone_e164" if field_key == "phone" else field_key) if field_key in fields else None
    new = _typed(field_key, value) if column else _custom(field_key, value)
    if column:
        current = getattr(row, column)
    else:
        current = await _custom_value(uow, entity_type, entity_id, field_key)
    if current == new:
        return True
    said_by = await _last_source(uow, entity_id, field_key) or row.source
    taken = may_replace(current=current, current_source=said_by, new_source=source)
    if taken and column:
        await _set_column(uow, entity_type, row, column, new)
    elif taken:
        await _set_custom(uow, entity_type, entity_id, field_key, new)
    await uow.session.execute(
        insert(_H).values(
            tenant_id=uow.tenant_id,
            value_id=new_id(),
            entity_type=entity_type,
            entity_id=entity_id,
            field_key=field_key,
            value=_as_text(new),
            before=_as_text(current),
            source=source,
            taken=taken,
            ref_id=ref_id,
            actor_name=uow.actor.name,
            at=uow.now,
        )
    )
    return taken


async def keep_values(
    uow: UnitOfWork,
    entity_type: EntityType,
    entity_id: UUID,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    source: Source = "staff",
) -> None:
    """Write down what an editor changed, so that no list or form takes it back; `before` names the changed fields."""
    rows = [
        {
            "tenant_id": uow.tenant_id,
            "value_id": new_id(),
            "entity_type": entity_type,
            "entity_id": entity_id,
            "field_key": "phone" if name == "phone_e164" else name,
            "value": _as_text(after[name]),
            "before": _as_text(old),
            "source": source,
            "taken": True,
            "ref_id": None,
            "actor_name": uow.actor.name,
            "at": uow.now,
        }
        for name, old in before.items()
    ]
    if rows:
        await uow.session.execute(insert(_H), rows)


def _refuse(field_key: str, code: str) -> InvalidInput:
    return InvalidInput((FieldProblem(field_key, code),))


def _typed(field_key: str, value: Any) -> Any:
    """The value as its column holds it."""
    if value in (None, ""):
        if field_key in {"full_name", "name"}:
            raise _refuse(field_key, "required")
        return "" if field_key == "note" else None
    if field_key in {"birthday", "deceased_on"}:
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            raise _refuse(field_key, "bad-date") from None
    if field_key == "neutered":
        if not isinstance(value, bool) and value not in {"yes", "no", "true", "false"}:
            raise _refuse(field_key, "bad-choice")
        return value if isinstance(value, bool) else value in {"yes", "true"}
    allowed = {"sex": {"female", "male", "unknown"}, "gender": {"female", "male"}}.get(field_key)
    if allowed is not None and value not in allowed:
        raise _refuse(field_key, "bad-choice")
    if field_key == "phone":
        phone = read_phone(str(value))
        if phone is None:
            raise _refuse(field_key, "bad-phone")
        return phone.e164
    return clean_text(str(value)) if field_key == "note" else clean_name(str(value))


def _custom(field_key: str, value: Any) -> str | int | date | None:
    if value is None or value in ("", [], ()):
        return None
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, date):
        return value
    text = clean_text(value) if isinstance(value, str) else msgspec.json.encode(value).decode()
    if len(text) > _MAX_CUSTOM:
        raise InvalidInput((FieldProblem(field_key, "too-long", {"max": _MAX_CUSTOM}),))
    return text


def _as_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


async def _last_source(uow: UnitOfWork, entity_id: UUID, field_key: str) -> str | None:
    return cast(
        "str | None",
        await uow.session.scalar(
            select(_H.c.source)
            .where(
                _H.c.tenant_id == uow.tenant_id, _H.c.entity_id == entity_id, _H.c.field_key == field_key, _H.c.taken
            )
            .order_by(_H.c.value_id.desc())
            .limit(1)
        ),
    )


async def _custom_value(uow: UnitOfWork, entity_type: str, entity_id: UUID, field_key: str) -> Any:
    mine = (_V.c.tenant_id == uow.tenant_id, _V.c.entity_type == entity_type, _V.c.entity_id == entity_id)
    statement = select(_V.c.v_text, _V.c.v_int, _V.c.v_date).where(*mine, _V.c.field_key == field_key)
    row = (await uow.session.execute(statement)).first()
    return None if row is None else next(value for value in row if value is not None)


async def _set_custom(uow: UnitOfWork, entity_type: str, entity_id: UUID, field_key: str, value: Any) -> None:
    key = {"tenant_id": uow.tenant_id, "entity_type": entity_type, "entity_id": entity_id, "field_key": field_key}
    if value is None:
        await uow.session.execute(delete(_V).where(*(_V.c[name] == one for name, one in key.items())))
        return
    columns: dict[str, Any] = {"v_text": None, "v_int": None, "v_date": None}
    columns["v_date" if isinstance(value, date) else "v_int" if isinstance(value, int) else "v_text"] = value
    await uow.session.execute(
        upsert(_V).values(**key, **columns).on_conflict_do_update(index_elements=list(key), set_=columns)
    )


async def _set_column(uow: UnitOfWork, entity_type: EntityType, row: Any, column: str, value: Any) -> None:
    changes: dict[str, Any] = {column: value, "changed_at": uow.now}
    if entity_type == "subject":
        mine = (_S.c.tenant_id == uow.tenant_id, _S.c.subject_id == row.subject_id)
        await uow.session.execute(update(_S).where(*mine).values(changes))
    else:
        if column == "full_name":
            changes["name_pinyin"] = name_pinyin(value)
        changes["version"] = _C.c.version + 1
        whose = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == row.customer_id)
        await uow.session.execute(update(_C).where(*whose).values(changes))
        if column == "phone_e164" and value:
            # The new number comes first; the older ones stay, for people answer them too.
            rows = phone_rows(uow.tenant_id, row.customer_id, [value])
            await uow.session.execute(
                upsert(_P)
                .values(rows)
                .on_conflict_do_update(index_elements=["tenant_id", "customer_id", "phone_e164"], set_={"position": 0})
            )
    if column in {"full_name", "name", "phone_e164", "member_no", "chip"}:
        await refresh_words(uow, [row.customer_id])
