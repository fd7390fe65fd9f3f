"""What differs between two sets of rules, for people: both sentences, and each value under the label of its form."""

from typing import Final, Literal

import msgspec

from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.programs.rules.changes import Change, diff
from web.i18n import gettext
from web.rule_forms.fields import Choices
from web.rule_forms.kinds import KINDS, PROGRAM_SECTIONS, program_values
from web.rule_forms.showing import Input, show_sections
from web.rule_forms.writing import values_of
from web.rule_views.lines import Voice, name_of, say
from web.views.segment_editor import tree_of
from web.views.segments import sentence as conditions_in_words

NOTHING: Final = "—"
Flat = dict[tuple[str, ...], tuple[str, str]]
"""Label and text of each value by its place; a tier keeps its place by its code, so that moving one is no change."""


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that differs: sentences before and after, and (what, before, after) of each value."""

    rule_id: str
    what: Literal["added", "removed", "changed", "moved"]
    name: str
    before: str
    after: str
    rows: tuple[tuple[str, str, str], ...] = ()


def changes_of(before: Program, voice: Voice, choices: Choices) -> tuple[RuleChange, ...]:
    """All rules that are new, gone or different, in the order of the later program; name and ledger come first."""
    after = voice.program
    found = []
    for one in diff(before, after):
        if one.rule_id == "":
            rows = _rows(_program_flat(before, choices), _program_flat(after, choices))
            title = gettext("Name and ledger")
            found.append(RuleChange(rule_id="ledger", what="changed", name=title, before="", after="", rows=rows))
        elif one.what == "changed" and one.before is not None and one.after is not None:
            found.append(_changed(one.before, one.after, voice, choices))
        else:
            found.append(_whole(one, voice))
    return tuple(found)


def _whole(change: Change, voice: Voice) -> RuleChange:
    rule = change.after or change.before
    assert rule is not None
    return RuleChange(
        rule_id=change.rule_id,
        what=change.what,
        name=name_of(rule),
        before=say(rule, voice) if change.what == "removed" else "",
        after="" if change.what == "removed" else say(rule, voice),
    )


def _changed(before: AnyRule, after: AnyRule, voice: Voice, choices: Choices) -> RuleChange:
    rows = _rows(_flat(before, choices), _flat(after, choices)) if kind_of(before) == kind_of(after) else ()
    was, now = say(before, voice), say(after, voice)
    return RuleChange(
        rule_id=after.id,
        what="changed",
        name=name_of(after),
        before=was if was != now else "",
        after=now,
        rows=rows,
    )


def _rows(before: Flat, after: Flat) -> tuple[tuple[str, str, str], ...]:
    found = []
    for place in dict.fromkeys((*after, *before)):
        label, was = before.get(place, ("", NOTHING))
        new_label, now = after.get(place, ("", NOTHING))
        if was != now:
            found.append((new_label or label, was, now))
    return tuple(found)


def _flat(rule: AnyRule, choices: Choices) -> Flat:
    form = KINDS[kind_of(rule)]
    values = values_of(form, rule, choices.catalogue)
    found: Flat = {}
    for block in show_sections(form.sections, values, choices, {}):
        _walk(block.inputs, (), (), choices, found)
    return found


def _program_flat(program: Program, choices: Choices) -> Flat:
    found: Flat = {}
    values = program_values(program, choices.catalogue)
    for block in show_sections(PROGRAM_SECTIONS, values, choices, {}):
        _walk(block.inputs, (), (), choices, found)
    return found


def _walk(
    inputs: tuple[Input, ...], place: tuple[str, ...], trail: tuple[str, ...], choices: Choices, found: Flat
) -> None:
    for one in inputs:
        member = one.name.rpartition(".")[2]
        if one.widget == "group":
            _walk(one.parts, (*place, member), trail, choices, found)
        elif one.widget == "rows":
            for number, row in enumerate(one.rows):
                code = next((part.value for part in row.inputs if part.widget == "code"), "")
                key = f"{row.type}:{code or number}"
                _walk(row.inputs, (*place, member, key), (*trail, row.title), choices, found)
        elif one.shown and one.widget != "code":
            text = _text(one, choices)
            if text:
                found[(*place, member)] = (" › ".join((*trail, one.label)), text)


def _text(one: Input, choices: Choices) -> str:
    """A value as people read it; empty when nothing is there."""
    names = dict(one.options)
    match one.widget:
        case "when":
            tree = tree_of(one.node, choices.catalogue) if one.node is not None and one.node.children else None
            said = conditions_in_words(tree, choices.catalogue) if tree is not None else ""
        case "flag":
            said = gettext("Yes") if one.value else gettext("No")
        case "choice" | "many":
            said = "、".join(names.get(text, text) for text in one.texts if text)
        case "words":
            said = " / ".join(text for text in (one.value, one.english) if text)
        case "span":
            said = f"{one.value} {names.get(one.english, '')}" if one.value else ""
        case _:
            said = one.note or (f"{one.value} {one.unit}".strip() if one.value else "")
    return said
