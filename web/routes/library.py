"""The case library: every branch searches it, a reviewer looks at what was taken out and publishes, and it can be withdrawn."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaints.queries.cases import get_complaint
from core.errors import InvalidInput
from core.hearings.queries import list_hearings, list_members
from core.hooks.specs.complaints import complaint_categories
from core.lessons.actions.library import draft_entry, publish_entry, withdraw_entry
from core.lessons.queries.closing import cause_labels, list_causes
from core.lessons.queries.library import (
    TEXTS,
    EntryFacts,
    EntryFilter,
    count_drafts,
    get_entry,
    get_known,
    get_source,
    list_entries,
)
from core.lessons.rules.masking import Piece, mask, pieces_of
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.cursors import pack_cursor, read_moment_cursor
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaints import LEVEL_NAMES, LEVELS
from web.views.lessons import label_of, tree_options

PATH: Final = "/t/{slug:str}/library"
ONE: Final = PATH + "/{entry_id:uuid}"
_READ, _WRITE, _JUDGE = (requires(f"complaints.{verb}") for verb in ("read", "write", "judge"))
BODY_LIMIT: Final = 128 * 1024
PAGE: Final = 25
VIEWS: Final = {"published": N_("Published"), "draft": N_("To review"), "withdrawn": N_("Withdrawn")}
NAMES: Final = {
    "situation": N_("What happened"),
    "done": N_("What was done"),
    "outcome": N_("How it ended"),
    "lesson": N_("What we learn"),
    "script": N_("Words that helped"),
}

add_entry(
    Entry(
        id="library",
        label=N_("Case library"),
        icon="book-open",
        path="/library",
        permission="complaints.read",
        rank=48,
    )
)


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry as its reviewer leaves it."""

    situation: str = ""
    done: str = ""
    outcome: str = ""
    lesson: str = ""
    script: str = ""
    seen: str = ""


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it goes."""

    reason: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the list."""

    entry_id: UUID
    title: str
    lesson: str
    level: str
    category: str
    cause: str


def _first(text: str, limit: int = 80) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "—"
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _line(reader: Reader, one: EntryFacts) -> Line:
    categories = {each.value.id: each.value.label for each in reader.plugins.declared(complaint_categories)}
    return Line(
        entry_id=one.entry_id,
        title=_first(one.situation),
        lesson=_first(one.lesson),
        level=one.severity,
        category=label_of(categories, one.category),
        cause=label_of(cause_labels(reader), one.cause),
    )


async def _names(reader: Reader, complaint_id: UUID | None) -> list[str]:
    """Everybody of the house, and who came to the case's hearings from outside."""
    known = [person.full_name for person in await list_people(reader)]
    hearings = await list_hearings(reader, complaint_id) if complaint_id is not None else []
    for hearing in hearings:
        known += [one.full_name for one in await list_members(reader, hearing.hearing_id)]
    return list(dict.fromkeys(known))


@get(PATH, guards=[_READ])
async def show_library(
    request: WebRequest,
    reader: NamedDependency[Reader],
    q: FromQuery[str] = "",
    which: FromQuery[str] = "published",
    category: FromQuery[str] = "",
    cause: FromQuery[str] = "",
    level: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    which = which if which in VIEWS and (which == "published" or reader.actor.may("complaints.judge")) else "published"
    wanted = EntryFilter(
        state=which, words=q[:100], category=category, cause=cause, severity=level if level in LEVELS else ""
    )
    rows = await list_entries(reader, wanted=wanted, after=read_moment_cursor(after), limit=PAGE + 1)
    here = tenant_path(request, "/library")
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    moment = (last.published_at if which == "published" else last.made_at) if last is not None else None
    query = f"which={which}&q={q[:100]}&category={category}&cause={cause}&level={level}"
    may_judge = reader.actor.may("complaints.judge")
    categories = [one.value for one in reader.plugins.declared(complaint_categories)]
    return await show(
        request,
        "pages/library/list.html",
        partial="pages/library/_more.html",
        lines=[_line(reader, one) for one in rows[:PAGE]],
        more=f"{here}?{query}&after={pack_cursor(moment.isoformat(), last.entry_id)}" if last and moment else "",
        which=which,
        q=q[:100],
        category=category,
        cause=cause,
        level=level,
        categories=tree_options(categories),
        causes=tree_options(list_causes(reader)),
        levels=[(code, gettext(LEVEL_NAMES[code])) for code in LEVELS],
        views=[(gettext(name), f"{here}?which={code}", code == which) for code, name in VIEWS.items()]
        if may_judge
        else [],
        waiting=await count_drafts(reader) if may_judge else 0,
        here=here,
        root=tenant_path(request, "/complaints"),
    )


async def _show_one(
    request: WebRequest,
    reader: Reader,
    entry_id: UUID,
    *,
    status: int = 200,
    typed: Review | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    entry = await get_entry(reader, entry_id)
    may_judge = reader.actor.may("complaints.judge")
    reviewing = entry.state == "draft" and may_judge
    return await show(
        request,
        "pages/library/entry.html",
        status=status,
        entry=entry,
        line=_line(reader, entry),
        texts=[(name, gettext(NAMES[name]), getattr(entry, name)) for name in TEXTS if getattr(entry, name)],
        marked=await _marked(reader, entry) if reviewing else [],
        values={name: getattr(typed or entry, name) for name in TEXTS},
        names={name: gettext(text) for name, text in NAMES.items()},
        errors=errors or {},
        may_judge=may_judge,
        root=tenant_path(request, "/library"),
        here=tenant_path(request, f"/library/{entry_id}"),
        case=tenant_path(request, f"/complaints/{entry.complaint_id}") if entry.complaint_id else "",
    )


async def _marked(reader: Reader, entry: EntryFacts) -> list[tuple[str, tuple[Piece, ...]]]:
    """The case's own words beside what stands for them, put together anew for the reviewer and kept nowhere."""
    if entry.complaint_id is None:
        return []
    case = await get_complaint(reader, complaint_id=entry.complaint_id)
    source, known = (
        await get_source(reader, case),
        await get_known(reader, case, staff=await _names(reader, case.complaint_id)),
    )
    texts = [(gettext(NAMES[name]), getattr(source, name)) for name in TEXTS]
    return [(name, pieces_of(text, mask(text, known))) for name, text in texts if text]


@get(ONE, guards=[_READ])
async def show_entry(request: WebRequest, reader: NamedDependency[Reader], entry_id: FromPath[UUID]) -> Response[Any]:
    return await _show_one(request, reader, entry_id)


@post("/t/{slug:str}/complaints/{complaint_id:uuid}/library", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_draft_entry(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    entry = await draft_entry(uow, complaint_id=complaint_id, staff=await _names(uow, complaint_id))
    toast = Toast(text=gettext("A draft without names; somebody reviews it before others can read it"))
    return go_to(request, tenant_path(request, f"/library/{entry.entry_id}"), toast=toast)


@post(f"{ONE}/publish", guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_publish_entry(
    request: WebRequest, uow: NamedDependency[UnitOfWork], entry_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Review)
    texts = {name: getattr(form, name) for name in TEXTS}
    try:
        names = await _names(uow, (await get_entry(uow, entry_id)).complaint_id)
        await publish_entry(uow, entry_id=entry_id, texts=texts, seen=form.seen == "true", staff=names)
    except InvalidInput as error:
        page = await _show_one(request, uow, entry_id, status=422, typed=form, errors=field_texts(error.problems))
        raise Refused(page) from error
    toast = Toast(text=gettext("Published for every branch"))
    return go_to(request, tenant_path(request, f"/library/{entry_id}"), toast=toast)


@post(f"{ONE}/withdraw", guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_withdraw_entry(
    request: WebRequest, uow: NamedDependency[UnitOfWork], entry_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Withdrawal)
    try:
        await withdraw_entry(uow, entry_id=entry_id, reason=form.reason)
    except InvalidInput as error:
        page = await _show_one(request, uow, entry_id, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    return go_to(request, tenant_path(request, "/library"), toast=Toast(text=gettext("Withdrawn")))


routes = [show_library, show_entry, do_draft_entry, do_publish_entry, do_withdraw_entry]
