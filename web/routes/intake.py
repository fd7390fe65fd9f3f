"""The customer's side of a form: opened by a code on a phone, filled in, sent once."""

import secrets
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.consents.actions import Sealing
from core.consents.queries import find_consent_of_submission
from core.errors import FieldProblem, InvalidInput
from core.forms.actions import submit_intake
from core.forms.attaching import without_lost_files
from core.forms.drafts import DraftChanged
from core.forms.queries import OpenedForm, get_opened_form
from core.forms.rules import decode_post, form_view
from core.forms.rules.attachments import file_fields
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from web.form_drafts import (
    DraftPanel,
    do_draft_button,
    give_key,
    is_personal,
    open_draft,
    panel_of,
    refuse_stale,
    saved_at_of,
)
from web.page import showing
from web.problems import problem_words
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest
from web.routes.consents import own_address
from web.screens import go_to, locale_of, page_for, show
from web.security import BY_CODE
from web.uploads import UPLOAD_LIMIT, held_addresses, judge_received, receive_files, witness_of

POSTS_A_MINUTE = 120
"""From one address to one form: a waiting room shares its address, and a page saves every few seconds."""
NO_DRAFT = DraftPanel()
NO_FILES: Final[Mapping[str, str]] = MappingProxyType({})


async def _show_form(
    request: WebRequest,
    opened: OpenedForm,
    answers: dict[str, Any],
    *,
    errors: tuple[FieldProblem, ...] = (),
    once: str = "",
    status: int = 200,
    draft: DraftPanel = NO_DRAFT,
    files: Mapping[str, str] = NO_FILES,
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
        draft=draft,
        files=files,
        has_files=bool(file_fields(opened.form)),
    )


@get("/q/{code:str}", guards=[BY_CODE])
async def show_intake(
    request: WebRequest,
    reader: NamedDependency[Reader],
    code: FromPath[str],
    draft: FromQuery[str] = "",
    resume: FromQuery[str] = "",
) -> Response[Any]:
    opened = await get_opened_form(reader, code)
    if resume and not is_personal(opened):
        # Scanned on another device: the key goes from the address into a cookie of this form. The answers are shown when
        # the visitor says so, for a link that somebody else sent could lead into somebody else's draft.
        response = go_to(request, f"/q/{code}")
        give_key(request, response, code, resume[:100])
        return response
    found = await open_draft(request, reader, opened, go_on=draft == "on")
    link_id = opened.link.link_id
    answers, lost = await without_lost_files(reader, opened.form, opened.answers | found.answers, link_id=link_id)
    files = await held_addresses(request, reader, opened, answers)
    return await _show_form(request, opened, answers, errors=lost, draft=found.panel, files=files)


async def pairs_of(request: WebRequest) -> list[tuple[str, str]]:
    """Return the form's inputs as name and value, in their order."""
    fields = await request.open_form()
    return [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]


@post("/q/{code:str}", guards=[BY_CODE], request_max_body_size=UPLOAD_LIMIT)
async def send_intake(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    await limit_rate(request, uow.tenant_id, "intake", f"{code}:{address_of(request)}", most=POSTS_A_MINUTE)
    pairs = await pairs_of(request)
    # The second click of a double click on a link for one still belongs to the first.
    once = dict(pairs).get("_once", "")[:100]
    opened = await get_opened_form(uow, code, once_key=once)
    received = await receive_files(request, uow, opened.form, link_id=opened.link.link_id)
    posted = decode_post(opened.form, received.pairs, received.records)
    panel = panel_of(request, opened, posted)
    files = await held_addresses(request, uow, opened, posted.answers)
    again = partial(_show_form, request, opened, posted.answers, files=files)
    try:
        # What is refused is undone; the files that came along stay, for the page that is shown again.
        async with uow.attempt():
            done = await do_draft_button(request, uow, opened, posted)
            if done is not None:
                return done
            if posted.step != "submit":
                return await again(once=once, draft=panel, errors=received.problems)
            key = await refuse_stale(request, uow, opened, posted)
            once = once or secrets.token_urlsafe(18)
            judge_received(opened, posted, received)
            seal = Sealing(witness_of(request))
            filled = await submit_intake(
                uow, code=code, answers=posted.answers, once_key=once, draft_key=key, seal=seal
            )
    except DraftChanged as error:
        panel = panel_of(request, opened, posted, changed_at=saved_at_of(error))
        return await again(once=once, status=409, draft=panel)
    except InvalidInput as error:
        return await again(errors=error.problems, once=once, status=422, draft=panel)
    locale = locale_of(request)
    consent = await find_consent_of_submission(uow, filled.submission_id) if opened.form.purpose == "consent" else None
    response = await show(
        request,
        "pages/forms/thanks.html",
        title=localized(opened.form.title, locale),
        notices=[(localized(notice.text, locale), notice.code == "told") for notice in filled.notices],
        survey=opened.form.purpose == "survey",
        consent=own_address(request, code, consent.seal_id) if consent is not None else "",
    )
    if key is not None:
        give_key(request, response, code, "")
    return response


routes = [show_intake, send_intake]
