"""Which plugins are on for a tenant and how they are set: every change a version, in force from the next request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import new_id, table_of
from core.errors import Conflict, Forbidden, NotFound
from core.forms.rules import find_clashes
from core.hooks.host import PluginHost
from core.hooks.manifest import Plugin
from core.hooks.records.settings import SettingInput
from core.hooks.settings import settings_form, settings_from_page, settings_schema
from core.hooks.specs.forms import intake_extensions, intake_forms
from core.hooks.specs.upkeep import tenant_disabled, tenant_enabled
from core.tenancy.actions import raise_plugin_epoch
from core.uow import Reader, UnitOfWork
from tenants.models import PluginSettingVersion, PluginState, PluginStateChange
from tenants.plugin_lifecycle import Holder, State, Verb, kept_until, may_resume, next_state
from tenants.plugin_switching import SCHEDULE_TASK, begin_switch

PERMISSION = "plugins.manage"
_STATE = table_of(PluginState)
_VERSION = table_of(PluginSettingVersion)
_CHANGE = table_of(PluginStateChange)


class FormKeyClash(Conflict):
    """Two plugins want one key of one form; `params` name the form, the key and both plugins."""

    code = "form-key-clash"


class PluginCard(msgspec.Struct, frozen=True):
    """One plugin as the tenant's plugin page lists it; `reason` says why it is on but does not run."""

    plugin: Plugin
    state: str
    settings_version: int
    changed_at: datetime | None
    reason: str = ""
    kept_until: datetime | None = None
    """While it is off: until when its data are kept."""
    held_by: Holder = ""
    """Who paused it."""
    switching: bool = False
    """It still prepares after being switched on, or winds up after being switched off."""


class SettingsPage(msgspec.Struct, frozen=True):
    """A plugin's settings as inputs in the reader's language."""

    plugin: Plugin
    state: str
    version: int
    inputs: tuple[SettingInput, ...]


class SettingChange(msgspec.Struct, frozen=True):
    """One saved version."""

    version: int
    before: dict[str, Any]
    after: dict[str, Any]
    changed_by_name: str
    changed_at: datetime


class PluginMove(msgspec.Struct, frozen=True):
    """One change of a plugin's state."""

    verb: Verb
    before: State
    after: State
    why: str
    changed_by_name: str
    changed_at: datetime


async def get_enabled_settings(session: AsyncSession) -> dict[str, dict[str, Any]]:
    """Return the stored settings of every plugin that is on, in the tenant's order."""
    rows = await session.execute(
        select(PluginState.plugin, PluginState.settings)
        .where(PluginState.state == "on")
        .order_by(PluginState.position, PluginState.plugin)
    )
    return {plugin: settings for plugin, settings in rows}  # noqa: C416 - a Row is not typed as a pair


async def get_kept_settings(session: AsyncSession) -> dict[str, dict[str, Any]]:
    """Return the stored settings of every plugin that is not on and may hold data of the tenant all the same."""
    rows = await session.execute(
        select(PluginState.plugin, PluginState.settings)
        .where(PluginState.state.in_(("trial", "paused", "off")))
        .order_by(PluginState.position, PluginState.plugin)
    )
    return {plugin: settings for plugin, settings in rows}  # noqa: C416 - a Row is not typed as a pair


async def list_plugins(reader: Reader, host: PluginHost) -> list[PluginCard]:
    """Return every loaded plugin with the tenant's state of it; a plugin never touched is `installed`."""
    names = ("plugin", "state", "settings_version", "changed_at", "kept_until", "held_by", "switching")
    rows = await reader.session.execute(
        select(*(_STATE.c[name] for name in names)).where(_STATE.c.tenant_id == reader.tenant_id)
    )
    known = {row.plugin: row for row in rows}
    gaps = {gap.plugin: f"{gap.hook} {gap.code} {gap.where}".strip() for gap in reader.plugins.gaps}
    return [
        PluginCard(
            plugin,
            row.state,
            row.settings_version,
            row.changed_at,
            gaps.get(plugin.id, ""),
            row.kept_until,
            row.held_by,
            row.switching,
        )
        if (row := known.get(plugin.id)) is not None
        else PluginCard(plugin, "installed", 0, None)
        for plugin in host.plugins()
    ]


async def get_settings_page(reader: Reader, host: PluginHost, plugin_id: str) -> SettingsPage:
    """Return the inputs of a plugin's settings page with the values in force.

    Raises:
        NotFound: no such plugin is loaded.
    """
    plugin = host.plugin(plugin_id)
    row = (await reader.session.execute(_state_of(reader, plugin_id))).first()
    values = row.settings if row is not None else {}
    inputs = settings_form(settings_schema(plugin.settings), values, reader.scope.locale)
    state, version = (row.state, row.settings_version) if row is not None else ("installed", 0)
    return SettingsPage(plugin, state, version, inputs)


async def list_setting_changes(reader: Reader, plugin_id: str) -> list[SettingChange]:
    """Return the versions of a plugin's settings, latest first."""
    columns = (_VERSION.c[name] for name in SettingChange.__struct_fields__)
    rows = await reader.session.execute(
        select(*columns)
        .where(_VERSION.c.tenant_id == reader.tenant_id, _VERSION.c.plugin == plugin_id)
        .order_by(_VERSION.c.version.desc())
    )
    return [SettingChange(*row) for row in rows]


async def enable_plugin(uow: UnitOfWork, *, host: PluginHost, plugin_id: str) -> None:
    """Switch a plugin on, last in the order when it is new; its stored settings stay.

    Raises:
        NotFound: no such plugin is loaded.
        InvalidInput: settings stored earlier no longer fit this version of the plugin.
        FormKeyClash: it and another plugin that is on want the same key of one form.
        Conflict: it is paused, and is resumed instead.
    """
    _allow(uow)
    plugin = host.plugin(plugin_id)
    row = (await uow.session.execute(_state_of(uow, plugin_id).with_for_update())).first()
    host.check_settings(plugin_id, row.settings if row is not None else {})
    before: State = row.state if row is not None else "installed"
    if before == "on":
        return
    if next_state(before, "enable") is None:
        raise Conflict("a paused plugin is resumed", plugin=plugin_id, state=before)
    position = select(func.coalesce(func.max(_STATE.c.position), 0) + 1).where(_STATE.c.tenant_id == uow.tenant_id)
    first = upsert(_STATE).values(
        tenant_id=uow.tenant_id,
        plugin=plugin_id,
        state="on",
        position=position.scalar_subquery(),
        settings={},
        settings_version=0,
        changed_at=uow.now,
    )
    changes = {"state": "on", "changed_at": uow.now, "kept_until": None}
    await uow.session.execute(first.on_conflict_do_update(index_elements=["tenant_id", "plugin"], set_=changes))
    await _refuse_clashes(uow, host, plugin_id)
    await _record(uow, plugin_id, "enable", before, "on", "")
    await begin_switch(uow, plugin_id=plugin_id, on=True, needed=host.implements(plugin_id, tenant_enabled))
    uow.audit("plugin.enabled", "plugin", None, {"plugin": plugin_id, "version": plugin.version})


async def disable_plugin(uow: UnitOfWork, *, plugin_id: str, why: str = "") -> None:
    """Switch a plugin off; nothing of it reaches the tenant from the next request, and its data are kept a while.

    Raises:
        NotFound: it is neither on, nor paused, nor on trial.
    """
    if not await _move(uow, plugin_id, "disable", why):
        raise NotFound(plugin=plugin_id)
    uow.audit("plugin.disabled", "plugin", None, {"plugin": plugin_id})


async def pause_plugin(uow: UnitOfWork, *, plugin_id: str, why: str, by: Holder = "tenant") -> None:
    """Hold a plugin that is on: nothing of it reaches the tenant, and one step resumes it as it was.

    Raises:
        Conflict: it is not on.
    """
    if not await _move(uow, plugin_id, "pause", why, by):
        raise Conflict("only what is on is paused", plugin=plugin_id)
    uow.audit("plugin.paused", "plugin", None, {"plugin": plugin_id, "by": by})


async def resume_plugin(
    uow: UnitOfWork, *, host: PluginHost, plugin_id: str, why: str = "", by: Holder = "tenant"
) -> None:
    """End a pause.

    Raises:
        NotFound: the plugin is not loaded.
        InvalidInput: its stored settings no longer fit.
        FormKeyClash: meanwhile another plugin took a key of the same form.
        Conflict: it is not paused, or the operator paused it and somebody else resumes.
    """
    row = (await uow.session.execute(_state_of(uow, plugin_id))).first()
    host.check_settings(plugin_id, row.settings if row is not None else {})
    if not await _move(uow, plugin_id, "resume", why, by):
        raise Conflict("it is not paused, or only the operator resumes it", plugin=plugin_id)
    await begin_switch(uow, plugin_id=plugin_id, on=True, needed=host.implements(plugin_id, tenant_enabled))
    await _refuse_clashes(uow, host, plugin_id)
    uow.audit("plugin.resumed", "plugin", None, {"plugin": plugin_id, "by": by})


async def list_plugin_moves(reader: Reader, plugin_id: str) -> list[PluginMove]:
    """Return every change of a plugin's state, latest first."""
    columns = (_CHANGE.c[name] for name in PluginMove.__struct_fields__)
    rows = await reader.session.execute(
        select(*columns)
        .where(_CHANGE.c.tenant_id == reader.tenant_id, _CHANGE.c.plugin == plugin_id)
        .order_by(_CHANGE.c.change_id.desc())
    )
    return [PluginMove(*row) for row in rows]


async def save_plugin_settings(
    uow: UnitOfWork, *, host: PluginHost, plugin_id: str, data: Mapping[str, Any], expected_version: int
) -> int:
    """Save typed settings as a new version and return its number; the same settings again make no version.

    Raises:
        NotFound: the plugin is not loaded, or the tenant never switched it on.
        InvalidInput: every refused value with its path.
        Conflict: somebody else saved since `expected_version` was shown.
    """
    _allow(uow)
    # As the row holds it: lists for tuples, so that the same settings compare equal.
    after = msgspec.json.decode(msgspec.json.encode(host.check_settings(plugin_id, data)))
    row = (await uow.session.execute(_state_of(uow, plugin_id).with_for_update())).first()
    if row is None:
        raise NotFound(plugin=plugin_id)
    if row.settings_version != expected_version:
        raise Conflict("the settings were changed by somebody else", plugin=plugin_id, version=row.settings_version)
    if row.settings == after:
        return expected_version
    return await _save(uow, plugin_id, expected_version, row.settings, after)


async def save_posted_settings(
    uow: UnitOfWork, *, host: PluginHost, plugin_id: str, posted: Mapping[str, list[str]], expected_version: int
) -> int:
    """Save what the settings page posted; refusals are those of save_plugin_settings."""
    data = settings_from_page(settings_schema(host.plugin(plugin_id).settings), posted)
    return await save_plugin_settings(uow, host=host, plugin_id=plugin_id, data=data, expected_version=expected_version)


async def restore_plugin_settings(uow: UnitOfWork, *, host: PluginHost, plugin_id: str, version: int) -> int:
    """Go back to what was in force after `version` (0: before the first change), as a new version.

    Raises:
        NotFound: no such version.
        InvalidInput: the old settings no longer fit this version of the plugin.
    """
    _allow(uow)
    row = (await uow.session.execute(_state_of(uow, plugin_id).with_for_update())).first()
    column = _VERSION.c.after if version else _VERSION.c.before
    wanted = await uow.session.scalar(
        select(column).where(
            _VERSION.c.tenant_id == uow.tenant_id,
            _VERSION.c.plugin == plugin_id,
            _VERSION.c.version == (version or 1),
        )
    )
    if row is None or wanted is None:
        raise NotFound(plugin=plugin_id, version=version)
    host.check_settings(plugin_id, wanted)
    return await _save(uow, plugin_id, row.settings_version, row.settings, wanted)


async def _move(uow: UnitOfWork, plugin_id: str, verb: Verb, why: str, by: Holder = "tenant") -> bool:
    """Change the state of a plugin that the tenant has touched before; False when the verb does not fit there."""
    _allow(uow)
    of_plugin = (_STATE.c.tenant_id == uow.tenant_id, _STATE.c.plugin == plugin_id)
    row = (
        await uow.session.execute(select(_STATE.c.state, _STATE.c.held_by).where(*of_plugin).with_for_update())
    ).first()
    after = next_state(row.state, verb) if row is not None else None
    if row is None or after is None or (verb == "resume" and not may_resume(row.held_by, by)):
        return False
    changes = {
        "state": after,
        "changed_at": uow.now,
        "held_by": by if after == "paused" else "",
        "kept_until": kept_until(after, uow.now),
    }
    await uow.session.execute(update(_STATE).where(*of_plugin).values(changes))
    await _record(uow, plugin_id, verb, row.state, after, why)
    if verb == "disable":
        # One that was on trial never began, so there is nothing to wind up.
        listens = plugin_id in uow.plugins.holding.listeners(tenant_disabled)
        await begin_switch(uow, plugin_id=plugin_id, on=False, needed=listens and row.state != "trial")
    return True


async def _record(uow: UnitOfWork, plugin_id: str, verb: Verb, before: State, after: State, why: str) -> None:
    """Write the change down and make it hold from the next request."""
    await uow.session.execute(
        insert(_CHANGE).values(
            tenant_id=uow.tenant_id,
            plugin=plugin_id,
            change_id=new_id(),
            verb=verb,
            before=before,
            after=after,
            why=why,
            changed_by=uow.actor.id,
            changed_by_name=uow.actor.name,
            changed_at=uow.now,
        )
    )
    await raise_plugin_epoch(uow)


async def _refuse_clashes(uow: UnitOfWork, host: PluginHost, plugin_id: str) -> None:
    """Two plugins may extend one form, but not with the same key: an answer could not be told apart."""
    enabled = await get_enabled_settings(uow.session)
    forms = [one.value for one in host.preview(enabled, intake_forms)]
    patches = [(one.plugin, one.value) for one in host.preview(enabled, intake_extensions)]
    for clash in find_clashes(forms, patches):
        if plugin_id in {clash.first, clash.second}:
            raise FormKeyClash(form=clash.form, key=clash.key, first=clash.first, second=clash.second)


def _allow(uow: UnitOfWork) -> None:
    if not uow.actor.may(PERMISSION):
        raise Forbidden(permission=PERMISSION)


def _state_of(reader: Reader, plugin_id: str) -> Any:
    return select(_STATE.c.state, _STATE.c.settings, _STATE.c.settings_version).where(
        _STATE.c.tenant_id == reader.tenant_id, _STATE.c.plugin == plugin_id
    )


async def _save(
    uow: UnitOfWork, plugin_id: str, old_version: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> int:
    version = old_version + 1
    await uow.session.execute(
        insert(_VERSION).values(
            tenant_id=uow.tenant_id,
            plugin=plugin_id,
            version=version,
            before=before,
            after=after,
            changed_by=uow.actor.id,
            changed_by_name=uow.actor.name,
            changed_at=uow.now,
        )
    )
    await uow.session.execute(
        update(_STATE)
        .where(_STATE.c.tenant_id == uow.tenant_id, _STATE.c.plugin == plugin_id)
        .values(settings=after, settings_version=version, changed_at=uow.now)
    )
    await raise_plugin_epoch(uow)
    await uow.enqueue(SCHEDULE_TASK, {})
    uow.audit("plugin.settings", "plugin", None, {"plugin": plugin_id, "version": version})
    return version
