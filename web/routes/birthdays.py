"""Birthdays whose gift waits at the desk: whom to greet, the pick-up code, and handing the gift over."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.birthdays.actions import hand_over
from core.birthdays.queries import (
    GiftRecord,
    count_due_gifts,
    find_rules,
    find_silent,
    get_gift,
    list_due_gifts,
    list_handed_gifts,
)
from core.errors import InvalidInput
from core.programs.queries import get_program
from core.referrals.rules import read_code
from core.uow import Reader, UnitOfWork
from web.cursors import pack_cursor, read_day_cursor
from web.decide_tabs import DecideTab, add_decide_tab, decide_tabs
from web.downloads import csv_download
from web.formats import format_date
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.decide import need
from web.routes.decide_reviews import read_choice
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import reviews as words

PATH: Final = "/t/{slug:str}/birthdays"
ONE: Final = PATH + "/{gift_id:uuid}"
_READ, _GIVE = [requires("loyalty.read")], [requires("loyalty.grant")]
_EXPORT: Final = [requires("customers.export")]
BODY_LIMIT: Final = 16 * 1024
PAGE, EXPORT_ROWS, HOME_ROWS = 25, 5000, 5


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the gifts, by its place."""

    choice: str = ""


add_decide_tab(
    DecideTab(
        id="birthdays",
        label=N_("Birthdays"),
        path="/birthdays",
        permission="loyalty.read",
        count=count_due_gifts,
        rank=90,
        counted=False,
    )
)


async def _lines(reader: Reader, gifts: list[GiftRecord]) -> list[words.GiftLine]:
    today = reader.today
    silent, program = await find_silent(reader, gifts), await get_program(reader)
    return [words.gift_line(one, today=today, silent=silent, program=program) for one in gifts]


async def _load_home(reader: Reader) -> Any:
    gifts = await list_due_gifts(reader, limit=HOME_ROWS)
    return await _lines(reader, gifts) if gifts else None


add_section(
    Section(
        id="birthdays",
        template="pages/decide/_birthdays_home.html",
        load=_load_home,
        permission="loyalty.read",
        rank=65,
    )
)


@get(PATH, guards=_READ)
async def show_birthdays(
    request: WebRequest,
    reader: NamedDependency[Reader],
    code: FromQuery[str] = "",
    which: FromQuery[str] = "due",
    after: FromQuery[str] = "",
) -> Response[Any]:
    typed = read_code(code)
    handed = which == "handed"
    cursor = read_day_cursor(after)
    if handed:
        gifts = await list_handed_gifts(reader)
    elif code and (typed is None or not typed.short):
        gifts = []
    else:
        gifts = await list_due_gifts(reader, typed=typed.short if typed else "", after=cursor, limit=PAGE + 1)
    root = tenant_path(request, "/birthdays")
    more = ""
    if not handed and len(gifts) > PAGE:
        last = gifts[PAGE - 1]
        more = f"{root}?after={pack_cursor(last.birthday_on.isoformat(), last.gift_id)}"
    return await show(
        request,
        "pages/decide/birthdays.html",
        partial="pages/decide/_birthdays_more.html",
        lines=await _lines(reader, gifts[:PAGE]),
        more=more,
        handed=handed,
        code=code,
        views=[(gettext("May be fetched"), root, not handed), (gettext("Handed out"), f"{root}?which=handed", handed)],
        has_rule=bool(await find_rules(reader)),
        root=root,
        tenant=tenant_path(request),
        may_export=reader.actor.may("customers.export"),
        tabs=await decide_tabs(reader, tenant_path(request), "birthdays"),
    )


@get(PATH + ".csv", guards=_EXPORT)
async def export_birthdays(reader: NamedDependency[Reader]) -> Response[bytes]:
    need(reader, "loyalty.read")
    gifts = await list_due_gifts(reader, limit=EXPORT_ROWS)
    return csv_download(words.gifts_table(await _lines(reader, gifts)), "birthdays.csv")


async def _show_one(
    request: WebRequest, reader: Reader, gift: GiftRecord, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    program = await get_program(reader)
    today = reader.today
    options = words.reward_options(gift.terms.choose_one_of, program)
    open_now = gift.state == "open" and gift.opens_on <= today <= gift.closes_on and gift.deceased_on is None
    return await show(
        request,
        "pages/decide/birthday.html",
        status=status,
        gift=gift,
        line=(await _lines(reader, [gift]))[0],
        options=options,
        chosen="0" if len(options) == 1 else "",
        open_now=open_now,
        window=f"{format_date(gift.opens_on)} – {format_date(gift.closes_on)}",
        errors=errors or {},
        root=tenant_path(request, "/birthdays"),
        here=tenant_path(request, f"/birthdays/{gift.gift_id}"),
        tenant=tenant_path(request),
        may_give=reader.actor.may("loyalty.grant"),
        may_see=reader.actor.may("customers.read"),
    )


@get(ONE, guards=_READ)
async def show_birthday(request: WebRequest, reader: NamedDependency[Reader], gift_id: FromPath[UUID]) -> Response[Any]:
    return await _show_one(request, reader, await get_gift(reader, gift_id))


@post(ONE + "/hand-over", guards=_GIVE, request_max_body_size=BODY_LIMIT)
async def do_hand_over(request: WebRequest, uow: NamedDependency[UnitOfWork], gift_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Choice)
    try:
        gift = await hand_over(uow, gift_id=gift_id, choice=read_choice(form.choice))
    except InvalidInput as error:
        found = await get_gift(uow, gift_id)
        page = await _show_one(request, uow, found, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    text = gettext("The birthday gift of %(name)s was handed out") % {"name": gift.subject_name or gift.customer_name}
    return go_to(request, tenant_path(request, "/birthdays"), toast=Toast(text=text))


routes = [show_birthdays, export_birthdays, show_birthday, do_hand_over]
