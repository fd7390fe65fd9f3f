"""Plugins' own pages below `/t/{slug}/x/{plugin}/`: shown by `show_page`, acted on by `act_on_page`, in our frame."""

import logging
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.exc import DBAPIError

from core.errors import AnxinError, FieldProblem, InvalidInput, NotFound
from core.hooks.dispatch import PluginFault, PluginRefused
from core.hooks.records.forms import FormProblem
from core.hooks.records.pages import Outcome, PageRequest
from core.hooks.records.pages import Page as PluginPage
from core.hooks.specs.pages import act_on_page, show_page
from core.uow import Reader, UnitOfWork
from tenants.plugin_effects import apply_effects, leads_to_page
from web.i18n import localized
from web.page import Toast
from web.plugin_door import AT_PLUGIN, found_route
from web.request import WebRequest
from web.screens import go_to, show_data, tenant_path

PATH: Final = "/t/{slug:str}/x/{plugin:str}"
BODY_LIMIT: Final = 256 * 1024
logger = logging.getLogger("anxin.plugins")


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin's template reads as `plugin`, beside the page's own data."""

    id: str
    title: str
    """Of the plugin."""
    page_title: str
    root: str
    typed: dict[str, list[str]] = {}
    problems: tuple[tuple[str, str], ...] = ()

    def url(self, path: str = "") -> str:
        """Return the address of a page of this plugin: `plugin.url("orders/4711")`."""
        return f"{self.root}/{path}" if path else self.root

    def value(self, name: str, default: object = "") -> object:
        """Return what was typed into a field when the page is shown again, else the default."""
        values = self.typed.get(name)
        return values[-1] if values else default

    def values(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """Return all that was chosen in a field with several answers."""
        return self.typed.get(name, list(default))

    @property
    def listed(self) -> list[tuple[str, str]]:
        """The problems as `ui.form_errors` takes them."""
        return [("f-" + field.replace(".", "-") if field else "", text) for field, text in self.problems]

    def error(self, name: str) -> str | None:
        """Return what is wrong with a field."""
        return next((text for field, text in self.problems if field == name), None)


class _SendAgain(Exception):
    """Undoes what the plugin wrote before it found something wrong."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("problems")
        self.outcome = outcome


def _asked(request: WebRequest, plugin: str, fields: dict[str, list[str]] | None = None) -> PageRequest:
    route, names = found_route(request)
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    return PageRequest(route=route.id.removeprefix(f"{plugin}."), path=names, query=query, fields=fields or {})


async def _fields(request: WebRequest) -> dict[str, list[str]]:
    """Return the posted texts; a plugin's form takes no files."""
    fields: dict[str, list[str]] = {}
    for name, value in (await request.open_form()).items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in values):
            raise InvalidInput((FieldProblem(name, "wrong-form"),))
        fields[name] = values
    return fields


def _refused(reader: Reader, plugin: str, hook: str, why: str) -> PluginRefused:
    return PluginRefused(plugin=plugin, title=reader.plugins.title_of(plugin), hook=hook, why=why)


async def _show(
    request: WebRequest,
    reader: Reader,
    plugin: str,
    page: PluginPage,
    *,
    status: int = 200,
    typed: dict[str, list[str]] | None = None,
    problems: tuple[FormProblem, ...] = (),
) -> Response[Any]:
    """Put our frame around the plugin's template; whatever its template raises is the plugin's fault."""
    taken = {*request.runtime.templates.globals, "plugin"} & set(page.data)
    if not page.template.startswith(f"{plugin}:") or taken:
        logger.warning("plugin %s: template %s with data named %s", plugin, page.template, sorted(taken))
        raise _refused(reader, plugin, show_page.name, "template")
    here = Here(
        id=plugin,
        title=localized(reader.plugins.title_of(plugin)),
        page_title=localized(page.title),
        root=tenant_path(request, f"/x/{plugin}"),
        typed=typed or {},
        problems=tuple((one.field, localized(one.text)) for one in problems),
    )
    try:
        return await show_data(request, page.template, page.data | {"plugin": here}, status=status)
    except (AnxinError, DBAPIError):
        raise
    except Exception as error:
        logger.warning("plugin %s: template %s raised %s", plugin, page.template, type(error).__name__)
        raise _refused(reader, plugin, show_page.name, "template") from error


async def _show_page(request: WebRequest, reader: Reader, plugin: str) -> Response[Any]:
    decision = await reader.plugins.decide(
        show_page,
        only=plugin,
        now=reader.now,
        locale=reader.scope.locale,
        actor=reader.actor,
        reader=reader.plugin_reader,
        request=_asked(request, plugin),
    )
    if not decision.answers:
        raise NotFound
    return await _show(request, reader, plugin, decision.answers[0].value)


async def _done(uow: UnitOfWork, plugin: str, asked: PageRequest) -> Outcome:
    """Let the plugin act and do what it asks for; raise where it must be undone."""
    outcomes = await uow.plugins.react(
        act_on_page,
        plugin=plugin,
        session=uow.session,
        now=uow.now,
        actor=uow.actor,
        locale=uow.scope.locale,
        request=asked,
    )
    if not outcomes:
        raise NotFound
    outcome = outcomes[0]
    if outcome.problems:
        raise _SendAgain(outcome)
    if not leads_to_page(uow, plugin, outcome.go_to):
        raise _refused(uow, plugin, act_on_page.name, "go_to")
    await apply_effects(uow, plugin=plugin, effects=outcome.effects)
    return outcome


async def _act(request: WebRequest, uow: UnitOfWork, plugin: str) -> Response[Any]:
    fields = await _fields(request)
    asked = _asked(request, plugin, fields)
    try:
        # Nothing was written or locked before: what is undone here is the plugin's own, and its effects.
        async with uow.attempt():
            outcome = await _done(uow, plugin, asked)
    except _SendAgain as again:
        page = again.outcome.again
        assert page is not None
        return await _show(request, uow, plugin, page, status=422, typed=fields, problems=again.outcome.problems)
    except PluginFault as error:
        logger.warning("plugin %s: %s", plugin, error.params.get("error"))
        raise _refused(uow, plugin, act_on_page.name, "effect") from error
    path, mark, query = outcome.go_to.partition("?")
    tail = (f"/{quote(path)}" if path else "") + mark + quote(query, safe="=&%+")
    toast = localized(outcome.toast)
    return go_to(request, tenant_path(request, f"/x/{plugin}{tail}"), toast=Toast(text=toast) if toast else None)


@get(PATH, guards=[AT_PLUGIN])
async def show_first(request: WebRequest, reader: NamedDependency[Reader], plugin: FromPath[str]) -> Response[Any]:
    return await _show_page(request, reader, plugin)


@get(PATH + "/{rest:path}", guards=[AT_PLUGIN])
async def show_other(request: WebRequest, reader: NamedDependency[Reader], plugin: FromPath[str]) -> Response[Any]:
    return await _show_page(request, reader, plugin)


@post(PATH, guards=[AT_PLUGIN], request_max_body_size=BODY_LIMIT)
async def act_on_first(request: WebRequest, uow: NamedDependency[UnitOfWork], plugin: FromPath[str]) -> Response[Any]:
    return await _act(request, uow, plugin)


@post(PATH + "/{rest:path}", guards=[AT_PLUGIN], request_max_body_size=BODY_LIMIT)
async def act_on_other(request: WebRequest, uow: NamedDependency[UnitOfWork], plugin: FromPath[str]) -> Response[Any]:
    return await _act(request, uow, plugin)


routes = [show_first, show_other, act_on_first, act_on_other]
