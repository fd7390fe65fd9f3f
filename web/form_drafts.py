"""Drafts on the page of a form: whose they are, what the page says of them, and what its draft buttons do.

A link for one person has one draft, seen by whoever holds the link. Behind a poster's link the draft is its writer's: the key
stands in a cookie of this form only, and is set when somebody asks to go on later, so a tablet in the waiting room keeps nothing.
"""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from litestar import Response

from core.forms.drafts import DRAFT_DAYS, DraftChanged, DraftSaved, refuse_changed, save_draft, settle_draft, swap_draft
from core.forms.queries import DraftFacts, OpenedForm, find_draft
from core.forms.rules import Leftover, Posted
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from web.i18n import gettext
from web.request import WebRequest
from web.screens import go_to, locale_of
from web.security import can_keep_session

REVISION: Final = "_revision"
SETTLE: Final = "_settle"
SWAP: Final = "_swap"
ANEW: Final = "_anew"
"""Names of the input with the revision that the page saw, and of buttons: keep `mine` or `theirs`, show the other
version, and forget the draft on this device."""


class DraftPanel(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a form says about its draft."""

    action: str = ""
    """Where a script saves; empty: only the button does."""
    revision: str = ""
    saved_at: datetime | None = None
    waiting_since: datetime | None = None
    """A draft is here and not shown yet: whoever holds the phone says first whether it is theirs."""
    changed_at: datetime | None = None
    """Another page saved it then; the answers on this page are still this page's."""
    set_aside_at: datetime | None = None
    page: str = ""
    """Of the link and QR code for another device."""
    leftovers: tuple[tuple[str, str], ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """A draft as this visit may see it: `draft` None when there is none, or none that was asked for."""

    draft: DraftFacts | None
    panel: DraftPanel

    @property
    def answers(self) -> dict[str, Any]:
        return {} if self.draft is None else self.draft.carried.answers


def is_personal(opened: OpenedForm) -> bool:
    """Tell whether the link itself is the key to its draft."""
    return opened.link.max_uses == 1


def _cookie_name(request: WebRequest) -> str:
    # On a phone that opened the demo over plain http, a Secure cookie would be dropped.
    return "__Secure-anxin-draft" if can_keep_session(request) else "anxin-draft"


def draft_key_of(request: WebRequest, opened: OpenedForm) -> str | None:
    """Return the key in this browser's cookie; a link for one person needs none."""
    return None if is_personal(opened) else request.cookies.get(_cookie_name(request)) or None


def give_key(request: WebRequest, response: Response[Any], code: str, key: str) -> None:
    """Keep a draft's key where scripts and other pages cannot see it; an empty one is taken back."""
    response.set_cookie(
        key=_cookie_name(request),
        value=key,
        max_age=DRAFT_DAYS * 86_400 if key else 0,
        path=f"/q/{code}",
        secure=can_keep_session(request),
        httponly=True,
        samesite="lax",
    )


async def open_draft(request: WebRequest, reader: Reader, opened: OpenedForm, *, go_on: bool) -> Opened:
    """Return the draft for the page that is opened now; a poster's only when the visitor asked to go on."""
    path = f"/q/{opened.link.code}/draft"
    key = draft_key_of(request, opened)
    draft = None if key is None and not is_personal(opened) else await find_draft(reader, opened, key=key)
    if draft is None:
        revision = "0" if is_personal(opened) else ""
        return Opened(None, DraftPanel(action=path if is_personal(opened) else "", page=path, revision=revision))
    if not go_on and not is_personal(opened):
        return Opened(None, DraftPanel(waiting_since=draft.saved_at, page=path))
    return Opened(
        draft,
        DraftPanel(
            action=path,
            page=path,
            revision=str(draft.revision),
            saved_at=draft.saved_at,
            set_aside_at=draft.set_aside_at,
            leftovers=tuple(_shown(left, locale_of(request)) for left in draft.carried.leftovers),
        ),
    )


def _shown(left: Leftover, locale: str) -> tuple[str, str]:
    return localized(left.label, locale) or left.key, _words(left.value)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        return "、".join(_words(one) for one in value)
    if isinstance(value, dict):
        return " · ".join(_words(one) for key, one in value.items() if key not in {"token", "image"})
    return str(value)


def panel_of(request: WebRequest, opened: OpenedForm, posted: Posted, changed_at: datetime | None = None) -> DraftPanel:
    """Return what a page says that shows what was just typed: it saw the revision it was sent with."""
    path = f"/q/{opened.link.code}/draft"
    revision = posted.system.get(REVISION, "")[:20]
    saves = is_personal(opened) or (bool(revision) and draft_key_of(request, opened) is not None)
    return DraftPanel(action=path if saves else "", page=path, revision=revision, changed_at=changed_at)


class _Sent(msgspec.Struct, frozen=True):
    """Which draft a page that was sent belongs to; a page that never opened one begins its own."""

    key: str | None
    revision: int | None
    writer: str


def _sent(request: WebRequest, opened: OpenedForm, posted: Posted) -> _Sent:
    typed = posted.system.get(REVISION, "")
    revision = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
    writer = posted.system.get("_once", "")[:100]
    if is_personal(opened):
        return _Sent(None, revision or 0, writer)
    return _Sent(draft_key_of(request, opened) if revision is not None else None, revision, writer)


async def keep_draft(request: WebRequest, uow: UnitOfWork, opened: OpenedForm, posted: Posted) -> DraftSaved:
    """Save what the page holds; raise DraftChanged when another page was faster."""
    sent = _sent(request, opened, posted)
    return await save_draft(
        uow, code=opened.link.code, answers=posted.answers, key=sent.key, revision=sent.revision, writer=sent.writer
    )


async def refuse_stale(request: WebRequest, reader: Reader, opened: OpenedForm, posted: Posted) -> str | None:
    """Return the key of the draft that a submit ends; raise DraftChanged when another page saved it since."""
    sent = _sent(request, opened, posted)
    if sent.key is None and not is_personal(opened):
        return None
    draft = await find_draft(reader, opened, key=sent.key)
    if draft is not None:
        refuse_changed(
            sent.revision,
            sent.writer,
            draft_revision=draft.revision,
            draft_writer=draft.writer,
            saved_at=draft.saved_at,
        )
    return sent.key


async def do_draft_button(
    request: WebRequest, uow: UnitOfWork, opened: OpenedForm, posted: Posted
) -> Response[Any] | None:
    """Do what a draft button says and lead on; None when none was pressed. Raise DraftChanged as `keep_draft`."""
    code, system = opened.link.code, posted.system
    here = f"/q/{code}"
    if ANEW in system:
        response = go_to(request, here)
        give_key(request, response, code, "")
        return response
    key = draft_key_of(request, opened)
    if system.get(SETTLE) in {"mine", "theirs"}:
        keep: Literal["mine", "theirs"] = "mine" if system[SETTLE] == "mine" else "theirs"
        settled = await settle_draft(uow, code=code, answers=posted.answers, keep=keep, key=key)
        return _led(request, opened, settled, f"{here}?draft=on")
    if SWAP in system:
        await keep_draft(request, uow, opened, posted)
        await swap_draft(uow, code=code, key=key)
        return go_to(request, f"{here}?draft=on")
    if posted.step != "save":
        return None
    return _led(request, opened, await keep_draft(request, uow, opened, posted), f"{here}/draft")


def _led(request: WebRequest, opened: OpenedForm, saved: DraftSaved, path: str) -> Response[Any]:
    response = go_to(request, path)
    if saved.key and not is_personal(opened):
        give_key(request, response, opened.link.code, saved.key)
    return response


def saved_at_of(error: DraftChanged) -> datetime | None:
    """When the other page saved."""
    moment = error.params.get("saved_at")
    return moment if isinstance(moment, datetime) else None
