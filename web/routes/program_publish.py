"""Publishing with the effect in sight: at once or from a day on, by a second person, or an older version again."""

from datetime import date
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.backtests.actions import start_backtest
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.loyalty.program import Program
from core.programs.actions import approve, publish, reject, request_approval, roll_back
from core.programs.queries import get_choice, get_declared, get_version
from core.programs.refusals import (
    DraftChanged,
    EffectNotSeen,
    LowersTiers,
    NoDraft,
    NothingToPublish,
    NotPending,
    SamePerson,
    VersionPlanned,
)
from core.programs.rules.checks import check
from core.programs.rules.versions import VersionFacts
from core.uow import Reader, UnitOfWork
from web.formats import format_date
from web.htmx import redirect_headers, wants_partial
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.program_desk import Working, frame_of, get_choices, get_working, load_facts
from web.program_effects import get_measure, measure_frame
from web.request import WebRequest, convert
from web.rule_views.changes import changes_of
from web.rule_views.lines import voice_of
from web.rule_views.problems import problem_links
from web.screens import go_to, show, tenant_path
from web.security import requires

ROOT: Final = "/t/{slug:str}/programs"
DRAFT: Final = ROOT + "/draft/publish"
BACK: Final = ROOT + "/roll-back/{number:int}"
MANAGE: Final = [requires("loyalty.manage")]
APPROVE: Final = [requires("loyalty.approve")]
TOLD: Final = (
    DraftChanged,
    EffectNotSeen,
    LowersTiers,
    NoDraft,
    NothingToPublish,
    NotPending,
    SamePerson,
    VersionPlanned,
)


class Publishing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the page of publishing posts; the effect is the one that was shown on it."""

    revision: int = 0
    effect: str = ""
    effective_from: str = ""
    note: str = ""
    accept_lowering: bool = False

    @property
    def day(self) -> date | None:
        """The day of the beginning; None is at once."""
        if not self.effective_from.strip():
            return None
        try:
            return date.fromisoformat(self.effective_from.strip())
        except ValueError:
            raise InvalidInput((FieldProblem("effective_from", "bad-date"),)) from None


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a draft is sent back."""

    revision: int
    answer: str = ""


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which draft with which effect is approved."""

    revision: int
    effect: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows beside the rules themselves."""

    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    told: str = ""
    status: int = 200


FRESH: Final = Asked()


def _typed(posted: Any) -> dict[str, str]:
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _told(error: Exception) -> str:
    """What stands in the way, with what to do."""
    if isinstance(error, LowersTiers):
        return gettext("Members would fall to a lower tier. Tick the box that says that this is meant.")
    if isinstance(error, EffectNotSeen):
        return gettext("The effect is missing, older than a week, or no longer of these rules: work it out again.")
    if isinstance(error, DraftChanged | NoDraft):
        return gettext(
            "The draft was changed meanwhile; you see the newest state. Look at its effect and publish again."
        )
    if isinstance(error, VersionPlanned):
        day = format_date(error.params["effective_from"]) if "effective_from" in error.params else ""  # type: ignore[arg-type] # the actions put a datetime there
        words = gettext("Version %(n)s begins on %(day)s. Call it back first, or it would end these rules.")
        return words % {"n": error.params.get("number", ""), "day": day}
    if isinstance(error, SamePerson):
        return gettext("Another person than the one who wrote or asked has to approve.")
    return gettext("These rules are in force already; there is nothing to publish.")


async def _show_publish(request: WebRequest, reader: Reader, working: Working, asked: Asked = FRESH) -> Response[Any]:
    frame = frame_of(request, working, "publish")
    facts = await load_facts(reader)
    measure = await get_measure(reader, working.program, working.live)
    base = f"{frame['here']}/effect"
    return await show(
        request,
        "pages/programs/publish.html",
        status=asked.status,
        asked=asked,
        diffs=changes_of(
            working.live.program, voice_of(working.program, facts), await get_choices(reader, working.program)
        ),
        problems=problem_links(working.program, check(working.program, facts), frame["here"]),
        choice=await get_choice(reader),
        planned=working.live.planned,
        form_url=f"{frame['here']}/publish",
        is_mine=working.draft is not None and reader.actor.id in (working.draft.author, working.draft.asked_by),
        **(frame | measure_frame(request, measure, base)),
    )


@get(DRAFT, guards=MANAGE)
async def show_publish(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_publish(request, reader, await get_working(reader))


@post(DRAFT, guards=MANAGE)
async def do_publish(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Publish, or ask a second person to, with everything that was typed kept when it is refused."""
    posted = await request.open_form()
    try:
        form = convert(posted, Publishing)
        alone = not (await get_choice(uow)).second_approver
        done = await (publish if alone else request_approval)(
            uow,
            revision=form.revision,
            effect_digest=form.effect,
            facts=await load_facts(uow),
            effective_from=form.day,
            note=form.note,
            accept_lowering=form.accept_lowering,
        )
    except InvalidInput as error:
        refused = _refused(error, _typed(posted))
        raise Refused(await _show_publish(request, uow, await get_working(uow), refused)) from error
    except TOLD as error:
        refused = Asked(values=_typed(posted), told=_told(error), status=409)
        raise Refused(await _show_publish(request, uow, await get_working(uow), refused)) from error
    if isinstance(done, VersionFacts):
        return _published(request, done)
    text = gettext("Sent to a second person; the rules begin when they approve")
    return go_to(request, tenant_path(request, "/programs/approval"), toast=Toast(text=text))


def _refused(error: InvalidInput, values: dict[str, str]) -> Asked:
    broken = [one for one in error.problems if one.path.startswith("rules[")]
    told = gettext("Some rules cannot be published as they are; they are listed below.") if broken else ""
    others = tuple(one for one in error.problems if one not in broken)
    return Asked(values=values, errors=field_texts(others), told=told, status=422)


def _published(request: WebRequest, version: VersionFacts) -> Response[Any]:
    words = gettext("Version %(n)s is published; it is in force from %(day)s")
    text = words % {"n": version.number, "day": format_date(version.effective_from)}
    return go_to(request, tenant_path(request, f"/programs/versions/{version.number}"), toast=Toast(text=text))


async def _show_approval(request: WebRequest, reader: Reader, asked: Asked = FRESH) -> Response[Any]:
    working = await get_working(reader)
    pending = working.draft is not None and working.draft.state == "pending"
    frame = frame_of(request, working, "publish")
    measure = await get_measure(reader, working.program, working.live)
    facts = await load_facts(reader)
    choices = await get_choices(reader, working.program)
    voice = voice_of(working.program, facts)
    may_manage = reader.actor.may("loyalty.manage")
    frame |= measure_frame(request, measure, f"{frame['here']}/effect")
    given: dict[str, Any] = frame | {"people_url": frame["people_url"] if may_manage else ""}
    return await show(
        request,
        "pages/programs/approval.html",
        status=asked.status,
        asked=asked,
        pending=pending,
        is_mine=working.draft is not None and reader.actor.id in (working.draft.author, working.draft.asked_by),
        diffs=changes_of(working.live.program, voice, choices) if pending else (),
        may_manage=may_manage,
        **given,
    )


@get(ROOT + "/approval", guards=APPROVE)
async def show_approval(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What a second person looks at before they approve."""
    return await _show_approval(request, reader)


@post(ROOT + "/approval/approve", guards=APPROVE)
async def do_approve(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Approval)
    try:
        version = await approve(uow, revision=form.revision, effect_digest=form.effect, facts=await load_facts(uow))
    except InvalidInput as error:
        raise Refused(await _show_approval(request, uow, _refused(error, {}))) from error
    except TOLD as error:
        raise Refused(await _show_approval(request, uow, Asked(told=_told(error), status=409))) from error
    return _published(request, version)


@post(ROOT + "/approval/reject", guards=APPROVE)
async def do_reject(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    posted = await request.open_form()
    try:
        form = convert(posted, Answer)
        await reject(uow, revision=form.revision, answer=form.answer)
    except InvalidInput as error:
        raise Refused(await _show_approval(request, uow, _refused(error, _typed(posted)))) from error
    except TOLD as error:
        raise Refused(await _show_approval(request, uow, Asked(told=_told(error), status=409))) from error
    text = gettext("Sent back with your words")
    return go_to(request, tenant_path(request, "/programs"), toast=Toast(text=text))


async def _older(reader: Reader, number: int) -> Program:
    """The rules of an older version; 0 are those that the plugin declares today."""
    if number:
        return (await get_version(reader, number))[1]
    declared = await get_declared(reader)
    assert declared is not None
    return declared


async def _show_back(
    request: WebRequest, reader: Reader, working: Working, number: int, asked: Asked = FRESH
) -> Response[Any]:
    program = await _older(reader, number)
    root = tenant_path(request, "/programs")
    here = f"{root}/roll-back/{number}"
    facts = await load_facts(reader)
    measure = await get_measure(reader, program, working.live)
    return await show(
        request,
        "pages/programs/roll_back.html",
        status=asked.status,
        asked=asked,
        number=number,
        diffs=changes_of(working.live.program, voice_of(program, facts), await get_choices(reader, program)),
        problems=problem_links(program, check(program, facts), ""),
        choice=await get_choice(reader),
        planned=working.live.planned,
        draft=None,
        form_url=here,
        root=root,
        **measure_frame(request, measure, f"{here}/effect"),
    )


@get(BACK, guards=MANAGE)
async def show_roll_back(request: WebRequest, reader: NamedDependency[Reader], number: FromPath[int]) -> Response[Any]:
    return await _show_back(request, reader, await get_working(reader), number)


@post(BACK, guards=MANAGE)
async def do_roll_back(request: WebRequest, uow: NamedDependency[UnitOfWork], number: FromPath[int]) -> Response[Any]:
    posted = await request.open_form()
    try:
        form = convert(posted, Publishing)
        version = await roll_back(
            uow,
            version=number,
            effect_digest=form.effect,
            facts=await load_facts(uow),
            effective_from=form.day,
            note=form.note,
            accept_lowering=form.accept_lowering,
        )
    except InvalidInput as error:
        refused = _refused(error, _typed(posted))
        raise Refused(await _show_back(request, uow, await get_working(uow), number, refused)) from error
    except TOLD as error:
        refused = Asked(values=_typed(posted), told=_told(error), status=409)
        raise Refused(await _show_back(request, uow, await get_working(uow), number, refused)) from error
    return _published(request, version)


@post(BACK + "/effect", guards=MANAGE)
async def do_start_back(request: WebRequest, uow: NamedDependency[UnitOfWork], number: FromPath[int]) -> Response[Any]:
    program = await _older(uow, number)
    working = await get_working(uow)
    if (await get_measure(uow, program, working.live)).state != "same":
        await start_backtest(uow, program=program)
    return go_to(request, tenant_path(request, f"/programs/roll-back/{number}"))


@get(BACK + "/effect/progress", guards=MANAGE)
async def show_back_progress(
    request: WebRequest, reader: NamedDependency[Reader], number: FromPath[int]
) -> Response[Any]:
    working = await get_working(reader)
    measure = await get_measure(reader, await _older(reader, number), working.live)
    base = tenant_path(request, f"/programs/roll-back/{number}")
    if not wants_partial(request.headers):
        return go_to(request, base)
    if measure.state != "running":
        return Response(None, status_code=204, headers=redirect_headers(base))
    frame = measure_frame(request, measure, f"{base}/effect")
    return await show(request, "pages/programs/_progress.html", **frame)


routes = [
    show_publish,
    do_publish,
    show_approval,
    do_approve,
    do_reject,
    show_roll_back,
    do_roll_back,
    do_start_back,
    show_back_progress,
]
