"""The page of one rule: its form with what is typed, the live sentence, and the page when two people meet on one rule."""

from typing import Any, Final

import msgspec
from litestar import Response

from core.hooks.records.loyalty.program import AnyRule, Program
from core.programs.rules.checks import check
from core.programs.rules.facts import Facts
from core.uow import Reader
from web.i18n import gettext
from web.program_desk import Working, frame_of, get_choices, load_facts, other_live_ladder, with_rule
from web.request import WebRequest
from web.rule_forms.fields import Choices, KindForm, Values
from web.rule_forms.kinds import Typed, read_rule
from web.rule_forms.showing import field_of, show_sections
from web.rule_views.lines import name_of, other_locale, say, voice_of
from web.rule_views.problems import problem_state, problem_text
from web.screens import show
from web.views.segment_editor import MODES, OPERATORS, UNITS
from web.views.segments import grouped_fields

PAGE: Final = "pages/programs/edit.html"
PART: Final = "pages/programs/_editor.html"
KIND, RULE, SEEN, DO = "_kind", "_rule", "_seen", "do"
"""Inputs beside the fields of the rule: its kind, its id, and a name for what the form was filled in from."""


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions of one rule, as sentences."""

    mine: str
    theirs: str
    by: str


class Opened(msgspec.Struct, kw_only=True):
    """One rule's form as it stands on the page."""

    form: KindForm
    values: Values
    rule_id: str
    seen: str
    errors: dict[str, str] = {}
    meeting: Meeting | None = None
    saving: bool = False


async def show_rule(
    request: WebRequest,
    reader: Reader,
    working: Working,
    opened: Opened,
    *,
    choices: Choices | None = None,
    status: int = 200,
) -> Response[Any]:
    """The form; what is typed is read once for its sentence, and its mistakes are shown when somebody saves."""
    choices = choices or await get_choices(reader, working.program)
    typed = read_rule(opened.form, opened.values, choices, rule_id=opened.rule_id or opened.form.kind)
    errors = opened.errors if opened.saving else {}
    frame = frame_of(request, working, "rules")
    rule = typed.rule
    facts = await load_facts(reader)
    voice = voice_of(working.program, facts)
    title = name_of(rule) if rule is not None else gettext(opened.form.label)
    return await show(
        request,
        PAGE,
        partial=PART,
        status=status,
        title=gettext("New: %(what)s") % {"what": gettext(opened.form.label)} if not opened.rule_id else title,
        about=gettext(opened.form.about),
        action=f"{frame['here']}/editor",
        kept={KIND: opened.form.kind, RULE: opened.rule_id, SEEN: opened.seen},
        blocks=show_sections(opened.form.sections, opened.values, choices, errors),
        error_lines=[(field_of(name) if name else "", text) for name, text in errors.items()],
        conflict=opened.meeting,
        theirs_url=f"{frame['here']}/rules/{opened.rule_id}",
        said=say(rule, voice) if rule is not None else "",
        other=say(rule, voice, other_locale()) if rule is not None else "",
        other_lang="en" if other_locale() == "en" else "zh-CN",
        hint_texts=list(dict.fromkeys(typed.errors.values()))[:3] if not opened.saving else [],
        problems=_problems(working.program, rule, facts) if rule is not None else [],
        **condition_lists(choices),
        **frame,
    )


def condition_lists(choices: Choices) -> dict[str, Any]:
    """What the rows of conditions offer."""
    return {
        "catalogue": choices.catalogue,
        "groups": grouped_fields(choices.catalogue),
        "modes": MODES,
        "operators": OPERATORS,
        "units": UNITS,
    }


def _problems(program: Program, rule: AnyRule, facts: Facts) -> list[tuple[str, str]]:
    """What the checks say about this rule in its program."""
    if other_live_ladder(program, rule) is not None:
        return []
    found = check(with_rule(program, rule), facts)
    return [(problem_text(one), problem_state(one)) for one in found if one.rule_id == rule.id]


def typed_rule(working: Working, opened: Opened, choices: Choices) -> Typed:
    """Read the form for saving; a second live ladder is refused with the name of the first."""
    typed = read_rule(opened.form, opened.values, choices, rule_id=opened.rule_id or opened.form.kind)
    ladder = other_live_ladder(working.program, typed.rule) if typed.rule is not None else None
    if ladder is None:
        return typed
    words = gettext("Only one ladder can be in force, and “%(name)s” is. Switch that one off first, or this one.")
    return Typed(None, {"live": words % {"name": name_of(ladder)}})
