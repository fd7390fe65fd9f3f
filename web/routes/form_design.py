"""The builder: a tenant administrator changes a plugin's form, sees it on a phone, publishes it, and goes back."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput, NotFound
from core.forms.design_actions import (
    DesignChanged,
    DesignInConflict,
    change_design,
    discard_design,
    publish_design,
    restore_design,
    undo_design,
)
from core.forms.designs import Design, get_design, list_designs, list_revisions
from core.forms.rules import DefinitionProblem, Overlay, form_view
from core.forms.rules.definition import walk_fields
from core.forms.rules.designing import (
    NoSuchPlace,
    added,
    changed,
    forgotten,
    hidden,
    moved,
    path_of,
    removed,
    shifted,
    unhidden,
)
from core.hooks.records.forms import Addition, Field, Form
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from web.i18n import gettext, ngettext
from web.page import Toast, current_page
from web.problems import Refused, problem_words
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.views.form_design import (
    KINDS,
    OWN_KINDS,
    blocks,
    clashes,
    difference_lines,
    dom_id_of,
    hidden_lines,
    label_of,
    refusal,
)
from web.views.form_inputs import Asked, blank, new_field, own_key, panel
from web.views.form_typed import FieldReader

_DESIGN = requires("forms.design")
PAGE: Final = "pages/forms/design/form.html"
DESK: Final = "pages/forms/design/_desk.html"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One press of a button beside a field."""

    seen: str
    act: str
    path: str
    before: str = ""
    section: str | None = None


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the design that the person looked at."""

    seen: str


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """What is unfolded in the desk: the panel of one field, or of a new one."""

    path: str = ""
    add: str = ""
    after: str = ""
    values: Mapping[str, Any] | None = None
    """As typed, when it was refused."""
    errors: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    changed_by: str | None = None
    """Somebody else's name, when this page was older than their change."""


CLOSED: Final = Open()


def _home(request: WebRequest, form_id: str) -> str:
    return tenant_path(request, f"/forms/design/{quote(form_id)}")


async def _desk(
    request: WebRequest, reader: Reader, design: Design, opened: Open = CLOSED, *, status: int = 200
) -> Response[Any]:
    locale = current_page().lang
    form = design.form
    fields = dict(walk_fields(form.fields))
    own = {path_of(one) for one in design.overlay.add}
    inputs: list[Asked] = []
    if opened.path in fields:
        base = None if opened.path in own else dict(walk_fields(design.stand.base.fields)).get(opened.path)
        inputs = panel(fields[opened.path], base, form, opened.path, locale)
    elif opened.add in OWN_KINDS:
        inputs = blank(opened.add, form, opened.after or None, locale)
    view = form_view(form, {}, (), locale, reader.today.isoformat())
    return await show(
        request,
        PAGE,
        partial=DESK,
        status=status,
        design=design,
        title=localized(form.title, locale),
        blocks=blocks(design, locale),
        hidden=hidden_lines(design, locale),
        clashes=clashes(design, locale),
        left_out=design.stand.left_out,
        differences=difference_lines(design.differences, design, locale),
        revisions=await list_revisions(reader, design.stand.base.id),
        opened=opened,
        opened_id=dom_id_of(opened.path),
        inputs=[(group, list(rows)) for group, rows in groupby(inputs, key=lambda one: one.group)],
        kinds=[(kind, gettext(KINDS[kind][0]), KINDS[kind][1]) for kind in OWN_KINDS],
        sections=[(section.id, localized(section.title, locale)) for section in form.sections],
        own=own,
        view=view,
        problem=problem_words,
        root=tenant_path(request, "/forms"),
        here=_home(request, design.stand.base.id),
    )


@get("/t/{slug:str}/forms/design", guards=[_DESIGN])
async def show_designs(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    locale = locale_of(request)
    return await show(
        request,
        "pages/forms/design/list.html",
        rows=[(row, localized(row.stand.form.title, locale)) for row in await list_designs(reader)],
        root=tenant_path(request, "/forms"),
    )


@get("/t/{slug:str}/forms/design/{form_id:str}", guards=[_DESIGN])
async def show_design(
    request: WebRequest,
    reader: NamedDependency[Reader],
    form_id: FromPath[str],
    field: FromQuery[str] = "",
    add: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    return await _desk(request, reader, await get_design(reader, form_id), Open(path=field, add=add, after=after))


def _step(step: Step, base: Form, overlay: Overlay) -> Overlay:
    match step.act:
        case "up" | "down":
            return shifted(base, overlay, step.path, -1 if step.act == "up" else 1)
        case "move":
            return moved(base, overlay, step.path, before=step.before or None, section=step.section)
        case "hide":
            return hidden(base, overlay, step.path)
        case "show":
            return unhidden(overlay, step.path)
        case "remove":
            return removed(overlay, step.path)
        case "drop":
            return forgotten(overlay, step.path)
    raise NoSuchPlace(step.act)


@post("/t/{slug:str}/forms/design/{form_id:str}/step", guards=[_DESIGN])
async def do_step(request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]) -> Response[Any]:
    step = await request.read(Step)
    return await _do(request, uow, form_id, step.seen, lambda base, overlay: _step(step, base, overlay), step.path)


@post("/t/{slug:str}/forms/design/{form_id:str}/field", guards=[_DESIGN])
async def save_field(request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]) -> Response[Any]:
    """Change what one field says and allows; a refusal shows the panel again with what was typed."""
    posted = await request.open_form()
    path, seen = str(posted.get("path", "")), str(posted.get("seen", ""))
    design = await get_design(uow, form_id)
    field = dict(walk_fields(design.form.fields)).get(path)
    if field is None:
        raise NotFound("no such field")
    own = path in {path_of(one) for one in design.overlay.add}
    base = None if own else dict(walk_fields(design.stand.base.fields)).get(path)
    typed = FieldReader(posted, field, base, design.form, current_page().lang).read()
    opened = Open(path=path, values=posted, errors=typed.errors)
    if typed.errors:
        raise Refused(await _desk(request, uow, design, opened, status=422))
    return await _do(
        request, uow, form_id, seen, lambda form, overlay: changed(form, overlay, path, typed.members), path, opened
    )


@post("/t/{slug:str}/forms/design/{form_id:str}/add", guards=[_DESIGN])
async def add_field(request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]) -> Response[Any]:
    posted = await request.open_form()
    kind, after, seen = (str(posted.get(name, "")) for name in ("kind", "after", "seen"))
    if kind not in OWN_KINDS:
        raise InvalidInput((FieldProblem("kind", "option"),))
    design = await get_design(uow, form_id)
    blank_field = new_field(kind, "x_new", {})
    typed = FieldReader(posted, blank_field, None, design.form, current_page().lang).read()
    opened = Open(add=kind, after=after, values=posted, errors=typed.errors)
    if typed.errors:
        raise Refused(await _desk(request, uow, design, opened, status=422))
    field: Field = new_field(kind, own_key(design.overlay, typed.members), typed.members)
    added_path = path_of(Addition(field, after or None))
    return await _do(
        request, uow, form_id, seen, lambda _, overlay: added(overlay, field, after or None), added_path, opened
    )


async def _do(
    request: WebRequest,
    uow: UnitOfWork,
    form_id: str,
    seen: str,
    change: Any,
    path: str,
    opened: Open = CLOSED,
) -> Response[Any]:
    """Save one change and show the desk; every refusal comes as a sentence at its field."""
    try:
        design = await change_design(uow, form_id=form_id, seen=seen, change=change)
    except NoSuchPlace as error:
        raise NotFound("no such field") from error
    except DesignChanged as error:
        raise Refused(await _told(request, uow, form_id, error)) from error
    except InvalidInput as error:
        design = await get_design(uow, form_id)
        raise Refused(await _desk(request, uow, design, _refused(opened, error, design, path), status=422)) from error
    if current_page().partial:
        return await _desk(request, uow, design)
    return go_to(request, f"{_home(request, form_id)}#{dom_id_of(path)}")


def _refused(opened: Open, error: InvalidInput, design: Design, path: str) -> Open:
    """Put each sentence to its input, where the panel has it; else on top, with the words of its field."""
    locale = current_page().lang
    errors: dict[str, str] = {}
    notes: list[str] = []
    for one in error.problems:
        text = refusal(DefinitionProblem(one.path, one.code, one.code, one.params), design.form, locale)
        name = str(one.params.get("name", ""))
        name = {"label": "label_zh", "help": "help_zh", "options": "keep"}.get(name, name)
        if one.path == path and name and opened.values is not None:
            errors[name] = text
        else:
            notes.append(f"{label_of(design.form, one.path, locale)}：{text}" if one.path else text)
    return msgspec.structs.replace(opened, errors=errors, notes=tuple(notes))


async def _told(request: WebRequest, reader: Reader, form_id: str, error: DesignChanged) -> Response[Any]:
    """Show the newest state and say whose change it holds; the change that came too late is not in it."""
    design = await get_design(reader, form_id)
    return await _desk(request, reader, design, Open(changed_by=str(error.params.get("by") or "")), status=409)


@post("/t/{slug:str}/forms/design/{form_id:str}/undo", guards=[_DESIGN])
async def undo(request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]) -> Response[Any]:
    fields = await request.read(Seen)
    try:
        design = await undo_design(uow, form_id=form_id, seen=fields.seen)
    except DesignChanged as error:
        raise Refused(await _told(request, uow, form_id, error)) from error
    if current_page().partial:
        return await _desk(request, uow, design)
    return go_to(request, _home(request, form_id), toast=Toast(text=gettext("The last change is taken back")))


@post("/t/{slug:str}/forms/design/{form_id:str}/discard", guards=[_DESIGN])
async def discard(request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]) -> Response[Any]:
    fields = await request.read(Seen)
    try:
        await discard_design(uow, form_id=form_id, seen=fields.seen)
    except DesignChanged as error:
        raise Refused(await _told(request, uow, form_id, error)) from error
    toast = Toast(text=gettext("The draft is thrown away; the form in force stays as it is"))
    return go_to(request, _home(request, form_id), toast=toast)


@post("/t/{slug:str}/forms/design/{form_id:str}/publish", guards=[_DESIGN])
async def publish(request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]) -> Response[Any]:
    fields = await request.read(Seen)
    design = await get_design(uow, form_id)
    before, lines = design.stand.revision, len(design.differences)
    try:
        await publish_design(uow, form_id=form_id, seen=fields.seen)
    except DesignChanged as error:
        raise Refused(await _told(request, uow, form_id, error)) from error
    except DesignInConflict as error:
        raise Refused(await _desk(request, uow, design, status=409)) from error
    text = ngettext("Published: %(num)s change is in force", "Published: %(num)s changes are in force", lines)
    undo_action = f"{_home(request, form_id)}/revisions/{before}/restore"
    return go_to(request, _home(request, form_id), toast=Toast(text=text % {"num": lines}, undo_action=undo_action))


@post("/t/{slug:str}/forms/design/{form_id:str}/revisions/{revision:int}/restore", guards=[_DESIGN])
async def restore(
    request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str], revision: FromPath[int]
) -> Response[Any]:
    """Put an older revision in force again; 0 is the form as its plugins bring it."""
    before = (await get_design(uow, form_id)).stand.revision
    new = await restore_design(uow, form_id=form_id, revision=revision)
    text = (
        gettext("Revision %(old)s is in force again, as revision %(new)s")
        if revision
        else gettext("The form is as its plugin brings it again")
    )
    undo_action = f"{_home(request, form_id)}/revisions/{before}/restore"
    toast = Toast(text=text % {"old": revision, "new": new} if revision else text, undo_action=undo_action)
    return go_to(request, _home(request, form_id), toast=toast)


routes = [show_designs, show_design, do_step, save_field, add_field, undo, discard, publish, restore]
