"""The customer's side of a form: opened by a code on a phone, filled in, sent once."""

import secrets
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import FieldProblem, InvalidInput
from core.forms.actions import submit_intake
from core.forms.queries import OpenedForm, find_draft, get_opened_form
from core.forms.rules import decode_post, form_view
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from web.page import showing
from web.problems import Refused, problem_words
from web.request import WebRequest
from web.screens import locale_of, page_for, show
from web.security import BY_CODE

BODY_LIMIT = 2 * 1024 * 1024
"""Answers with a drawn signature; photos go another way."""


async def _show_form(
    request: WebRequest,
    opened: OpenedForm,
    answers: dict[str, Any],
    *,
    errors: tuple[FieldProblem, ...] = (),
    once: str = "",
    status: int = 200,
    leftovers: tuple[Any, ...] = (),
) -> Response[Any]:
    page = page_for(request)
    with showing(page):
        view = form_view(opened.form, answers, errors, page.lang, opened.today, known=opened.known)
    return await show(
        request,
        "pages/forms/fill.html",
        status=status,
        page=page,
        view=view,
        action=f"/q/{opened.link.code}",
        once=once or secrets.token_urlsafe(18),
        draft_key=f"{opened.link.code}:{opened.version}",
        problem=problem_words,
        saved=False,
        leftovers=leftovers,
    )


@get("/q/{code:str}", guards=[BY_CODE])
async def show_intake(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    opened = await get_opened_form(reader, code)
    draft = await find_draft(reader, opened, key=None)
    answers = opened.answers | (draft.carried.answers if draft is not None else {})
    return await _show_form(request, opened, answers)


async def _pairs(request: WebRequest) -> list[tuple[str, str]]:
    fields = await request.open_form()
    return [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]


@post("/q/{code:str}", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_intake(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    pairs = await _pairs(request)
    # The second click of a double click on a link for one still belongs to the first.
    once = dict(pairs).get("_once", "")[:100]
    opened = await get_opened_form(uow, code, once_key=once)
    posted = decode_post(opened.form, pairs)
    if posted.step != "submit":
        return await _show_form(request, opened, posted.answers, once=once)
    try:
        filled = await submit_intake(uow, code=code, answers=posted.answers, once_key=once or secrets.token_urlsafe(18))
    except InvalidInput as error:
        raise Refused(
            await _show_form(request, opened, posted.answers, errors=error.problems, once=once, status=422)
        ) from error
    locale = locale_of(request)
    return await show(
        request,
        "pages/forms/thanks.html",
        title=localized(opened.form.title, locale),
        notices=[localized(notice.text, locale) for notice in filled.notices],
    )


routes = [show_intake, send_intake]
