"""Segments: the list, one with its members and reasons, and the editor without code."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.conditions.rules.catalogue import Catalogue, tree_problems
from core.customers.queries import CustomerRecord, list_customers_by_id
from core.customers.rules.names import clean_name, clean_text
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.conditions import All, AnyOf, Not, Tree
from core.segments.actions import SegmentChanged, add_segment, change_segment, remove_segment
from core.segments.fields import get_fields
from core.segments.queries import (
    count_matching,
    get_segment,
    list_explanations,
    list_matching,
    list_segments,
    list_segments_of,
)
from core.segments.rules import SegmentDraft
from core.uow import Reader, UnitOfWork
from web.customer_sections import CustomerSection, add_customer_section
from web.customer_tabs import customer_tabs
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.segment_editor import (
    MODES,
    OPERATORS,
    UNITS,
    Node,
    change_nodes,
    is_part,
    nodes_of,
    read_nodes,
    tree_of,
)
from web.views.segments import grouped_fields, phrase, said_value, sentence

PATH: Final = "/t/{slug:str}/customers/segments"
READ, DESIGN = [requires("customers.read")], [requires("customers.design")]
SAMPLE: Final = 10
TRIED: Final = 5
_TEXTS: Final = ("name_zh", "name_en", "plan_zh", "plan_en")
_POSTED: Final = (*_TEXTS, "segment", "version", "copied_from", "do")


class Reasoned(msgspec.Struct, frozen=True):
    """One customer, whether they are in, and each condition: (holds, words, what the record says)."""

    customer_id: UUID
    name: str
    holds: bool
    reasons: list[tuple[bool, str, str]]


async def _load_segments(reader: Reader, record: CustomerRecord) -> list[tuple[str, str, str]] | None:
    found = await list_segments_of(reader, record.customer_id)
    return [(one.id, localized(one.label), localized(one.plan)) for one in found] or None


add_customer_section(
    CustomerSection(
        id="segments",
        template="pages/segments/_of_customer.html",
        load=_load_segments,
        permission="customers.read",
        place="side",
        rank=40,
    )
)


@get(PATH, guards=READ)
async def show_segments(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    catalogue, _ = await get_fields(reader)
    rows = await list_segments(reader)
    counts = {one.id: await count_matching(reader, one.tree) for one in rows if one.usable}
    return await show(
        request,
        "pages/segments/list.html",
        rows=[(one, sentence(one.tree, catalogue), counts.get(one.id)) for one in rows],
        root=tenant_path(request, "/customers"),
        may_design=reader.actor.may("customers.design"),
        tabs=await customer_tabs(request, reader, "segments"),
    )


@get(PATH + "/new", guards=DESIGN)
async def show_new_segment(
    request: WebRequest, reader: NamedDependency[Reader], copy: FromQuery[str] = ""
) -> Response[Any]:
    record = await get_segment(reader, copy) if copy else None
    catalogue, _ = await get_fields(reader)
    tree = record.tree if record else All()
    node = nodes_of(tree, catalogue)
    if record is None:
        change_nodes(node, "add:0", catalogue)
    values = {"copied_from": copy if record and record.shipped else ""}
    if record:
        values |= {"name_zh": _of(record.label, "zh-CN"), "name_en": _of(record.label, "en")}
        values |= {"plan_zh": _of(record.plan, "zh-CN"), "plan_en": _of(record.plan, "en")}
    return await _show_editor(request, reader, node, values)


def _of(text: Any, locale: str) -> str:
    return text.get(locale, "") if isinstance(text, dict) else str(text)


@get(PATH + "/{segment:str}", guards=READ)
async def show_segment(
    request: WebRequest,
    reader: NamedDependency[Reader],
    segment: FromPath[str],
    who: FromQuery[str] = "",
) -> Response[Any]:
    record = await get_segment(reader, segment)
    catalogue, _ = await get_fields(reader)
    one = _uuid(who)
    ids = await list_matching(reader, record.tree, limit=SAMPLE) if record.usable else []
    asked = [one] if one else []
    people = (
        await _reasoned(reader, record.tree, [*asked, *(i for i in ids if i != one)], catalogue)
        if record.usable
        else []
    )
    return await show(
        request,
        "pages/segments/segment.html",
        record=record,
        words=sentence(record.tree, catalogue),
        count=await count_matching(reader, record.tree) if record.usable else 0,
        people=people,
        root=tenant_path(request, "/customers"),
        may_design=reader.actor.may("customers.design"),
        may_export=reader.actor.may("customers.export"),
    )


@get(PATH + "/{segment:str}/edit", guards=DESIGN)
async def show_edit_segment(
    request: WebRequest, reader: NamedDependency[Reader], segment: FromPath[str]
) -> Response[Any]:
    record = await get_segment(reader, segment)
    if record.shipped:
        raise NotFound("a shipped segment is copied, not changed")
    catalogue, _ = await get_fields(reader)
    values = {name: getattr(record, name) for name in _TEXTS}
    values |= {"segment": record.id, "version": str(record.version)}
    return await _show_editor(request, reader, nodes_of(record.tree, catalogue), values)


@post(PATH + "/editor", guards=DESIGN)
async def do_edit_segment(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Every button of the editor comes here; only `save` writes."""
    posted = await request.open_form()
    unknown = [name for name in posted if name not in _POSTED and not is_part(name)]
    if unknown:
        raise InvalidInput(tuple(FieldProblem(name[:80], "unknown") for name in unknown[:20]))
    catalogue, _ = await get_fields(uow)
    node = read_nodes(posted, catalogue)
    values = {name: _text(posted, name) for name in _POSTED if name != "do"}
    command = _text(posted, "do")
    if command != "save":
        change_nodes(node, command, catalogue)
        return await _show_editor(request, uow, node, values)
    try:
        segment_id = await _save(uow, node, values, catalogue)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_editor(request, uow, node, values, status=422, errors=errors)) from None
    except SegmentChanged:
        errors = {"": gettext("Somebody changed this segment meanwhile. Open it again to see how it is now.")}
        raise Refused(await _show_editor(request, uow, node, values, status=409, errors=errors)) from None
    path = tenant_path(request, f"/customers/segments/{segment_id}")
    return go_to(request, path, toast=Toast(text=gettext("Saved")))


async def _save(uow: UnitOfWork, node: Node, values: dict[str, str], catalogue: Catalogue) -> UUID:
    tree = tree_of(node, catalogue)
    if tree is None or _bad(node):
        raise InvalidInput
    names = {name: clean_name(values[name]) for name in ("name_zh", "name_en")}
    plans = {name: clean_text(values[name]) for name in ("plan_zh", "plan_en")}
    draft = SegmentDraft(**names, **plans, tree=tree)
    known = _uuid(values["segment"])
    if known is None:
        return await add_segment(uow, draft=draft, copied_from=values["copied_from"] or None)
    version = int(values["version"]) if values["version"].isdecimal() and len(values["version"]) < 9 else 0
    await change_segment(uow, segment_id=known, draft=draft, version=version)
    return known


def _bad(node: Node) -> bool:
    return bool(node.error) or any(_bad(child) for child in node.children)


def _text(posted: Any, name: str) -> str:
    value = posted.get(name, "")
    return value if isinstance(value, str) else ""


async def _show_editor(
    request: WebRequest,
    reader: Reader,
    node: Node,
    values: dict[str, str],
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    catalogue, _ = await get_fields(reader)
    tree = tree_of(node, catalogue)
    wrong = tree_problems(tree, catalogue) if tree is not None else ()
    good = tree is not None and not wrong and not _bad(node)
    people: list[Reasoned] = []
    if tree is not None and good:
        inside = await list_matching(reader, tree, limit=3)
        outside = await list_matching(reader, Not(of=tree), limit=TRIED - len(inside))
        people = await _reasoned(reader, tree, [*inside, *outside], catalogue)
    return await show(
        request,
        "pages/segments/edit.html",
        partial="pages/segments/_editor.html",
        status=status,
        node=node,
        values=values,
        errors=errors or {},
        wrong=list(field_texts(wrong).values()) if wrong else [],
        catalogue=catalogue,
        groups=grouped_fields(catalogue),
        modes=MODES,
        operators=OPERATORS,
        units=UNITS,
        good=good,
        words=sentence(tree, catalogue) if tree is not None and good else "",
        count=await count_matching(reader, tree) if tree is not None and good else None,
        people=people,
        root=tenant_path(request, "/customers"),
    )


async def _reasoned(reader: Reader, tree: Tree, ids: list[UUID], catalogue: Catalogue) -> list[Reasoned]:
    names = {row.customer_id: row.full_name for row in await list_customers_by_id(reader, ids)}
    return [
        Reasoned(
            one.customer_id,
            names[one.customer_id],
            one.holds,
            [
                (judged.holds, phrase(judged, catalogue), said_value(judged, catalogue))
                for judged in one.judged
                if not isinstance(judged.node, All | AnyOf | Not)
            ],
        )
        for one in await list_explanations(reader, tree, ids)
        if one.customer_id in names
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@post(PATH + "/{segment:str}/remove", guards=DESIGN)
async def do_remove_segment(
    request: WebRequest, uow: NamedDependency[UnitOfWork], segment: FromPath[str]
) -> Response[Any]:
    await remove_segment(uow, segment_id=_own(segment))
    undo = tenant_path(request, f"/customers/segments/{segment}/restore")
    toast = Toast(text=gettext("The segment was removed"), undo_action=undo)
    return go_to(request, tenant_path(request, "/customers/segments"), toast=toast)


@post(PATH + "/{segment:str}/restore", guards=DESIGN)
async def do_restore_segment(
    request: WebRequest, uow: NamedDependency[UnitOfWork], segment: FromPath[str]
) -> Response[Any]:
    await remove_segment(uow, segment_id=_own(segment), removed=False)
    return go_to(request, tenant_path(request, f"/customers/segments/{segment}"))


def _own(segment: str) -> UUID:
    found = _uuid(segment)
    if found is None:
        raise NotFound("no such segment")
    return found


routes = [
    show_segments,
    show_new_segment,
    show_segment,
    show_edit_segment,
    do_edit_segment,
    do_remove_segment,
    do_restore_segment,
]
