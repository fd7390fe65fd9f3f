"""Rules as lines under headings, differences and problems in words: what the pages of the loyalty rules show."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from core.backtests.checking import get_names
from core.conditions.rules.catalogue import Catalogue
from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.programs.rules.facts import Facts, Problem
from core.programs.rules.sentences import sentence
from core.programs.rules.wording import Names
from web.i18n import Locale, gettext, localized
from web.page import current_page, showing
from web.rule_forms.fields import KindForm
from web.rule_forms.kinds import HEADINGS, KINDS
from web.rule_views.problems import problem_state, problem_text
from web.views.segments import sentence as conditions_in_words

_INDEX: Final = re.compile(r"\[(\d+)\]")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in a list."""

    id: str
    kind: str
    icon: str
    name: str
    said: str
    live: bool
    source: str
    href: str = ""
    state: str = ""
    """`new` or `changed` against what is in force."""
    problems: tuple[tuple[str, str], ...] = ()
    """(words, state of a banner)"""
    first: bool = True
    last: bool = True


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that belong together."""

    id: str
    title: str
    lines: tuple[Line, ...]


def name_of(rule: AnyRule) -> str:
    """What people call a rule: its own name, else that of its kind."""
    return localized(rule.label) or gettext(KINDS[kind_of(rule)].label)


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """What a sentence needs beside its rule: the program it stands in, the names of codes, the fields of conditions."""

    program: Program
    names: Names
    catalogue: Catalogue | None

    def tell(self, tree: Tree) -> str:
        """Conditions in the language of the page."""
        return conditions_in_words(tree, self.catalogue) if self.catalogue is not None else ""


def voice_of(program: Program, facts: Facts) -> Voice:
    """The voice that tells the rules of one program."""
    return Voice(
        program=program,
        names=get_names(facts),
        catalogue=facts.catalogue,
    )


def say(rule: AnyRule, voice: Voice, locale: Locale | None = None) -> str:
    """The rule as a sentence, in the reader's language when no other is asked for."""
    page = current_page()
    with showing(msgspec.structs.replace(page, locale=locale or page.locale)):
        return sentence(rule, current_page().lang, program=voice.program, names=voice.names, tell=voice.tell)


def other_locale() -> Locale:
    """The language that the reader does not read: both are edited."""
    return "en" if current_page().locale == "zh_CN" else "zh_CN"


def headings_of(
    voice: Voice,
    *,
    here: str = "",
    base: Program | None = None,
    problems: Iterable[Problem] = (),
) -> tuple[Heading, ...]:
    """All rules under their headings; with `base` each says whether it is new or changed."""
    program = voice.program
    by_rule: dict[str, list[tuple[str, str]]] = {}
    for one in problems:
        by_rule.setdefault(one.rule_id, []).append((problem_text(one), problem_state(one)))
    known = {rule.id: rule for rule in base.rules} if base else {}
    found = []
    for number, title in enumerate(HEADINGS):
        lines = []
        for form in (one for one in KINDS.values() if one.heading == title):
            rules = [rule for rule in program.rules if kind_of(rule) == form.kind]
            for place, rule in enumerate(rules):
                state = ""
                if base is not None:
                    state = "new" if rule.id not in known else "changed" if known[rule.id] != rule else ""
                lines.append(
                    _line(
                        rule,
                        form,
                        voice,
                        href=f"{here}/rules/{rule.id}" if here else "",
                        state=state,
                        problems=tuple(by_rule.get(rule.id, ())),
                        first=place == 0,
                        last=place == len(rules) - 1,
                    )
                )
        if lines:
            found.append(Heading(id=f"part-{number}", title=gettext(title), lines=tuple(lines)))
    return tuple(found)


def _line(rule: AnyRule, form: KindForm, voice: Voice, **rest: Any) -> Line:
    return Line(
        id=rule.id,
        kind=gettext(form.label),
        icon=form.icon,
        name=name_of(rule),
        said=say(rule, voice),
        live=rule.live,
        source=rule.source,
        **rest,
    )


def removed_lines(voice: Voice, base: Program) -> list[Line]:
    """Rules in force that the draft no longer has."""
    kept = {rule.id for rule in voice.program.rules}
    return [_line(rule, KINDS[kind_of(rule)], voice) for rule in base.rules if rule.id not in kept]


def input_of(path: str) -> str:
    """The input of a form that a problem's path names: `tiers[1].min_fen` is `tiers-1.min_fen`."""
    return _INDEX.sub(r"-\1", path)
