"""Suspected duplicates with their reasons, the preview of a merge, the merge itself and its undo."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.actions import CustomerChanged
from core.customers.queries import CustomerRecord
from core.errors import FieldProblem, InvalidInput, NotFound
from core.merges.actions import suspect_again, tell_apart
from core.merges.merging import merge_customers
from core.merges.queries import (
    MergePreview,
    MergeRecord,
    SuspectState,
    count_suspects,
    get_merge_preview,
    list_merges,
    list_suspects,
    list_suspects_of,
)
from core.merges.rules import FIELDS, OWN, PetPair
from core.merges.undoing import MergeGrown, undo_merge
from core.profiles.queries import list_fields
from core.programs.queries import get_ladder
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.cursors import pack_cursor, read_cursor
from web.customer_sections import CustomerSection, add_customer_section
from web.customer_tabs import customer_tabs
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused
from web.request import WebRequest, convert
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.customers import tier_view
from web.views.duplicates import (
    LEVELS,
    SuspectLine,
    choice_lines,
    count_lines,
    grown_texts,
    reason_lines,
    suspect_line,
    tail_of,
)

PATH: Final = "/t/{slug:str}/customers"
ONE: Final = PATH + "/{customer_id:uuid}"
MERGE: Final = [requires("customers.merge")]
PAGE: Final = 20


class ApartForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why they are two people; may stay empty."""

    reason: str = ""


class MergeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which record comes in, as it was when the preview was shown, and which side stays in each field."""

    other: str = msgspec.field(name="with", default="")
    left_version: str = ""
    right_version: str = ""
    full_name: str = ""
    phone_e164: str = ""
    gender: str = ""
    member_no: str = ""
    branch_id: str = ""
    note: str = ""
    pets: list[str] = []
    own: dict[str, str] = {}
    """The chain's own fields, `own.key` -> left or right."""

    @property
    def choices(self) -> dict[str, str]:
        """Field -> left, right or both."""
        return {key: chosen for key in FIELDS if (chosen := getattr(self, key))} | self.own


class _Twins(msgspec.Struct, frozen=True):
    """What the customer's page says: who may be the same person, and who was merged into this one."""

    suspects: list[tuple[SuspectLine, str, str]]
    merges: list[MergeRecord]


async def _load_twins(reader: Reader, record: CustomerRecord) -> _Twins | None:
    found = await list_suspects_of(reader, record.customer_id)
    merges = [one for one in await list_merges(reader, record.customer_id) if one.may_undo]
    lines = []
    for one in found:
        other = one.b if one.a.customer_id == record.customer_id else one.a
        lines.append((suspect_line(one), str(other.customer_id), other.full_name))
    return _Twins(lines, merges) if lines or merges else None


add_customer_section(
    CustomerSection(
        id="twins",
        template="pages/customers/_twins.html",
        load=_load_twins,
        permission="customers.merge",
        rank=5,
    )
)


@get(PATH + "/duplicates", guards=MERGE)
async def show_duplicates(
    request: WebRequest,
    reader: NamedDependency[Reader],
    level: FromQuery[str] = "",
    told: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    state: SuspectState = "dismissed" if told == "apart" else "open"
    chosen = level if level in LEVELS and state == "open" else ""
    rows = await list_suspects(reader, state=state, level=chosen, after=_after(after), limit=PAGE)
    here = tenant_path(request, "/customers/duplicates")
    last = rows[-1] if len(rows) == PAGE else None
    cursor = pack_cursor(f"{last.score}|{last.b.customer_id}", last.a.customer_id) if last else ""
    counts = await count_suspects(reader)
    items: list[tuple[Any, ...]] = [(gettext("All"), here, not chosen and state == "open", sum(counts.values()))]
    items += [
        (gettext(words), f"{here}?level={name}", chosen == name, counts.get(name, 0)) for name, words in LEVELS.items()
    ]
    items.append((gettext("Two people"), f"{here}?told=apart", state == "dismissed"))
    return await show(
        request,
        "pages/customers/duplicates.html",
        partial="pages/customers/_suspects_more.html" if after else None,
        lines=[suspect_line(row) for row in rows],
        items=items,
        apart=state == "dismissed",
        tabs=await customer_tabs(request, reader, "duplicates"),
        more=f"{here}?level={chosen}&told={'apart' if state == 'dismissed' else ''}&after={cursor}" if cursor else None,
        root=tenant_path(request, "/customers"),
    )


def _after(text: str) -> tuple[int, UUID, UUID] | None:
    cursor = read_cursor(text)
    score, _, other = (cursor[0] if cursor else "").partition("|")
    if cursor is None or not score.isdecimal() or len(score) > 4:
        return None
    second = _uuid(other)
    return (int(score), cursor[1], second) if second else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@post(ONE + "/twins/{other_id:uuid}/apart", guards=MERGE)
async def do_tell_apart(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], other_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(ApartForm)
    await tell_apart(uow, customer_id=customer_id, other_id=other_id, reason=form.reason)
    again = tenant_path(request, f"/customers/{customer_id}/twins/{other_id}/again")
    toast = Toast(text=gettext("They stay two people"), undo_action=again)
    return go_to(request, tenant_path(request, "/customers/duplicates"), toast=toast)


@post(ONE + "/twins/{other_id:uuid}/again", guards=MERGE)
async def do_suspect_again(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], other_id: FromPath[UUID]
) -> Response[Any]:
    await suspect_again(uow, customer_id=customer_id, other_id=other_id)
    toast = Toast(text=gettext("The pair is back on the list"))
    return go_to(request, tenant_path(request, "/customers/duplicates"), toast=toast)


@get(ONE + "/merge", guards=MERGE)
async def show_merge(
    request: WebRequest, reader: NamedDependency[Reader], customer_id: FromPath[UUID]
) -> Response[Any]:
    other_id = _uuid(request.query_params.get("with", ""))
    if other_id is None:
        raise NotFound("no such customer")
    return await _show_preview(request, reader, customer_id, other_id)


async def _show_preview(
    request: WebRequest,
    reader: Reader,
    customer_id: UUID,
    other_id: UUID,
    *,
    status: int = 200,
    form: MergeForm | None = None,
    error: str = "",
) -> Response[Any]:
    choices = form.choices if form else {}
    preview = await get_merge_preview(reader, winner_id=customer_id, loser_id=other_id, choices=choices)
    branches = {branch.branch_id: branch.name for branch in await list_branches(reader)}
    ladder = await get_ladder(reader)
    root = tenant_path(request, "/customers")
    return await show(
        request,
        "pages/customers/merge.html",
        status=status,
        preview=preview,
        fields=choice_lines(preview, branches),
        phones=[tail_of(phone) for phone in preview.phones],
        reasons=reason_lines(preview.likeness.reasons),
        household=preview.likeness.household,
        counts=count_lines(preview.counts),
        left_tier=tier_view(ladder, preview.left_card.tier),
        right_tier=tier_view(ladder, preview.right_card.tier),
        unpicked=[pair for pair in _offered(preview) if form and pair not in form.pets],
        error=error,
        root=root,
        swap=f"{root}/{other_id}/merge?with={customer_id}",
    )


def _offered(preview: MergePreview) -> list[str]:
    return [f"{source.subject_id}:{into.subject_id}" for source, into in preview.pets]


@post(ONE + "/merge", guards=MERGE)
async def do_merge(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    form = await _read_choices(request)
    other_id = _uuid(form.other)
    if other_id is None:
        raise NotFound("no such customer")
    try:
        merge_id = await merge_customers(
            uow,
            winner_id=customer_id,
            loser_id=other_id,
            choices=form.choices,
            pets=_pairs(form.pets),
            versions=(_number(form.left_version), _number(form.right_version)),
        )
    except CustomerChanged:
        text = gettext("One of the two was changed meanwhile. Look at both again, then merge.")
        raise Refused(
            await _show_preview(request, uow, customer_id, other_id, status=409, form=form, error=text)
        ) from None
    undo = tenant_path(request, f"/customers/merges/{merge_id}/undo")
    toast = Toast(text=gettext("The two are one customer now"), undo_action=undo)
    return go_to(request, tenant_path(request, f"/customers/{customer_id}"), toast=toast)


async def _read_choices(request: WebRequest) -> MergeForm:
    """The form; the chain's own fields are inputs of their own, by their keys."""
    fields = dict(await request.open_form())
    own = {name: fields.pop(name) for name in list(fields) if name.startswith(OWN)}
    pets = fields.get("pets", [])
    return convert(fields | {"own": own, "pets": pets if isinstance(pets, list) else [pets]}, MergeForm)


def _pairs(texts: list[str]) -> list[PetPair]:
    pairs = []
    for text in texts:
        source, _, into = text.partition(":")
        left, right = _uuid(source), _uuid(into)
        if left is None or right is None:
            raise InvalidInput((FieldProblem("pets", "bad-choice"),))
        pairs.append(PetPair(left, right))
    return pairs


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@post(PATH + "/merges/{merge_id:uuid}/undo", guards=MERGE)
async def do_undo_merge(
    request: WebRequest, uow: NamedDependency[UnitOfWork], merge_id: FromPath[UUID]
) -> Response[Any]:
    try:
        customer_id = await undo_merge(uow, merge_id=merge_id)
    except MergeGrown as grown:
        reasons = grown.params.get("reasons", ())
        own = {OWN + one.key: localized(one.label) or one.key for one in await list_fields(uow, entity_type="customer")}
        texts = grown_texts(list(reasons) if isinstance(reasons, tuple) else [], own)
        raise Refused(await show(request, "pages/customers/grown.html", status=409, texts=texts)) from None
    toast = Toast(text=gettext("They are two customers again"))
    return go_to(request, tenant_path(request, f"/customers/{customer_id}"), toast=toast)


routes = [
    show_duplicates,
    do_tell_apart,
    do_suspect_again,
    show_merge,
    do_merge,
    do_undo_merge,
]
