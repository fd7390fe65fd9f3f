"""What plugins' own tables hold about a person, handed out and erased by the plugins, also by those that are off."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from core.hooks.dispatch import PluginFault
from core.hooks.records.upkeep import ErasureReceipt, ExportPart
from core.hooks.specs.upkeep import erase_customer, export_customer
from core.privacy.rules import AreaLine
from core.tasks.rules import in_languages
from core.uow import Reader, UnitOfWork

_TABLES = text(
    "SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE :pattern AND relnamespace = 'public'::regnamespace"
    " LIMIT 1"
)


async def ask_for_copies(
    reader: Reader, customer_ids: Sequence[UUID], *, whole: bool
) -> tuple[list[tuple[str, ExportPart]], tuple[str, ...]]:
    """Return what each plugin holds about these records, and with `whole` false who failed to say it.

    Raises:
        PluginFault: one did not answer, or its tables are there and it is not.
    """
    absent = await _find_absent(reader)
    if absent and whole:
        raise PluginFault(plugin=absent[0], hook=export_customer.name, error="not loaded", where="")
    found: list[tuple[str, ExportPart]] = []
    missing = list(absent)
    for plugin in reader.plugins.holding.listeners(export_customer):
        try:
            async with reader.session.begin_nested():
                found += [(plugin, part) for one in customer_ids for part in await _copies(reader, plugin, one)]
        except PluginFault:
            if whole:
                raise
            missing.append(plugin)
    return found, tuple(missing)


async def _copies(reader: Reader, plugin: str, customer_id: UUID) -> list[ExportPart]:
    parts = await reader.plugins.holding.react(
        export_customer,
        plugin=plugin,
        session=reader.session,
        now=reader.now,
        actor=reader.actor,
        locale=reader.scope.locale,
        customer_id=customer_id,
    )
    return [part for part in parts if part.rows]


async def ask_to_erase(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> list[AreaLine]:
    """Let each plugin erase what it holds, before core does; return the receipt's lines.

    Raises:
        PluginFault: one failed, or its tables are there and it is not; the person stays whole and the request open.
    """
    plugins = uow.plugins.holding
    if absent := await _find_absent(uow):
        raise PluginFault(plugin=absent[0], hook=erase_customer.name, error="not loaded", where="")
    lines: list[AreaLine] = []
    for plugin in plugins.listeners(erase_customer):
        for customer_id in customer_ids:
            receipts = await plugins.react(
                erase_customer,
                plugin=plugin,
                session=uow.session,
                now=uow.now,
                actor=uow.actor,
                locale=uow.scope.locale,
                customer_id=customer_id,
            )
            for receipt in receipts:
                lines += _lines(plugin, receipt)
    return lines


def _lines(plugin: str, receipt: ErasureReceipt) -> list[AreaLine]:
    gone = [
        AreaLine(area=plugin, table=table, deed="deleted", count=count)
        for table, count in sorted(receipt.erased.items())
        if count
    ]
    kept = [
        AreaLine(area=plugin, table=f"x_{plugin}", deed="kept", count=1, reason=in_languages(words))
        for words in receipt.kept
    ]
    return gone + kept


async def _find_absent(reader: Reader) -> tuple[str, ...]:
    """Return plugins that were uninstalled with their tables left behind: they cannot be asked, so nothing would be whole."""
    gone = {gap.plugin for gap in reader.plugins.holding.gaps}
    patterns = {plugin: f"x\\_{plugin}\\_%" for plugin in sorted(gone)}
    return tuple(
        [
            plugin
            for plugin, pattern in patterns.items()
            if await reader.session.scalar(_TABLES, {"pattern": pattern}) is not None
        ]
    )
