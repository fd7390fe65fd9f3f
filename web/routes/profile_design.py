"""What a chain defines for its customers' profiles: tags, and fields of its own."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.customers.rules.profile import EntityType
from core.errors import FieldProblem, InvalidInput, NotFound
from core.profiles.actions import DuplicateTag, add_tag, archive_tag, change_tag
from core.profiles.fields import archive_field, change_field, define_field, move_field
from core.profiles.queries import get_field, get_tag, list_fields, list_tags
from core.profiles.rules import OwnField, read_options, write_options
from core.uow import Reader, UnitOfWork
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.profile import COLOURS, FIELD_KINDS, TAG_STATES

PATH: Final = "/t/{slug:str}/customers"
DESIGN: Final = [requires("customers.design")]
LIMIT: Final = 32 * 1024


class TagForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag as an administrator types it."""

    name: str = ""
    colour: str = "grey"


class FieldForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field as an administrator types it; options one a line."""

    entity: str = "customer"
    label_zh: str = ""
    label_en: str = ""
    kind: str = "text"
    options: str = ""


async def _show_tags(
    request: WebRequest, reader: Reader, *, status: int = 200, values: object = None, errors: object = None
) -> Response[Any]:
    tags = await list_tags(reader, archived=True)
    return await show(
        request,
        "pages/customers/tags.html",
        status=status,
        tags=[(tag, TAG_STATES[tag.colour]) for tag in tags if not tag.archived],
        archived=[(tag, TAG_STATES[tag.colour]) for tag in tags if tag.archived],
        colours=[(code, gettext(words)) for code, words in COLOURS.items()],
        values=values or TagForm(),
        errors=errors or {},
        root=tenant_path(request, "/customers"),
    )


@get(PATH + "/tags", guards=DESIGN)
async def show_tags(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_tags(request, reader)


@post(PATH + "/tags", guards=DESIGN, request_max_body_size=LIMIT)
async def do_add_tag(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(TagForm)
    try:
        await add_tag(uow, name=form.name, colour=form.colour)
    except (InvalidInput, DuplicateTag) as error:
        raise Refused(await _show_tags(request, uow, status=422, values=form, errors=_tag_errors(error))) from None
    path = tenant_path(request, "/customers/tags")
    return go_to(request, path, toast=Toast(text=gettext("The tag was added")))


def _tag_errors(error: InvalidInput | DuplicateTag) -> dict[str, str]:
    if isinstance(error, InvalidInput):
        return field_texts(error.problems)
    return field_texts((FieldProblem("name", "taken"),))


@get(PATH + "/tags/{tag_id:uuid}", guards=DESIGN)
async def show_tag(request: WebRequest, reader: NamedDependency[Reader], tag_id: FromPath[UUID]) -> Response[Any]:
    return await _show_tag(request, reader, tag_id)


async def _show_tag(
    request: WebRequest,
    reader: Reader,
    tag_id: UUID,
    *,
    status: int = 200,
    values: object = None,
    errors: object = None,
) -> Response[Any]:
    tag = await get_tag(reader, tag_id)
    return await show(
        request,
        "pages/customers/tag.html",
        status=status,
        tag=tag,
        colours=[(code, gettext(words)) for code, words in COLOURS.items()],
        values=values or TagForm(tag.name, tag.colour),
        errors=errors or {},
        root=tenant_path(request, "/customers"),
    )


@post(PATH + "/tags/{tag_id:uuid}", guards=DESIGN, request_max_body_size=LIMIT)
async def do_change_tag(request: WebRequest, uow: NamedDependency[UnitOfWork], tag_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(TagForm)
    try:
        await change_tag(uow, tag_id=tag_id, name=form.name, colour=form.colour)
    except (InvalidInput, DuplicateTag) as error:
        page = await _show_tag(request, uow, tag_id, status=422, values=form, errors=_tag_errors(error))
        raise Refused(page) from None
    return go_to(request, tenant_path(request, "/customers/tags"), toast=Toast(text=gettext("Saved")))


@post(PATH + "/tags/{tag_id:uuid}/{deed:str}", guards=DESIGN, request_max_body_size=LIMIT)
async def do_archive_tag(
    request: WebRequest, uow: NamedDependency[UnitOfWork], tag_id: FromPath[UUID], deed: FromPath[str]
) -> Response[Any]:
    """Take a tag out of use, or bring it back: each is the other's undo."""
    if deed not in {"add", "remove"}:
        raise NotFound("no such deed")
    tag = await archive_tag(uow, tag_id=tag_id, archived=deed == "remove")
    path = tenant_path(request, "/customers/tags")
    if deed == "add":
        return go_to(request, path, toast=Toast(text=gettext("%(name)s is in use again") % {"name": tag.name}))
    text = gettext("%(name)s is out of use") % {"name": tag.name}
    return go_to(request, path, toast=Toast(text=text, undo_action=f"{path}/{tag_id}/add"))


async def _show_fields(
    request: WebRequest, reader: Reader, *, status: int = 200, values: object = None, errors: object = None
) -> Response[Any]:
    fields = await list_fields(reader, archived=True)
    return await show(
        request,
        "pages/customers/fields.html",
        status=status,
        groups=[
            (entity, words, [_line(field) for field in fields if field.entity_type == entity and not field.archived])
            for entity, words in (("customer", gettext("Customers")), ("subject", gettext("Pets")))
        ],
        archived=[_line(field) for field in fields if field.archived],
        kinds=[(code, gettext(words)) for code, words in FIELD_KINDS.items()],
        values=values or FieldForm(),
        errors=errors or {},
        root=tenant_path(request, "/customers"),
    )


def _line(field: OwnField) -> dict[str, Any]:
    options = [localized(label) or value for value, label in field.options]
    return {
        "entity": field.entity_type,
        "key": field.key,
        "label": localized(field.label) or field.key,
        "detail": " · ".join([gettext(FIELD_KINDS[field.kind]), *options[:4]]) + ("…" if len(options) > 4 else ""),
        "shipped": field.shipped,
    }


@get(PATH + "/fields", guards=DESIGN)
async def show_fields(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_fields(request, reader)


def _entity(text: str) -> EntityType:
    if text == "customer":
        return "customer"
    if text == "subject":
        return "subject"
    raise NotFound("no such kind of record")


def _errors(error: InvalidInput) -> dict[str, str]:
    texts = field_texts(error.problems)
    return texts | ({"label_zh": texts["label"]} if "label" in texts else {})


@post(PATH + "/fields", guards=DESIGN, request_max_body_size=LIMIT)
async def do_define_field(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(FieldForm)
    try:
        await define_field(
            uow,
            entity_type=_entity(form.entity),
            label={"zh-CN": form.label_zh, "en": form.label_en},
            kind=form.kind,
            options=read_options(form.options),
        )
    except InvalidInput as error:
        raise Refused(await _show_fields(request, uow, status=422, values=form, errors=_errors(error))) from None
    path = tenant_path(request, "/customers/fields")
    return go_to(request, path, toast=Toast(text=gettext("The field was added")))


async def _show_field(
    request: WebRequest, field: OwnField, *, status: int = 200, values: object = None, errors: object = None
) -> Response[Any]:
    filled = FieldForm(
        entity=field.entity_type,
        label_zh=field.label.get("zh-CN", ""),
        label_en=field.label.get("en", ""),
        kind=field.kind,
        options=write_options(field.options),
    )
    return await show(
        request,
        "pages/customers/field.html",
        status=status,
        field=field,
        label=localized(field.label) or field.key,
        kind=gettext(FIELD_KINDS[field.kind]),
        values=values or filled,
        errors=errors or {},
        root=tenant_path(request, "/customers"),
    )


@get(PATH + "/fields/{entity:str}/{key:str}", guards=DESIGN)
async def show_field(
    request: WebRequest, reader: NamedDependency[Reader], entity: FromPath[str], key: FromPath[str]
) -> Response[Any]:
    return await _show_field(request, await get_field(reader, _entity(entity), key))


@post(PATH + "/fields/{entity:str}/{key:str}", guards=DESIGN, request_max_body_size=LIMIT)
async def do_change_field(
    request: WebRequest, uow: NamedDependency[UnitOfWork], entity: FromPath[str], key: FromPath[str]
) -> Response[Any]:
    field = await get_field(uow, _entity(entity), key)
    form = await request.read(FieldForm)
    try:
        await change_field(
            uow,
            entity_type=field.entity_type,
            key=key,
            label={"zh-CN": form.label_zh, "en": form.label_en},
            options=read_options(form.options),
        )
    except InvalidInput as error:
        page = await _show_field(request, field, status=422, values=form, errors=_errors(error))
        raise Refused(page) from None
    return go_to(request, tenant_path(request, "/customers/fields"), toast=Toast(text=gettext("Saved")))


@post(PATH + "/fields/{entity:str}/{key:str}/{deed:str}", guards=DESIGN, request_max_body_size=LIMIT)
async def do_move_field(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    entity: FromPath[str],
    key: FromPath[str],
    deed: FromPath[str],
) -> Response[Any]:
    """up, down, remove (out of use) and add (back): the last two are each other's undo."""
    kind = _entity(entity)
    path = tenant_path(request, "/customers/fields")
    if deed in {"up", "down"}:
        await move_field(uow, entity_type=kind, key=key, up=deed == "up")
        return go_to(request, path)
    if deed not in {"add", "remove"}:
        raise NotFound("no such deed")
    await archive_field(uow, entity_type=kind, key=key, archived=deed == "remove")
    if deed == "add":
        return go_to(request, path, toast=Toast(text=gettext("The field is in use again")))
    toast = Toast(text=gettext("The field is out of use; its values stay"), undo_action=f"{path}/{kind}/{key}/add")
    return go_to(request, path, toast=toast)


routes = [
    show_tags,
    do_add_tag,
    show_tag,
    do_change_tag,
    do_archive_tag,
    show_fields,
    do_define_field,
    show_field,
    do_change_field,
    do_move_field,
]
