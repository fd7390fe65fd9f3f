"""A draft of a form: saved by the page's script, and the page that leads on with it on another device."""

import math
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import InvalidInput
from core.forms.drafts import DraftChanged
from core.forms.queries import find_draft, get_opened_form
from core.forms.rules import decode_post
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from web.form_drafts import draft_key_of, give_key, is_personal, keep_draft, saved_at_of
from web.formats import format_time
from web.qr import qr_svg
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest
from web.routes.intake import POSTS_A_MINUTE
from web.screens import locale_of, show
from web.security import BY_CODE
from web.uploads import receive_files

BODY_LIMIT = 2 * 1024 * 1024
"""Answers with a drawn signature; photos were sent before and go by their tokens."""


@get("/q/{code:str}/draft", guards=[BY_CODE])
async def show_draft(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    opened = await get_opened_form(reader, code)
    key = draft_key_of(request, opened)
    draft = await find_draft(reader, opened, key=key) if key or is_personal(opened) else None
    address = f"{request.runtime.settings.public_url}/q/{quote(code)}"
    if key is not None:
        address += f"?resume={quote(key)}"
    return await show(
        request,
        "pages/forms/draft.html",
        title=localized(opened.form.title, locale_of(request)),
        saved_at=draft.saved_at if draft else None,
        days=0 if draft is None else math.ceil((draft.expires_at - reader.now).total_seconds() / 86_400),
        address=address,
        qr=qr_svg(address) if draft else None,
        form_path=f"/q/{code}",
        personal=is_personal(opened),
    )


@post("/q/{code:str}/draft", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def save_by_script(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    """Save quietly; a refusal comes back as data, for the page keeps what was typed and asks."""
    await limit_rate(request, uow.tenant_id, "draft", f"{code}:{address_of(request)}", most=POSTS_A_MINUTE)
    opened = await get_opened_form(uow, code)
    received = await receive_files(request, uow, opened.form, link_id=opened.link.link_id)
    posted = decode_post(opened.form, received.pairs, received.records)
    try:
        saved = await keep_draft(request, uow, opened, posted)
    except DraftChanged as error:
        changed = saved_at_of(error)
        return Response({"changed_at": format_time(changed) if changed else ""}, status_code=409)
    except InvalidInput:
        return Response({"refused": True}, status_code=422)
    response = Response({"revision": saved.revision, "saved_at": format_time(uow.now)}, status_code=200)
    if saved.key and not is_personal(opened):
        give_key(request, response, code, saved.key)
    return response


routes = [show_draft, save_by_script]
