"""The form as a tree for the template: what is typed stands in it as it was typed, with its sentence where it is wrong."""

from typing import Any, Final

import msgspec

from web.formats import price_share
from web.i18n import gettext
from web.rule_forms.fields import REQUIRED, Choices, Field, Options, Section, Values, first, is_shown, variant_of
from web.rule_forms.reading import Wrong, nodes_in, read_pay
from web.views.segment_editor import Node

_SPAN_UNITS: Final = (("months", "months"), ("days", "days"))


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One control; `texts` is what is ticked in a list."""

    name: str
    label: str
    widget: str
    value: str = ""
    texts: tuple[str, ...] = ()
    options: Options = ()
    unit: str = ""
    help: str = ""
    error: str = ""
    required: bool = False
    small: bool = False
    shown: bool = True
    english: str = ""
    """The second text of `words`; the unit of a `span`."""
    error_english: str = ""
    note: str = ""
    """What the typed value means: 9折."""
    node: Node | None = None
    rows: "tuple[Row, ...]" = ()
    adds: tuple[tuple[str, str, str], ...] = ()
    """Buttons that add a row: (command, label, icon)."""
    parts: "tuple[Input, ...]" = ()
    most: int = 120


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a list with its inputs."""

    list: str
    key: str
    type: str
    id: str
    title: str
    icon: str
    inputs: tuple[Input, ...]
    first: bool
    last: bool
    typed: bool


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A heading with its inputs."""

    title: str
    hint: str
    inputs: tuple[Input, ...]
    folded: bool
    id: str


def show_sections(
    sections: tuple[Section, ...], values: Values, choices: Choices, errors: dict[str, str]
) -> tuple[Block, ...]:
    """The whole form; a folded block opens when something in it is filled in or wrong."""
    shower = _Shower(values, choices, errors)
    blocks = []
    for number, section in enumerate(sections):
        inputs = tuple(shower.input(field, "") for field in section.fields)
        folded = section.folded and not any(_is_used(one) for one in inputs)
        blocks.append(
            Block(
                title=gettext(section.title),
                hint=gettext(section.hint) if section.hint else "",
                inputs=inputs,
                folded=folded,
                id=f"part-{number}",
            )
        )
    return tuple(blocks)


def _is_used(one: Input) -> bool:
    used = bool(one.value or one.texts or one.error or one.rows or (one.node is not None and one.node.children))
    return used or any(_is_used(part) for part in one.parts)


class _Shower:
    def __init__(self, values: Values, choices: Choices, errors: dict[str, str]) -> None:
        self._values, self._choices, self._errors = values, choices, errors

    def input(self, field: Field, prefix: str) -> Input:
        name = prefix + field.name
        shown = is_shown(field, self._values, prefix)
        parts: dict[str, Any] = {}
        if field.widget == "rows":
            parts = self._rows(field, name)
        elif field.widget == "group":
            parts["parts"] = tuple(self.input(one, f"{name}.") for one in field.fields)
        elif field.widget == "words":
            parts = {
                "value": self._text(f"{name}_zh"),
                "english": self._text(f"{name}_en"),
                "error": self._errors.get(f"{name}_zh", ""),
                "error_english": self._errors.get(f"{name}_en", ""),
            }
        elif field.widget == "span":
            parts = {
                "value": self._text(f"{name}_n"),
                "english": self._text(f"{name}_unit") or "months",
                "options": tuple((value, gettext(words)) for value, words in _SPAN_UNITS),
                "error": self._errors.get(f"{name}_n", ""),
            }
        elif field.widget == "when":
            parts["node"] = nodes_in(self._values, name, self._choices)
        elif field.widget in {"choice", "many"}:
            parts = {"options": self._options(field, name), "texts": tuple(self._values.get(name, ()))}
        parts.setdefault("value", self._text(name) if field.widget not in {"many", "rows"} else "")
        parts.setdefault("error", self._errors.get(name, ""))
        return Input(
            name=name,
            label=gettext(field.label) if field.label else "",
            widget=field.widget,
            unit=gettext(field.unit) if field.unit else "",
            help=gettext(field.help) if field.help else "",
            required=field.empty is REQUIRED,
            small=field.small,
            shown=shown,
            note=self._note(field, parts["value"]),
            most=field.most,
            **parts,
        )

    def _text(self, name: str) -> str:
        texts = self._values.get(name)
        return texts[0] if texts else ""

    def _note(self, field: Field, typed: str) -> str:
        if field.widget != "pay" or not typed.strip():
            return ""
        try:
            share = read_pay(typed, field.low, field.high)
        except Wrong:
            return ""
        return price_share(share) if share else gettext("free")

    def _options(self, field: Field, name: str) -> Options:
        """What is offered; what stands in the rule and is offered no longer stays, and says so."""
        if isinstance(field.options, tuple):
            return tuple((value, gettext(words)) for value, words in field.options)
        offered = self._choices.lists.get(field.options, ())
        known = dict(offered)
        gone = [text for text in self._values.get(name, ()) if text and text not in known]
        return offered + tuple((text, gettext("%(name)s (not in the list)") % {"name": text}) for text in gone)

    def _rows(self, field: Field, name: str) -> dict[str, Any]:
        keys = [key for key in self._values.get(name, []) if key.isdecimal()]
        several = len(field.variants) > 1
        rows = []
        for place, key in enumerate(keys):
            start = f"{name}-{key}."
            variant = variant_of(field, self._values, start)
            own = first(self._values, f"{start}label_zh") or first(self._values, f"{start}label_en")
            rows.append(
                Row(
                    list=name,
                    key=key,
                    type=variant.type,
                    id=f"row-{name}-{key}".replace(".", "-"),
                    title=own or gettext(variant.label),
                    icon=variant.icon,
                    inputs=tuple(self.input(one, start) for one in variant.fields),
                    first=place == 0,
                    last=place == len(keys) - 1,
                    typed=several,
                )
            )
        adds = tuple(
            (f"add|{name}|{one.type}", gettext("Add: %(what)s") % {"what": gettext(one.label)}, one.icon)
            for one in field.variants
        )
        return {"rows": tuple(rows), "adds": adds}


def field_of(error_name: str) -> str:
    """The id of the input that a sentence belongs to, as the template makes it."""
    return "f-" + error_name.replace(".", "-").replace("[", "-").replace("]", "")
