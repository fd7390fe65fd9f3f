"""The draft of the loyalty rules: all rules, a gallery of kinds, one form per kind, and what differs from what is in force."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.programs.drafts import discard_draft
from core.programs.refusals import DraftChanged, NoDraft
from core.programs.rules.checks import check
from core.uow import Reader, UnitOfWork
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused
from web.program_desk import (
    Working,
    copied_rule,
    frame_of,
    free_id,
    get_choices,
    get_working,
    keep,
    load_facts,
    open_working,
    packed,
    seen_of,
    shifted_rule,
    unpacked,
    with_rule,
    without_rule,
)
from web.request import WebRequest
from web.rule_forms.changing import change_rows
from web.rule_forms.fields import Values, first, texts_of
from web.rule_forms.kinds import HEADINGS, KINDS
from web.rule_forms.reading import unknown_names
from web.rule_forms.writing import values_of
from web.rule_page import DO, KIND, RULE, SEEN, Meeting, Opened, show_rule, typed_rule
from web.rule_views.changes import changes_of
from web.rule_views.lines import Voice, headings_of, name_of, removed_lines, say, voice_of
from web.rule_views.problems import problem_links
from web.screens import go_to, show, tenant_path
from web.security import requires

PATH: Final = "/t/{slug:str}/programs/draft"
MANAGE: Final = [requires("loyalty.manage")]
_OWN: Final = frozenset({KIND, RULE, SEEN, DO})


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The revision that the person looked at."""

    revision: int


def _home(request: WebRequest) -> str:
    return tenant_path(request, "/programs/draft")


@get(PATH, guards=MANAGE)
async def show_draft(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    working = await get_working(reader)
    frame = frame_of(request, working, "rules")
    facts = await load_facts(reader)
    found, voice = check(working.program, facts), voice_of(working.program, facts)
    base = working.live.program
    return await show(
        request,
        "pages/programs/draft.html",
        headings=headings_of(voice, here=frame["here"], base=base, problems=found),
        removed=removed_lines(voice, base),
        problems=problem_links(working.program, found, frame["here"]),
        editable=True,
        **frame,
    )


@get(PATH + "/changes", guards=MANAGE)
async def show_changes(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    working = await get_working(reader)
    choices = await get_choices(reader, working.program)
    voice = voice_of(working.program, await load_facts(reader))
    return await show(
        request,
        "pages/programs/changes.html",
        diffs=changes_of(working.live.program, voice, choices),
        **frame_of(request, working, "changes"),
    )


@get(PATH + "/new", guards=MANAGE)
async def show_gallery(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    working = await get_working(reader)
    return await show(
        request,
        "pages/programs/gallery.html",
        gallery=[(gettext(title), [form for form in KINDS.values() if form.heading == title]) for title in HEADINGS],
        **frame_of(request, working, "rules"),
    )


@get(PATH + "/new/{kind:str}", guards=MANAGE)
async def show_new_rule(request: WebRequest, reader: NamedDependency[Reader], kind: FromPath[str]) -> Response[Any]:
    form = KINDS.get(kind)
    if form is None:
        raise NotFound("no such kind of rule")
    working = await get_working(reader)
    choices = await get_choices(reader, working.program)
    values = values_of(form, form.sample, choices.catalogue)
    return await show_rule(
        request, reader, working, Opened(form=form, values=values, rule_id="", seen=""), choices=choices
    )


@get(PATH + "/rules/{rule:str}", guards=MANAGE)
async def show_draft_rule(request: WebRequest, reader: NamedDependency[Reader], rule: FromPath[str]) -> Response[Any]:
    working = await get_working(reader)
    found = _found(working.program, rule)
    form = KINDS[kind_of(found)]
    choices = await get_choices(reader, working.program)
    values = values_of(form, found, choices.catalogue)
    opened = Opened(form=form, values=values, rule_id=found.id, seen=seen_of(found))
    return await show_rule(request, reader, working, opened, choices=choices)


def _found(program: Program, rule_id: str) -> AnyRule:
    rule = program.find(rule_id)
    if rule is None:
        raise NotFound("no such rule")
    return rule


@post(PATH + "/editor", guards=MANAGE)
async def do_edit_rule(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Every button of a rule's form comes here; only `save` writes."""
    posted = texts_of(await request.open_form())
    form = KINDS.get(first(posted, KIND))
    if form is None:
        raise InvalidInput((FieldProblem(KIND, "option"),))
    values: Values = {name: texts for name, texts in posted.items() if name not in _OWN}
    unknown = unknown_names(form, values)
    if unknown:
        raise InvalidInput(tuple(FieldProblem(name[:80], "unknown-field") for name in unknown[:20]))
    opened = Opened(form=form, values=values, rule_id=first(posted, RULE)[:80], seen=first(posted, SEEN))
    command = first(posted, DO)
    if command != "save":
        working = await get_working(uow)
        choices = await get_choices(uow, working.program)
        change_rows(form, values, command, choices)
        return await show_rule(request, uow, working, opened, choices=choices)
    return await _save(request, uow, opened)


async def _save(request: WebRequest, uow: UnitOfWork, opened: Opened) -> Response[Any]:
    working = await open_working(uow)
    choices = await get_choices(uow, working.program)
    opened.saving = True
    before = working.program.find(opened.rule_id) if opened.rule_id else None
    typed = typed_rule(working, opened, choices)
    rule = typed.rule
    if rule is None:
        opened.errors = typed.errors
        raise Refused(await show_rule(request, uow, working, opened, choices=choices, status=422))
    if opened.rule_id and seen_of(before) != opened.seen and before != rule:
        opened.meeting = _meeting(working, rule, before, voice_of(working.program, await load_facts(uow)))
        opened.seen = seen_of(before)
        raise Refused(await show_rule(request, uow, working, opened, choices=choices, status=409))
    if not opened.rule_id:
        rule = msgspec.structs.replace(rule, id=free_id(working.program, opened.form.kind))
    program = with_rule(working.program, rule)
    try:
        if program != working.program:
            await keep(uow, working, program)
    except InvalidInput as error:
        opened.errors = {"": _too_much(error)}
        raise Refused(await show_rule(request, uow, working, opened, choices=choices, status=422)) from error
    text = gettext("Saved in the draft; it reaches nobody before you publish")
    return go_to(request, f"{_home(request)}#rule-{rule.id}", toast=Toast(text=text))


def _too_much(error: InvalidInput) -> str:
    if any(one.code in {"too-many", "too_large"} for one in error.problems):
        return gettext("The program has become too large. Remove rules that nobody needs any more.")
    return gettext("This does not fit the other rules of the program.")


def _meeting(working: Working, mine: AnyRule, theirs: AnyRule | None, voice: Voice) -> Meeting:
    gone = gettext("Removed from the draft. Keeping yours puts it back.")
    by = working.draft.author_name if working.draft else ""
    return Meeting(mine=say(mine, voice), theirs=say(theirs, voice) if theirs else gone, by=by)


@post(PATH + "/rules/{rule:str}/{deed:str}", guards=MANAGE)
async def do_deed(
    request: WebRequest, uow: NamedDependency[UnitOfWork], rule: FromPath[str], deed: FromPath[str]
) -> Response[Any]:
    """Switch, copy, move, remove or take back one rule."""
    working = await open_working(uow)
    program, toast = _done(request, working, rule, deed)
    if program != working.program:
        try:
            await keep(uow, working, program)
        except InvalidInput as error:
            return go_to(request, _home(request), toast=Toast(text=_too_much(error), state="error"))
    return go_to(request, _home(request), toast=toast)


def _done(request: WebRequest, working: Working, rule_id: str, deed: str) -> tuple[Program, Toast]:
    program = working.program
    if deed == "reset":
        return with_rule(program, _found(working.live.program, rule_id)), Toast(text=gettext("As it is in force again"))
    rule = _found(program, rule_id)
    match deed:
        case "on" | "off":
            return _switched(program, rule, live=deed == "on")
        case "duplicate":
            text = gettext("Copied; the copy is switched off until you have changed it")
            return with_rule(program, copied_rule(program, rule)), Toast(text=text)
        case "up" | "down":
            return shifted_rule(program, rule_id, -1 if deed == "up" else 1), Toast(text=gettext("Moved"))
        case "remove":
            again = packed(rule)
            undo = f"{_home(request)}/put-back?rule={again}" if again else ""
            text = gettext("“%(name)s” was removed from the draft") % {"name": name_of(rule)}
            return without_rule(program, rule_id), Toast(text=text, undo_action=undo)
    raise NotFound("no such deed")


def _switched(program: Program, rule: AnyRule, *, live: bool) -> tuple[Program, Toast]:
    """A second live ladder takes the place of the first: of ladders only one may be in force."""
    changed = msgspec.structs.replace(rule, live=live)
    ladder = program.ladder
    if live and kind_of(rule) == "tier_ladder" and ladder is not None and ladder.id != rule.id:
        program = with_rule(program, msgspec.structs.replace(ladder, live=False))
        text = gettext("Switched on; the ladder “%(name)s” is switched off instead") % {"name": name_of(ladder)}
        return with_rule(program, changed), Toast(text=text)
    return with_rule(program, changed), Toast(text=gettext("Switched on") if live else gettext("Switched off"))


@post(PATH + "/put-back", guards=MANAGE)
async def do_put_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], rule: FromQuery[str] = ""
) -> Response[Any]:
    """The undo of a removal: the rule travels in the address."""
    found = unpacked(rule)
    if found is None:
        raise NotFound("no such rule")
    working = await open_working(uow)
    if working.program.find(found.id) is None:
        try:
            await keep(uow, working, with_rule(working.program, found))
        except ValueError as error:
            raise InvalidInput((FieldProblem("rule", "wrong-form"),)) from error
    return go_to(request, f"{_home(request)}#rule-{found.id}")


@post(PATH + "/discard", guards=MANAGE)
async def do_discard(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    seen = await request.read(Seen)
    try:
        await discard_draft(uow, revision=seen.revision)
    except NoDraft:
        pass
    except DraftChanged as error:
        words = gettext("%(name)s changed the draft meanwhile; look at it before you throw it away")
        text = words % {"name": error.params.get("by") or gettext("Somebody")}
        return go_to(request, _home(request), toast=Toast(text=text, state="warn"))
    text = gettext("The draft is thrown away; the rules in force stay as they are")
    return go_to(request, tenant_path(request, "/programs"), toast=Toast(text=text))


routes = [
    show_draft,
    show_changes,
    show_gallery,
    show_new_rule,
    show_draft_rule,
    do_edit_rule,
    do_deed,
    do_put_back,
    do_discard,
]
