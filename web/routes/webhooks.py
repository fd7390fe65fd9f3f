"""Webhooks of a chain: addresses with what they hear, their secrets shown once, tests, and the log of every attempt."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import InvalidInput
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from core.webhooks.actions import (
    EndpointDraft,
    add_endpoint,
    change_endpoint,
    pause_endpoint,
    remove_endpoint,
    replay_delivery,
    replay_failed,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from core.webhooks.catalogue import TEST
from core.webhooks.queries import (
    EndpointFacts,
    LogFilter,
    count_silent,
    get_delivery,
    get_endpoint,
    list_deliveries,
    list_endpoints,
    list_kinds,
)
from core.webhooks.rules import MAX_ENDPOINTS, MAX_NAME, MAX_URL
from web.i18n import N_, gettext, ngettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.views.webhooks import SENT, STATES, error_text, kind_name, last_text, log_lines, log_path

_MAY: Final = [requires("api.manage")]
_LIMIT: Final = 16 * 1024
_PATH: Final = "/t/{slug:str}/webhooks"
_ONE: Final = f"{_PATH}/{{endpoint_id:uuid}}"
PAGE_ROWS: Final = 30
RECENT: Final = 8

add_entry(
    Entry(
        id="webhooks",
        label=N_("Webhooks"),
        icon="webhook",
        path="/webhooks",
        permission="api.manage",
        group="manage",
        rank=865,
        badges=(count_silent,),
        urgent=True,
    )
)


class EndpointForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an address is called, where it is, and what it hears; nothing chosen is everything."""

    name: str = ""
    url: str = ""
    kinds: tuple[str, ...] = ()

    def draft(self) -> EndpointDraft:
        """As the domain takes it."""
        return EndpointDraft(self.name, self.url.strip(), self.kinds)


def _root(request: WebRequest) -> str:
    return tenant_path(request, "/webhooks")


def _frame(request: WebRequest, reader: Reader) -> dict[str, Any]:
    """What the forms need."""
    locale = locale_of(request)
    kinds = list_kinds(reader)
    return {
        "root": _root(request),
        "kinds": [(code, localized(one.title, locale), code) for code, one in kinds.items() if code != TEST],
        "most": {"name": MAX_NAME, "url": MAX_URL},
        "states": {code: (gettext(name), tone) for code, (name, tone) in STATES.items()},
        "kind_name": lambda code: kind_name(kinds, code, locale),
        "last_text": last_text,
    }


async def _show_all(
    request: WebRequest,
    reader: Reader,
    *,
    status: int = 200,
    form: EndpointForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    endpoints = await list_endpoints(reader)
    return await show(
        request,
        "pages/webhooks/list.html",
        status=status,
        endpoints=endpoints,
        full=len(endpoints) >= MAX_ENDPOINTS,
        values=form or EndpointForm(),
        errors=errors or {},
        **_frame(request, reader),
    )


async def _show_one(
    request: WebRequest,
    reader: Reader,
    endpoint: EndpointFacts,
    *,
    status: int = 200,
    form: EndpointForm | None = None,
    errors: dict[str, str] | None = None,
    secret: str = "",
) -> Response[Any]:
    rows = await list_deliveries(reader, wanted=LogFilter(endpoint_id=endpoint.endpoint_id), limit=RECENT)
    frame = _frame(request, reader)
    lines = log_lines(
        rows,
        kinds=list_kinds(reader),
        endpoints={endpoint.endpoint_id: endpoint},
        locale=locale_of(request),
        root=frame["root"],
    )
    return await show(
        request,
        "pages/webhooks/one.html",
        status=status,
        endpoint=endpoint,
        here=f"{frame['root']}/{endpoint.endpoint_id}",
        overlapping=endpoint.before_until is not None and endpoint.before_until > reader.now,
        lines=lines,
        log=log_path(frame["root"], LogFilter(endpoint_id=endpoint.endpoint_id), None),
        values=form or EndpointForm(endpoint.name, endpoint.url, endpoint.kinds),
        errors=errors or {},
        secret=secret,
        **frame,
    )


@get(_PATH, guards=_MAY)
async def show_webhooks(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_all(request, reader)


@post(_PATH, guards=_MAY, request_max_body_size=_LIMIT)
async def make_webhook(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Answer with the page itself: the secret stands in no address, no cookie and no log."""
    form = await request.read(EndpointForm, lists=("kinds",))
    settings = request.runtime.settings
    try:
        made = await add_endpoint(uow, draft=form.draft(), master=settings.secret_key, plain=settings.webhooks_plain)
    except InvalidInput as error:
        raise Refused(
            await _show_all(request, uow, status=422, form=form, errors=field_texts(error.problems))
        ) from None
    return await _show_one(request, uow, await get_endpoint(uow, made.endpoint_id), secret=made.secret)


@get(_ONE, guards=_MAY)
async def show_webhook(
    request: WebRequest, reader: NamedDependency[Reader], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_one(request, reader, await get_endpoint(reader, endpoint_id))


@post(_ONE, guards=_MAY, request_max_body_size=_LIMIT)
async def change_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(EndpointForm, lists=("kinds",))
    before = await get_endpoint(uow, endpoint_id)
    try:
        await change_endpoint(
            uow, endpoint_id=endpoint_id, draft=form.draft(), plain=request.runtime.settings.webhooks_plain
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_one(request, uow, before, status=422, form=form, errors=errors)) from None
    return _back(request, endpoint_id, gettext("Saved"))


@post(f"{_ONE}/rotate", guards=_MAY, request_max_body_size=_LIMIT)
async def rotate_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    """Answer with the page itself, as when the address was made."""
    secret = await rotate_secret(uow, endpoint_id=endpoint_id, master=request.runtime.settings.secret_key)
    return await _show_one(request, uow, await get_endpoint(uow, endpoint_id), secret=secret)


@post(f"{_ONE}/pause", guards=_MAY, request_max_body_size=_LIMIT)
async def pause_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    await pause_endpoint(uow, endpoint_id=endpoint_id)
    return _back(request, endpoint_id, gettext("Paused; what happens meanwhile is held back"))


@post(f"{_ONE}/resume", guards=_MAY, request_max_body_size=_LIMIT)
async def resume_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    count = await resume_endpoint(uow, endpoint_id=endpoint_id)
    return _back(request, endpoint_id, _sent(count))


@post(f"{_ONE}/test", guards=_MAY, request_max_body_size=_LIMIT)
async def try_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    delivery_id = await send_test(uow, endpoint_id=endpoint_id)
    toast = Toast(text=gettext("The test is on its way; reload to see what came back"))
    return go_to(request, f"{_root(request)}/deliveries/{delivery_id}", toast=toast)


@post(f"{_ONE}/replay", guards=_MAY, request_max_body_size=_LIMIT)
async def replay_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    count = await replay_failed(uow, endpoint_id=endpoint_id)
    return _back(request, endpoint_id, _sent(count))


@post(f"{_ONE}/remove", guards=_MAY, request_max_body_size=_LIMIT)
async def remove_webhook(
    request: WebRequest, uow: NamedDependency[UnitOfWork], endpoint_id: FromPath[UUID]
) -> Response[Any]:
    await remove_endpoint(uow, endpoint_id=endpoint_id)
    return go_to(request, _root(request), toast=Toast(text=gettext("The address is removed")))


@get(f"{_PATH}/log", guards=_MAY)
async def show_log(
    request: WebRequest,
    reader: NamedDependency[Reader],
    endpoint: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    before: FromQuery[UUID | None] = None,
) -> Response[Any]:
    # `state` cannot be a parameter: Litestar keeps the name for its own.
    state = request.query_params.get("state", "")
    frame = _frame(request, reader)
    endpoints = {one.endpoint_id: one for one in await list_endpoints(reader)}
    wanted = LogFilter(
        endpoint_id=next((one for one in endpoints if str(one) == endpoint), None),
        state=state if state in SENT else "",
        kind=kind if kind in list_kinds(reader) else "",
    )
    rows = await list_deliveries(reader, wanted=wanted, before=before, limit=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    return await show(
        request,
        "pages/webhooks/log.html",
        lines=log_lines(
            shown, kinds=list_kinds(reader), endpoints=endpoints, locale=locale_of(request), root=frame["root"]
        ),
        more=log_path(frame["root"], wanted, shown[-1].delivery_id) if len(rows) > PAGE_ROWS else None,
        wanted=wanted,
        endpoints=[(str(one.endpoint_id), one.name) for one in endpoints.values()],
        sent=[(code, gettext(name)) for code, (name, _) in SENT.items()],
        here=f"{frame['root']}/log",
        all_kinds=[*((code, name) for code, name, _ in frame["kinds"]), (TEST, frame["kind_name"](TEST))],
        **frame,
    )


@get(f"{_PATH}/deliveries/{{delivery_id:uuid}}", guards=_MAY)
async def show_delivery(
    request: WebRequest, reader: NamedDependency[Reader], delivery_id: FromPath[UUID]
) -> Response[Any]:
    found = await get_delivery(reader, delivery_id)
    endpoints = {one.endpoint_id: one for one in await list_endpoints(reader)}
    frame = _frame(request, reader)
    (line,) = log_lines(
        [found.row], kinds=list_kinds(reader), endpoints=endpoints, locale=locale_of(request), root=frame["root"]
    )
    endpoint = endpoints.get(found.row.endpoint_id)
    return await show(
        request,
        "pages/webhooks/delivery.html",
        line=line,
        endpoint=endpoint,
        again=endpoint is not None and endpoint.state == "on" and found.row.state != "waiting",
        body=msgspec.json.format(found.body),
        tries=[(one, error_text(one)) for one in found.tries],
        **frame,
    )


@post(f"{_PATH}/deliveries/{{delivery_id:uuid}}/replay", guards=_MAY, request_max_body_size=_LIMIT)
async def replay_one(
    request: WebRequest, uow: NamedDependency[UnitOfWork], delivery_id: FromPath[UUID]
) -> Response[Any]:
    await replay_delivery(uow, delivery_id=delivery_id)
    toast = Toast(text=gettext("It goes out again now; reload to see what came back"))
    return go_to(request, f"{_root(request)}/deliveries/{delivery_id}", toast=toast)


def _sent(count: int) -> str:
    return ngettext("%(n)s message goes out now", "%(n)s messages go out now", count) % {"n": count}


def _back(request: WebRequest, endpoint_id: UUID, text: str) -> Response[Any]:
    return go_to(request, f"{_root(request)}/{endpoint_id}", toast=Toast(text=text))


routes = [
    show_webhooks,
    make_webhook,
    show_webhook,
    change_webhook,
    rotate_webhook,
    pause_webhook,
    resume_webhook,
    try_webhook,
    replay_webhook,
    remove_webhook,
    show_log,
    show_delivery,
    replay_one,
]
