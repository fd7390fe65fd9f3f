"""The administrator's page of plugins: what each may do, on and off, its settings, and every version of them."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import InvalidInput
from core.uow import Reader, UnitOfWork
from tenants.plugin_settings import (
    disable_plugin,
    enable_plugin,
    get_settings_page,
    list_plugins,
    list_setting_changes,
    restore_plugin_settings,
    save_posted_settings,
)
from web.i18n import N_, gettext, localized
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires

_MANAGE = requires("plugins.manage")
_VERSION_FIELD = "settings_version"

add_entry(
    Entry(
        id="plugins",
        label=N_("Industry plugins"),
        icon="blocks",
        path="/plugins",
        permission="plugins.manage",
        group="manage",
        rank=200,
    )
)


class Restore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version to go back to."""

    version: int


@get("/t/{slug:str}/plugins", guards=[_MANAGE])
async def show_plugins(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    cards = await list_plugins(reader, request.runtime.workplace.host)
    return await show(request, "pages/plugins/list.html", cards=cards, root=tenant_path(request, "/plugins"))


async def _settings(
    request: WebRequest,
    reader: Reader,
    plugin: str,
    *,
    status: int = 200,
    posted: dict[str, list[str]] | None = None,
    problems: dict[str, str] | None = None,
) -> Response[Any]:
    return await show(
        request,
        "pages/plugins/settings.html",
        status=status,
        settings=await get_settings_page(reader, request.runtime.workplace.host, plugin),
        changes=await list_setting_changes(reader, plugin),
        posted=posted or {},
        problems=problems or {},
        root=tenant_path(request, "/plugins"),
        version_field=_VERSION_FIELD,
    )


@get("/t/{slug:str}/plugins/{plugin:str}", guards=[_MANAGE])
async def show_plugin(request: WebRequest, reader: NamedDependency[Reader], plugin: FromPath[str]) -> Response[Any]:
    return await _settings(request, reader, plugin)


@post("/t/{slug:str}/plugins/{plugin:str}/on", guards=[_MANAGE])
async def switch_on(request: WebRequest, uow: NamedDependency[UnitOfWork], plugin: FromPath[str]) -> Response[Any]:
    host = request.runtime.workplace.host
    await enable_plugin(uow, host=host, plugin_id=plugin)
    title = localized(host.plugin(plugin).title)
    toast = Toast(text=gettext("%(plugin)s is on from the next page") % {"plugin": title})
    return go_to(request, tenant_path(request, "/plugins"), toast=toast)


@post("/t/{slug:str}/plugins/{plugin:str}/off", guards=[_MANAGE])
async def switch_off(request: WebRequest, uow: NamedDependency[UnitOfWork], plugin: FromPath[str]) -> Response[Any]:
    await disable_plugin(uow, plugin_id=plugin)
    title = localized(request.runtime.workplace.host.plugin(plugin).title)
    toast = Toast(
        text=gettext("%(plugin)s is off; its data are kept") % {"plugin": title},
        undo_action=tenant_path(request, f"/plugins/{plugin}/on"),
    )
    return go_to(request, tenant_path(request, "/plugins"), toast=toast)


@post("/t/{slug:str}/plugins/{plugin:str}/settings", guards=[_MANAGE])
async def save_settings(request: WebRequest, uow: NamedDependency[UnitOfWork], plugin: FromPath[str]) -> Response[Any]:
    fields = await request.open_form()
    posted = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    shown = "".join(posted.pop(_VERSION_FIELD, []))
    host = request.runtime.workplace.host
    try:
        await save_posted_settings(
            uow, host=host, plugin_id=plugin, posted=posted, expected_version=int(shown) if shown.isdecimal() else -1
        )
    except InvalidInput as error:
        problems = field_texts(error.problems)
        page = await _settings(request, uow, plugin, status=422, posted=posted, problems=problems)
        raise Refused(page) from error
    toast = Toast(text=gettext("The settings are saved and in force from now on"))
    return go_to(request, tenant_path(request, f"/plugins/{plugin}"), toast=toast)


@post("/t/{slug:str}/plugins/{plugin:str}/restore", guards=[_MANAGE])
async def restore_settings(
    request: WebRequest, uow: NamedDependency[UnitOfWork], plugin: FromPath[str]
) -> Response[Any]:
    form = await request.read(Restore)
    host = request.runtime.workplace.host
    await restore_plugin_settings(uow, host=host, plugin_id=plugin, version=form.version)
    toast = Toast(text=gettext("The earlier settings are in force again, as a new version"))
    return go_to(request, tenant_path(request, f"/plugins/{plugin}"), toast=toast)


routes = [show_plugins, show_plugin, switch_on, switch_off, save_settings, restore_settings]
