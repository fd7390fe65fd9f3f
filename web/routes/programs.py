"""The loyalty rules in force for everybody who may read them, every version there was, and going back to one."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.programs.actions import withdraw_version
from core.programs.choosing import set_second_approver
from core.programs.news import get_news
from core.programs.queries import get_choice, get_declared, get_draft, get_live, get_version, list_versions
from core.uow import Reader, UnitOfWork
from web.formats import format_date
from web.i18n import N_, gettext, localized
from web.navigation import Entry, add_entry
from web.page import Toast
from web.program_desk import get_choices, load_facts
from web.request import WebRequest
from web.rule_views.changes import RuleChange, changes_of
from web.rule_views.effect import effect_of, shown_effect, tier_names
from web.rule_views.lines import headings_of, voice_of
from web.screens import go_to, show, tenant_path
from web.security import requires

PATH: Final = "/t/{slug:str}/programs"
READ: Final = [requires("loyalty.read")]
MANAGE: Final = [requires("loyalty.manage")]

add_entry(
    Entry(
        id="programs",
        label=N_("Loyalty rules"),
        icon="award",
        path="/programs",
        permission="loyalty.approve",
        group="manage",
        rank=105,
    )
)


class Approver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether another person must approve."""

    wanted: bool = False


STATES: Final = {
    "planned": (N_("Planned"), "info", "calendar-clock"),
    "in-force": (N_("In force"), "ok", "circle-check"),
    "past": (N_("Past"), "neutral", "history"),
    "withdrawn": (N_("Called back"), "neutral", "undo-2"),
}


@get(PATH, guards=READ)
async def show_program(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    live = await get_live(reader)
    if live is None:
        may_plugins = reader.actor.may("plugins.manage")
        return await show(request, "pages/programs/none.html", page_may_plugins=may_plugins)
    may_manage = reader.actor.may("loyalty.manage")
    version = next((one for one in await list_versions(reader) if one.number == live.number), None)
    facts = [(gettext("Source document"), live.program.source)] if live.program.source else []
    if version is not None:
        facts.append((gettext("In force since"), format_date(version.effective_from)))
        facts.append((gettext("Published by"), version.author_name))
        if version.note:
            facts.append((gettext("Note"), version.note))
    return await show(
        request,
        "pages/programs/overview.html",
        number=live.number,
        name=localized(live.program.label),
        facts=facts,
        planned=live.planned,
        draft=await get_draft(reader) if may_manage or reader.actor.may("loyalty.approve") else None,
        news=await get_news(reader) if may_manage else None,
        headings=headings_of(voice_of(live.program, await load_facts(reader))),
        may_manage=may_manage,
        may_approve=reader.actor.may("loyalty.approve"),
        editable=False,
        here="",
        root=tenant_path(request, "/programs"),
    )


@get(PATH + "/versions", guards=READ)
async def show_versions(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """Every version, and what the plugin brings today that it did not bring when the one in force was published."""
    news = await get_news(reader)
    diffs: tuple[RuleChange, ...] = ()
    if news is not None:
        voice = voice_of(news.declared, await load_facts(reader))
        diffs = changes_of(news.before, voice, await get_choices(reader, news.declared))
    return await show(
        request,
        "pages/programs/versions.html",
        versions=await list_versions(reader),
        states=STATES,
        declared=await get_declared(reader),
        live_number=(live := await get_live(reader)) and live.number,
        choice=await get_choice(reader),
        diffs=diffs,
        news=news,
        may_manage=reader.actor.may("loyalty.manage"),
        root=tenant_path(request, "/programs"),
    )


@get(PATH + "/versions/{number:int}", guards=READ)
async def show_version(request: WebRequest, reader: NamedDependency[Reader], number: FromPath[int]) -> Response[Any]:
    """One version, what it changed, and what was promised before it was published."""
    facts, program, effect = await get_version(reader, number)
    choices = await get_choices(reader, program)
    declared = await get_declared(reader)
    before = (await get_version(reader, facts.base_number))[1] if facts.base_number else declared
    voice = voice_of(program, await load_facts(reader))
    promised = effect_of(effect)
    return await show(
        request,
        "pages/programs/version.html",
        version=facts,
        states=STATES,
        diffs=changes_of(before, voice, choices) if before is not None else (),
        shown=shown_effect(promised, tier_names(before, program)) if promised is not None else None,
        people_url="",
        headings=headings_of(voice),
        may_manage=reader.actor.may("loyalty.manage"),
        editable=False,
        here="",
        root=tenant_path(request, "/programs"),
    )


@post(PATH + "/versions/{number:int}/withdraw", guards=MANAGE)
async def do_withdraw(request: WebRequest, uow: NamedDependency[UnitOfWork], number: FromPath[int]) -> Response[Any]:
    await withdraw_version(uow, number=number)
    text = gettext("Version %(n)s is called back and never begins") % {"n": number}
    return go_to(request, tenant_path(request, "/programs"), toast=Toast(text=text))


@post(PATH + "/approver", guards=MANAGE)
async def do_set_approver(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    wanted = (await request.read(Approver)).wanted
    await set_second_approver(uow, wanted=wanted)
    text = (
        gettext("Each version now needs a second person")
        if wanted
        else gettext("Who manages the rules publishes alone")
    )
    return go_to(request, tenant_path(request, "/programs/versions"), toast=Toast(text=text))


routes = [show_program, show_versions, show_version, do_withdraw, do_set_approver]
