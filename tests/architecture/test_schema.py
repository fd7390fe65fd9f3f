"""The mapped classes and the migrations describe the same schema, and every table keeps the rules that shards need."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, ForeignKeyConstraint, Table
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import core.models
import tenants.models
from core.db import Base
from core.isolation import NO_TENANT_KEY_FIRST
from tests.architecture.house_rules import ROOT
from workers.embedded.postgres import Dsns

TABLES = [table for name, table in Base.metadata.tables.items() if name not in NO_TENANT_KEY_FIRST]


def _flat(changes: list[Any]) -> Iterator[Any]:
    for change in changes:
        if isinstance(change, list):
            yield from _flat(change)
        else:
            yield change


def _differences(connection: Connection) -> list[Any]:
    def ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or not (name or "").startswith(("x_", "alembic_"))

    options = {"include_name": ours, "compare_type": True, "compare_server_default": False}
    context = MigrationContext.configure(connection, opts=options)
    return list(_flat(compare_metadata(context, Base.metadata)))


async def test_the_migrations_make_what_the_classes_say(postgres: Dsns) -> None:
    engine = create_async_engine(postgres.migrator, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(_differences)
    await engine.dispose()
    assert found == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_tables_keys_begin_with_the_tenant(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "tenant_id"
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            assert constraint.column_keys[0] == "tenant_id", constraint.name
            assert constraint.ondelete in {None, "CASCADE", "RESTRICT"}, constraint.name


def test_every_class_is_imported_once() -> None:
    files = {path.parent.name for path in (ROOT / "core").glob("*/models.py")}
    assert files == set(core.models.__all__)
    assert tenants.models.Staff.__table__ in TABLES


def _migrations() -> list[Path]:
    return sorted((ROOT / "core/migrations/versions").glob("*.py"))


@pytest.mark.parametrize("path", _migrations(), ids=lambda path: path.stem)
def test_a_migration_protects_each_table_before_the_next_refers_to_it(path: Path) -> None:
    statements = path.read_text().split("CREATE TABLE ")[1:]
    for statement in statements:
        name = statement.split()[0]
        body = statement.split("CREATE TABLE")[0]
        protected = f"app.protect('{name}'" in body
        if name.startswith("app."):  # keys and such, which no role but the owner may read
            continue
        own_policy = name in NO_TENANT_KEY_FIRST and "FORCE ROW LEVEL SECURITY" in body
        assert protected or own_policy, f"{name} is not protected where it is made"


@pytest.mark.parametrize("path", _migrations(), ids=lambda path: path.stem)
def test_a_migration_uses_nothing_that_a_shard_refuses(path: Path) -> None:
    text = path.read_text().upper()
    for refused in ("SET NULL", "SET DEFAULT", "CREATE TRIGGER", "CREATE MATERIALIZED", "SERIAL", "CREATE TYPE"):
        assert refused not in text, refused
