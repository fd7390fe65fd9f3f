"""Plants the sample customers of plugins at a demo tenant, tagged, and takes them away as a whole."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.customers.actions import add_customer
from core.customers.models import Customer
from core.customers.profile import set_profile_value
from core.customers.queries import get_customer
from core.customers.rules.phones import read_phone
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import table_of
from core.errors import AnxinError
from core.forms.actions import record_intake
from core.hooks.kinds import prefixed
from core.hooks.records.upkeep import Seed, SeedRow
from core.hooks.specs.upkeep import demo_data
from core.privacy.erasing import erase_person
from core.profiles.actions import tag_customer
from core.uow import UnitOfWork

logger = logging.getLogger("anxin.plugins")
TAG: Final = "示例数据"
_C = table_of(Customer)
_AGO: Final = re.compile(r"\$now(?:-(\d{1,5})([mhd]))?")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_TYPES: Final = text(
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
    " WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped"
)


def mark_of(plugin: str, seed: str) -> str:
    """Return the member number by which a sample is known."""
    return f"demo-{plugin}-{seed}"


async def plant_samples(uow: UnitOfWork) -> int:
    """Write the samples of every plugin that is on; those that are there stay. Return how many are new.

    A sample that does not fit, or that names a table or form of somebody else, is left out, and the log says why.
    """
    planted = 0
    for one in uow.plugins.declared(demo_data):
        seed_id = one.value.id.removeprefix(f"{one.plugin}.")
        mine = (_C.c.tenant_id == uow.tenant_id, _C.c.member_no == mark_of(one.plugin, seed_id))
        if await uow.session.scalar(select(_C.c.customer_id).where(*mine).limit(1)) is not None:
            continue
        try:
            async with uow.attempt():
                await _plant(uow, one.plugin, seed_id, one.value)
        except (AnxinError, DBAPIError, KeyError, ValueError) as error:
            logger.warning("sample %s of plugin %s is left out: %s", seed_id, one.plugin, error)
            continue
        planted += 1
    return planted


async def remove_samples(uow: UnitOfWork, *, plugin: str) -> int:
    """Erase the samples of a plugin as persons are erased, so its own tables too; return how many there were.

    Only the worker's role may erase.
    """
    pattern = mark_of(plugin, "").replace("_", r"\_") + "%"
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.member_no.like(pattern), _C.c.state == "active")
    found = (await uow.session.scalars(select(_C.c.customer_id).where(*mine))).all()
    for customer_id in found:
        await erase_person(uow, [customer_id])
    return len(found)


async def _plant(uow: UnitOfWork, plugin: str, seed_id: str, seed: Seed) -> None:
    phone = read_phone(seed.phone) if seed.phone else None
    subjects = tuple(SubjectDraft(name=one.name, kind=prefixed(plugin, one.kind)) for one in seed.subjects)
    draft = CustomerDraft(
        full_name=seed.full_name,
        phones=(phone.e164,) if phone else (),
        member_no=mark_of(plugin, seed_id),
        subjects=subjects,
    )
    customer_id = await add_customer(uow, draft=draft, allow_duplicate=True)
    await tag_customer(uow, customer_id=customer_id, name=TAG, may_make=True)
    known = {one.name: one.subject_id for one in (await get_customer(uow, customer_id)).subjects}
    for subject in seed.subjects:
        for key, value in subject.data.items():
            await set_profile_value(
                uow,
                entity_type="subject",
                entity_id=known[subject.name],
                field_key=key,
                value=value,
                source="staff",
            )
    for number, intake in enumerate(seed.intakes):
        await _fill(uow, prefixed(plugin, intake.form), intake.answers, intake.days_ago, customer_id, number)
    for row in seed.rows:
        await _insert(uow, plugin, row, _Places(uow.now, customer_id, known))


async def _fill(
    uow: UnitOfWork, form_id: str, answers: dict[str, Any], days_ago: int, customer_id: UUID, number: int
) -> None:
    now = uow.now
    uow.now = now - timedelta(days=days_ago)
    try:
        await record_intake(
            uow, form_id=form_id, answers=answers, once_key=f"demo:{customer_id}:{number}", customer_id=customer_id
        )
    finally:
        uow.now = now


class _Places:
    """What the words with a dollar sign in a sample row stand for."""

    def __init__(self, now: datetime, customer_id: UUID, subjects: Mapping[str, UUID]) -> None:
        self._now, self._customer_id, self._subjects = now, customer_id, subjects

    def fill(self, value: Any) -> Any:
        """Return a value as it is stored."""
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(one) for one in value]
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if value == "$customer":
            return str(self._customer_id)
        if value.startswith("$subject:"):
            return str(self._subjects[value.partition(":")[2]])
        found = _AGO.fullmatch(value)
        if found is None:
            raise ValueError(f"{value} stands for nothing")
        back = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found[2] else timedelta(0)
        return (self._now - back).isoformat()


async def _insert(uow: UnitOfWork, plugin: str, row: SeedRow, places: _Places) -> None:
    """Write one row; the words of a plugin reach the statement only as names that the database knows, and as values."""
    if not row.table.startswith(f"x_{plugin}_") or not _NAME.fullmatch(row.table):
        raise ValueError(f"{row.table} is no table of the plugin")
    types = {name: kind for name, kind in await uow.session.execute(_TYPES, {"table": row.table})}  # noqa: C416 - a Row is not typed as a pair
    values = {"tenant_id": str(uow.tenant_id), **{name: places.fill(one) for name, one in row.values.items()}}
    if unknown := set(values) - set(types):
        raise ValueError(f"{row.table} has no column {min(unknown)}")
    columns = ", ".join(f'"{name}"' for name in values)
    casts = ", ".join(f"CAST(CAST(:v{n} AS text) AS {types[name]})" for n, name in enumerate(values))
    statement = f"INSERT INTO {row.table} ({columns}) VALUES ({casts}) ON CONFLICT DO NOTHING"  # noqa: S608 - names that the catalogue of the database has just given
    given = {f"v{n}": _as_text(values[name], types[name]) for n, name in enumerate(values)}
    await uow.session.execute(text(statement), given)


def _as_text(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind in {"json", "jsonb"} or isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
