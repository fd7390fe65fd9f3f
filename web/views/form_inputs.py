"""The inputs with which a person describes one field of a form, and what was typed into them as members of the field."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.forms.rules import Overlay
from core.forms.rules.definition import kind_of
from core.forms.rules.designing import free_key
from core.hooks.records.forms import Field, Form
from core.hooks.records.text import Text
from web.i18n import gettext
from web.views.form_design import MEMBERS, OPERATORS, askable, say

NO_WORDS: Final = {"calc", "note"}
"""Kinds that are never answered, so never required."""
_COUNTS: Final[dict[str, tuple[str, ...]]] = {
    "text": ("min_length", "max_length"),
    "multi": ("min_rows", "max_rows"),
    "file": ("max_rows",),
    "group": ("min_rows", "max_rows"),
}
SCALES: Final = {"5": (1, 5), "7": (1, 7), "10": (0, 10)}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One input of the panel; the template hands it to `ui.field`."""

    name: str
    label: str
    kind: str = "text"
    value: Any = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    disabled: bool = False
    group: str = ""


def both(text: Text | None) -> tuple[str, str]:
    """Return Chinese and English words; one text for everybody stands in the first."""
    if not isinstance(text, dict):
        return text or "", ""
    return text.get("zh-CN", ""), text.get("en", "")


def panel(field: Field, base: Field | None, form: Form, path: str, locale: str) -> list[Asked]:
    """Return the inputs for a field as it is in the draft; `base` is the plugin's, None for one of one's own."""
    kind = kind_of(field)
    found = _words("label", gettext("Question"), field.label)
    if kind == "note" and base is None:
        found += _words("text", gettext("Text"), getattr(field, "text", ""))
    found += _words("help", gettext("Help below the question"), field.help)
    if kind not in NO_WORDS:
        locked = base is not None and base.required
        hint = gettext("The plugin needs this answer: it stays, and stays required.") if locked else ""
        words = gettext("Must be answered")
        found.append(
            Asked(name="required", label=words, kind="checkbox", value=field.required, hint=hint, disabled=locked)
        )
    found += _limits(field, base, kind)
    found += _options(field, base, locale)
    if base is None and "." not in path:
        found += _condition(field, form, path, locale)
    return found


def blank(kind: str, form: Form, after: str | None, locale: str) -> list[Asked]:
    """Return the inputs for a new field of this kind."""
    field = new_field(kind, "x_new", {})
    keys = [one.key for one in form.fields]
    behind = keys.index(after) + 1 if after in keys else len(keys)
    return panel(field, None, form, keys[behind] if behind < len(keys) else "", locale)


def _words(name: str, label: str, text: Text | None) -> list[Asked]:
    zh, en = both(text)
    long = "text" if name == "label" else "textarea"
    return [
        Asked(name=f"{name}_zh", label=f"{label} · 中文", value=zh, kind=long, group=name),
        Asked(name=f"{name}_en", label=f"{label} · English", value=en, kind=long, group=name),
    ]


def _limits(field: Field, base: Field | None, kind: str) -> list[Asked]:
    found: list[Asked] = []
    names = _COUNTS.get(kind, ())
    if kind == "group" and not getattr(field, "repeat", False):
        names = ()
    if kind in {"number", "date", "datetime"}:
        names = ("min", "max")
    for name in names:
        hint = gettext("A day like 2026-01-31, or the word today.") if kind in {"date", "datetime"} else ""
        value = getattr(field, name)
        found.append(
            Asked(
                name=name,
                label=gettext(MEMBERS[name]),
                kind="number" if kind not in {"date", "datetime"} else "text",
                value="" if value is None else value,
                hint=hint,
                group="limits",
            )
        )
    if kind == "number":
        value = getattr(field, "decimals")  # noqa: B009 - of a number only, which the type of Field does not know
        found.append(
            Asked(
                name="decimals",
                label=gettext(MEMBERS["decimals"]),
                kind="number",
                value="" if value is None else value,
                hint=gettext("0 means whole numbers only."),
                group="limits",
            )
        )
        if base is None:
            found.append(
                Asked(name="unit", label=gettext(MEMBERS["unit"]), value=say(getattr(field, "unit", ""), "zh-CN"))
            )
    if kind == "text" and (base is None or getattr(base, "pattern", None) is None):
        found.append(
            Asked(
                name="pattern",
                label=gettext("Form, for experts"),
                value=getattr(field, "pattern", None) or "",
                hint=gettext("A regular expression for the whole answer: [0-9]{15} is 15 digits."),
            )
        )
    if kind == "rating" and base is None:
        top = str(getattr(field, "max", 5))
        scales = tuple((name, f"{low} – {high}") for name, (low, high) in SCALES.items())
        found.append(
            Asked(name="scale", label=gettext("Scale"), kind="segmented", value=top, options=scales, required=True)
        )
    return found


def _options(field: Field, base: Field | None, locale: str) -> list[Asked]:
    options = getattr(field, "options", ())
    if kind_of(field) not in {"choice", "multi"}:
        return []
    if base is None:
        lines = [" | ".join(part for part in both(option.label) if part) for option in options]
        hint = gettext("One answer per line. English after a bar: 犬 | Dog")
        return [
            Asked(
                name="options",
                label=gettext(MEMBERS["options"]),
                kind="textarea",
                value="\n".join(lines),
                hint=hint,
                required=True,
            )
        ]
    return [
        Asked(
            name="keep",
            label=gettext(MEMBERS["options"]),
            kind="multi",
            value=[option.value for option in options],
            options=tuple((option.value, say(option.label, locale)) for option in getattr(base, "options", ())),
            hint=gettext("Untick what you do not offer."),
        )
    ]


def _condition(field: Field, form: Form, path: str, locale: str) -> list[Asked]:
    when = field.visible_when
    simple = when is not None and when.field is not msgspec.UNSET
    asked = str(when.field) if when is not None and simple else ""
    known = askable(form, path)
    value: Any = when.value if when is not None and simple and when.value is not msgspec.UNSET else ""
    source = dict(known).get(asked)
    fields = tuple((key, say(one.label, locale) or key) for key, one in known)
    return [
        Asked(
            name="when_field",
            label=gettext("Ask this only when"),
            kind="select",
            value=asked,
            options=fields,
            group="when",
        ),
        Asked(
            name="when_op",
            label=gettext("Comparison"),
            kind="select",
            value=str(when.op) if when is not None and simple else "eq",
            options=tuple((op, gettext(words)) for op, words in OPERATORS.items()),
            required=True,
            group="when",
        ),
        Asked(
            name="when_value",
            label=gettext("Answer"),
            value=_shown(value, source, locale),
            hint=gettext("As it is shown in the form; for a tick box yes or no."),
            group="when",
        ),
    ]


def _shown(value: Any, source: Field | None, locale: str) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    for option in getattr(source, "options", ()):
        if option.value == value:
            return say(option.label, locale)
    return str(value)


def new_field(kind: str, key: str, members: Mapping[str, Any]) -> Field:
    """Return a field of one's own; raises msgspec.ValidationError when the members do not make one."""
    wire: dict[str, Any] = {"type": "text" if kind == "multiline" else kind, "key": key, **members}
    if kind == "multiline":
        wire["multiline"] = True
    if kind in {"choice", "multi"}:
        wire.setdefault("options", [])
    field: Field = msgspec.convert(wire, Field)
    return field


def own_key(overlay: Overlay, members: Mapping[str, Any]) -> str:
    """Return a key made of the English words, which reports and exports show; a number where there are none."""
    english = both(members.get("label"))[1] or both(members.get("label"))[0]
    stem = "".join(char if char.isascii() and char.isalnum() else "_" for char in english.lower())
    return free_key(overlay, "_".join(filter(None, stem.split("_"))) or "field")
