"""Campaigns: planned, opened, sent out, reminded once, closed; the next quarter's proposal waits for a yes."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import FieldProblem, InvalidInput
from core.hooks.records.text import localized
from core.surveys.actions import (
    CampaignPlan,
    accept_campaign,
    close_campaign,
    drop_campaign,
    mark_sent,
    open_campaign,
    plan_campaign,
)
from core.surveys.queries import get_campaign, get_progress, get_settings, list_asks, list_campaigns, list_survey_forms
from core.surveys.rules.metrics import REACH_TARGET
from core.surveys.rules.quarters import Span, next_quarter, quarter_number, quarter_of
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.survey_segments import SEGMENTS
from web.downloads import download, workbook
from web.form_titles import title_of
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.survey_tabs import survey_tabs
from web.views.surveys import AUDIENCES, CHANNELS, STATES, campaign_lines, days_of, left_out_of

PATH: Final = "/t/{slug:str}/surveys/campaigns"
ONE: Final = PATH + "/{campaign_id:uuid}"
_MANAGE = [requires("surveys.manage")]
PAGE: Final = 1000


class PlanForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign as typed."""

    title: str = ""
    form_id: str = ""
    channel: str = "wechat"
    first_day: str = ""
    last_day: str = ""
    audience: str = "all"
    branch_id: str = ""
    segment_id: str = ""


class ListForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose links go out: everybody's, or of those who have not answered."""

    who: str = "all"


def _root(request: WebRequest) -> str:
    return tenant_path(request, "/surveys")


@get(PATH, guards=_MANAGE)
async def show_campaigns(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    rows = await list_campaigns(reader)
    return await show(
        request,
        "pages/surveys/campaigns.html",
        lines=campaign_lines([row for row in rows if row.state != "proposed"]),
        proposals=campaign_lines([row for row in rows if row.state == "proposed"]),
        has_form=bool(await list_survey_forms(reader)),
        root=_root(request),
        tabs=survey_tabs(reader, _root(request), "campaigns"),
    )


def _title(span: Span) -> str:
    return gettext("Customer survey %(year)s Q%(number)s") % {
        "year": span.first.year,
        "number": quarter_number(span.first),
    }


async def _show_plan(
    request: WebRequest,
    reader: Reader,
    values: PlanForm,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    locale = locale_of(request)
    segments = await SEGMENTS.list_segments(reader)
    offered = {key: words for key, words in AUDIENCES.items() if key != "segment" or segments}
    return await show(
        request,
        "pages/surveys/campaign_new.html",
        status=status,
        values=values,
        errors=errors or {},
        forms=[(form.id, localized(form.title, locale)) for form in await list_survey_forms(reader)],
        channels=[(key, gettext(words)) for key, words in CHANNELS.items()],
        audiences=[(key, gettext(words)) for key, words in offered.items()],
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        segments=segments,
        root=_root(request),
        tabs=survey_tabs(reader, _root(request), "campaigns"),
    )


@get(PATH + "/new", guards=_MANAGE)
async def show_new(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    today = reader.today
    span = quarter_of(today)
    forms = await list_survey_forms(reader)
    if any(row.first_day == span.first and row.last_day == span.last for row in await list_campaigns(reader)):
        span = next_quarter(today)
    values = PlanForm(
        title=_title(span),
        form_id=forms[0].id if forms else "",
        first_day=max(span.first, today).isoformat(),
        last_day=span.last.isoformat(),
    )
    return await _show_plan(request, reader, values)


def _plan(form: PlanForm) -> CampaignPlan:
    problems, days = [], {}
    for name in ("first_day", "last_day"):
        try:
            days[name] = date.fromisoformat(getattr(form, name))
        except ValueError:
            problems.append(FieldProblem(name, "bad-date" if getattr(form, name) else "required"))
    if problems:
        raise InvalidInput(tuple(problems))
    try:
        branch_id = UUID(form.branch_id) if form.branch_id else None
    except ValueError:
        branch_id = None
    return CampaignPlan(
        title=form.title,
        form_id=form.form_id,
        channel=form.channel,
        first_day=days["first_day"],
        last_day=days["last_day"],
        audience=form.audience,
        branch_id=branch_id,
        segment_id=form.segment_id or None,
    )


@post(PATH, guards=_MANAGE)
async def do_plan(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(PlanForm)
    try:
        campaign_id = await plan_campaign(uow, plan=_plan(form), segments=SEGMENTS)
    except InvalidInput as error:
        raise Refused(await _show_plan(request, uow, form, status=422, errors=field_texts(error.problems))) from error
    toast = Toast(text=gettext("The campaign is planned; it opens by itself on its first day"))
    return go_to(request, f"{_root(request)}/campaigns/{campaign_id}", toast=toast)


@get(ONE, guards=_MANAGE)
async def show_campaign(
    request: WebRequest, reader: NamedDependency[Reader], campaign_id: FromPath[UUID]
) -> Response[Any]:
    row = await get_campaign(reader, campaign_id)
    progress = await get_progress(reader, row)
    forms = {form.id: localized(form.title, locale_of(request)) for form in await list_survey_forms(reader)}
    segments = dict(await SEGMENTS.list_segments(reader)) if row.segment_id else {}
    address = f"{request.runtime.settings.public_url}/q/{row.group_code}" if row.group_code else ""
    here = f"{_root(request)}/campaigns/{campaign_id}"
    return await show(
        request,
        "pages/surveys/campaign.html",
        campaign=row,
        state=gettext(STATES[row.state][0]),
        tone=STATES[row.state][1],
        when=days_of(row),
        form_title=title_of(forms, row.form_id),
        form_offered=row.form_id in forms,
        channel=gettext(CHANNELS[row.channel]),
        audience=row.branch_name or segments.get(row.segment_id or "") or gettext(AUDIENCES[row.audience]),
        left_out=left_out_of(row.left_out),
        progress=progress,
        target=REACH_TARGET,
        remind_days=(await get_settings(reader)).remind_days,
        address=address,
        qr=qr_svg(address) if address and row.state == "open" else "",
        here=here,
        root=_root(request),
        tabs=survey_tabs(reader, _root(request), "campaigns"),
        may_export=reader.actor.may("customers.export"),
    )


@get(ONE + "/progress", guards=_MANAGE)
async def show_progress(
    request: WebRequest, reader: NamedDependency[Reader], campaign_id: FromPath[UUID]
) -> Response[Any]:
    row = await get_campaign(reader, campaign_id)
    return await show(
        request, "pages/surveys/_bar.html", campaign=row, here=f"{_root(request)}/campaigns/{campaign_id}"
    )


def _back(request: WebRequest, campaign_id: UUID, words: str) -> Response[Any]:
    return go_to(request, f"{_root(request)}/campaigns/{campaign_id}", toast=Toast(text=words))


@post(ONE + "/accept", guards=_MANAGE)
async def do_accept(
    request: WebRequest, uow: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]
) -> Response[Any]:
    await accept_campaign(uow, campaign_id=campaign_id)
    return _back(request, campaign_id, gettext("The campaign is planned; it opens by itself on its first day"))


@post(ONE + "/drop", guards=_MANAGE)
async def do_drop(request: WebRequest, uow: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]) -> Response[Any]:
    await drop_campaign(uow, campaign_id=campaign_id)
    return go_to(request, f"{_root(request)}/campaigns", toast=Toast(text=gettext("The campaign was dropped")))


@post(ONE + "/open", guards=_MANAGE)
async def do_open(request: WebRequest, uow: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]) -> Response[Any]:
    await open_campaign(uow, campaign_id=campaign_id)
    return _back(request, campaign_id, gettext("The campaign is open; everybody's link is being made"))


@post(ONE + "/close", guards=_MANAGE)
async def do_close(request: WebRequest, uow: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]) -> Response[Any]:
    await close_campaign(uow, campaign_id=campaign_id)
    return _back(request, campaign_id, gettext("The campaign is closed"))


@post(ONE + "/sent", guards=_MANAGE)
async def do_mark_sent(
    request: WebRequest, uow: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]
) -> Response[Any]:
    count = await mark_sent(uow, campaign_id=campaign_id)
    return _back(request, campaign_id, gettext("%(n)s people count as reached") % {"n": count})


@post(ONE + "/links", guards=[requires("customers.export")])
async def do_take_links(
    request: WebRequest, uow: NamedDependency[UnitOfWork], campaign_id: FromPath[UUID]
) -> Response[bytes]:
    """Everybody's own link with name and phone, for the tool that sends them; written down, as every export."""
    form = await request.read(ListForm)
    row = await get_campaign(uow, campaign_id)
    asks, after = [], None
    while page := await list_asks(uow, campaign_id, unanswered=form.who == "silent", after=after, limit=PAGE):
        asks += page
        after = page[-1].ask_id
    address = f"{request.runtime.settings.public_url}/q/"
    table = [[one.full_name or "", one.phone_e164 or "", address + one.code if one.code else ""] for one in asks]
    uow.audit("survey.export_links", "survey_campaign", campaign_id, {"rows": len(table), "who": form.who})
    head = [gettext("Customer"), gettext("Phone"), gettext("Link")]
    return download(workbook({row.title: [head, *table]}), f"survey-links-{uow.now:%Y%m%d}.xlsx")


routes = [
    show_campaigns,
    show_new,
    do_plan,
    show_campaign,
    show_progress,
    do_accept,
    do_drop,
    do_open,
    do_close,
    do_mark_sent,
    do_take_links,
]
