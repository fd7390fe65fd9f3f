"""What was typed into the inputs of one field of a form, read into members of the field, each fault at its input."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.forms.rules.definition import is_date, kind_of, walk_fields
from core.forms.rules.patterns import BadPattern, compiled
from core.hooks.records.forms import Field, Form
from core.hooks.records.text import Text
from web.i18n import N_, gettext
from web.views.form_design import OPERATORS, say
from web.views.form_inputs import NO_WORDS, SCALES, both

MAX_WORDS: Final = 500
MAX_COUNT: Final = 10_000
MAX_OPTIONS: Final = 60
LARGEST: Final = 10**15
_YES_NO: Final = {"yes": True, "是": True, "true": True, "no": False, "否": False, "false": False}


class Typed(msgspec.Struct, frozen=True):
    """What the panel said: members for the field, and by input what cannot be read."""

    members: dict[str, Any]
    errors: dict[str, str]


def _text(zh: str, en: str) -> Text:
    return {"zh-CN": zh, "en": en} if zh and en else zh or en


class FieldReader:
    """Reads what was typed for one field; an input that is not in the page leaves its member as it is."""

    def __init__(self, posted: Mapping[str, Any], field: Field, base: Field | None, form: Form, locale: str) -> None:
        self._posted = posted
        self._field = field
        self._base = base
        self._form = form
        self._locale = locale
        self.members: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def read(self) -> Typed:
        """Return members and errors."""
        kind = kind_of(self._field)
        for name in ("label", "help", "text"):
            self._words(name, kind)
        if kind not in NO_WORDS:
            locked = self._base is not None and self._base.required
            self.members["required"] = locked or "required" in self._posted
        for name in ("min_length", "max_length", "min_rows", "max_rows", "decimals"):
            self._number(name, whole=True)
        if kind == "number":
            self._number("min")
            self._number("max")
        elif kind in {"date", "datetime"}:
            self._day("min")
            self._day("max")
        self._rest()
        if self._base is None:
            self._condition()
        return Typed(self.members, self.errors)

    def _given(self, name: str) -> str | None:
        value = self._posted.get(name)
        if value is None:
            return None
        return str(value[-1] if isinstance(value, list) else value).strip()

    def _of_plugin(self, name: str) -> Any:
        return None if self._base is None else getattr(self._base, name, None)

    def _words(self, name: str, kind: str) -> None:
        zh, en = self._given(f"{name}_zh"), self._given(f"{name}_en")
        if zh is None and en is None:
            return
        zh, en = zh or "", en or ""
        if max(len(zh), len(en)) > MAX_WORDS:
            self.errors[f"{name}_zh"] = gettext("At most %(max)s characters") % {"max": MAX_WORDS}
        words: Any = _text(zh, en)
        old = getattr(self._field, name, None)
        if both(old) == (zh, en):
            words = old  # one text for everybody stays one
        elif not words:
            words = self._of_plugin(name)
        if name == "label" and not words and kind != "note":
            self.errors["label_zh"] = gettext("Write the question in at least one language.")
        if name == "text" and not words:
            self.errors["text_zh"] = gettext("Write the text in at least one language.")
        self.members[name] = words if words or name == "help" else ""
        if name == "help" and not words:
            self.members[name] = None

    def _number(self, name: str, *, whole: bool = False) -> None:
        given = self._given(name)
        if given is None:
            return
        if not given:
            self.members[name] = self._of_plugin(name)
            return
        value = _number(given)
        fits = value is not None and (not whole or (isinstance(value, int) and 0 <= value <= MAX_COUNT))
        if fits:
            self.members[name] = value
        elif whole:
            self.errors[name] = gettext("Write a whole number from 0 to %(max)s.") % {"max": MAX_COUNT}
        else:
            self.errors[name] = gettext("Write a number, like 4.5.")

    def _day(self, name: str) -> None:
        given = self._given(name)
        if given is None:
            return
        if given in {"今天", "today"}:
            given = "today"
        elif given and not is_date(given) and given != getattr(self._field, name):
            self.errors[name] = gettext("A day like 2026-01-31, or the word today.")
        self.members[name] = given or self._of_plugin(name)

    def _rest(self) -> None:
        pattern = self._given("pattern")
        if pattern is not None:
            self.members["pattern"] = pattern or None
            try:
                compiled(pattern or "a")
            except BadPattern as error:
                self.errors["pattern"] = gettext("This form cannot be used: %(reason)s") % {"reason": error}
        unit = self._given("unit")
        if unit is not None:
            self.members["unit"] = unit or None
        scale = self._given("scale")
        if scale is not None:
            low, high = SCALES.get(scale, SCALES["5"])
            self.members |= {"min": low, "max": high}
        if kind_of(self._field) in {"choice", "multi"}:
            self._options()
        if {"min", "max"} <= self.members.keys():
            low, high = self.members["min"], self.members["max"]
            if low is not None and high is not None and type(low) is type(high) and low > high:
                self.errors.setdefault("max", gettext("This is below the smallest."))

    def _options(self) -> None:
        if self._base is not None:
            kept = self._posted.get("keep", [])
            chosen = set(kept if isinstance(kept, list) else [kept])
            offered = getattr(self._base, "options", ())
            left = [[one.value, one.label] for one in offered if one.value in chosen]
            if not left:
                self.errors["keep"] = gettext("Keep at least one answer.")
            self.members["options"] = left
            return
        lines = [line.strip() for line in (self._given("options") or "").splitlines() if line.strip()]
        known = {both(one.label)[0]: one.value for one in getattr(self._field, "options", ())}
        taken = set(known.values())
        options: list[list[Any]] = []
        for line in lines[: MAX_OPTIONS + 1]:
            zh, _, en = (part.strip() for part in line.partition("|"))
            # An answer keeps its value as long as its first words stay, so that older submissions still name it.
            value = known.get(zh) or next(name for name in (f"o{n}" for n in range(1, 1000)) if name not in taken)
            taken.add(value)
            options.append([value, _text(zh, en)])
        self.members["options"] = options
        if not options or len(options) > MAX_OPTIONS:
            self.errors["options"] = gettext("Write 1 to %(max)s answers, one per line.") % {"max": MAX_OPTIONS}
        elif len({option[0] for option in options}) < len(options):
            self.errors["options"] = gettext("An answer stands twice.")

    def _condition(self) -> None:
        key = self._given("when_field")
        if key is None:
            return
        if not key:
            self.members["visible_when"] = None
            return
        source = dict(walk_fields(self._form.fields)).get(key)
        operator = self._given("when_op") or "eq"
        if source is None or operator not in OPERATORS:
            self.errors["when_field"] = gettext("Choose one of the answers offered")
            return
        value: Any = msgspec.UNSET
        if operator not in {"empty", "not_empty"}:
            value = self._value(self._given("when_value") or "", source)
            if value is None:
                self.errors["when_value"] = self._expected(source)
                return
        self.members["visible_when"] = {"field": key, "op": operator} | (
            {} if value is msgspec.UNSET else {"value": value}
        )

    def _value(self, given: str, source: Field) -> Any:
        """Return what was typed as an answer of the field that is asked; None when it is none."""
        match kind_of(source):
            case "choice" | "multi":
                return _option(given, source)
            case "bool":
                return _YES_NO.get(given.casefold())
            case "number" | "rating":
                return _number(given)
            case "date" | "datetime":
                return given if given == "today" or is_date(given) else None
            case _:
                return given or None

    def _expected(self, source: Field) -> str:
        options = getattr(source, "options", ())
        if options:
            words = "、".join(say(option.label, self._locale) for option in options)
            return gettext("Write one of: %(words)s") % {"words": words}
        hints = {
            "bool": N_("Write yes or no."),
            "number": N_("Write a number, like 4.5."),
            "rating": N_("Write a number, like 4.5."),
        }
        return gettext(hints.get(kind_of(source), N_("Write the answer that is meant.")))


def _number(given: str) -> int | float | None:
    try:
        value = float(given)
    except ValueError:
        return None
    if not -LARGEST < value < LARGEST:
        return None
    return int(value) if value.is_integer() else value


def _option(given: str, source: Field) -> str | None:
    for option in getattr(source, "options", ()):
        if given.casefold() in {option.value.casefold(), *(one.casefold() for one in both(option.label) if one)}:
            return str(option.value)
    return None
