"""A posted HTML form back into answers, with or without JavaScript; what cannot be read stays as it was typed."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from core.hooks.records.forms import (
    BoolField,
    CalcField,
    Field,
    FileField,
    Form,
    GroupField,
    MultiField,
    NoteField,
    NumberField,
    RatingField,
    SignatureField,
    TextField,
)

ADD, REMOVE, SAVE, TICKS = "_add", "_remove", "_save", "_bool"
"""Names of the buttons that add a row (`past`), remove one (`past[1]`), save a draft; and of the hidden input that
stands beside each tick box with the box's name, so that a box that was not shown stays missing."""
TYPED = "__typed"
"""Ending of the input where a signer types the name instead of drawing."""
MAX_NAMES = 5_000
MAX_INDEX = 200
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)
_ROW = re.compile(r"(.+)\[(\d{1,3})\]")


class Posted(msgspec.Struct, frozen=True):
    """What was sent: `step` is `submit`, `save`, `add` or `remove`; an added or removed row already shows."""

    answers: dict[str, Any]
    step: str = "submit"
    at: str = ""
    """The group or row that `add` or `remove` names."""
    system: dict[str, str] = {}
    """Inputs whose names start with an underscore: tokens, keys, buttons."""


def decode_post(form: Form, pairs: Iterable[tuple[str, Any]], files: Mapping[str, Any] | None = None) -> Posted:
    """Read the inputs of `form_view`; names that no field has come out as unknown keys, which `evaluate` refuses.

    `files` gives for a posted token the file's record; a token that it lacks stays text and is refused by kind.
    """
    sent: dict[str, list[str]] = {}
    system: dict[str, str] = {}
    ticks: set[str] = set()
    for count, (name, value) in enumerate(pairs):
        if count >= MAX_NAMES:
            break
        if name == TICKS:
            ticks.add(str(value))
        elif name.startswith("_"):
            system[name] = str(value)
        else:
            sent.setdefault(name, []).append(str(value))
    reader = _Reader(sent, ticks, files or {}, keep_blank=ADD in system or REMOVE in system)
    answers = reader.scope(form.fields, "")
    for name, values in sent.items():
        if name not in reader.known:
            answers[name] = values[0]
    return _step(form, answers, system)


def _step(form: Form, answers: dict[str, Any], system: dict[str, str]) -> Posted:
    if ADD in system:
        rows = _rows_at(form, answers, system[ADD])
        if rows is not None and len(rows) < MAX_INDEX:
            rows.append({})
        return Posted(answers, "add", system[ADD], system)
    if REMOVE in system:
        match = _ROW.fullmatch(system[REMOVE])
        rows = _rows_at(form, answers, match[1]) if match else None
        if match and rows is not None and int(match[2]) < len(rows):
            del rows[int(match[2])]
        return Posted(answers, "remove", system[REMOVE], system)
    return Posted(answers, "save" if SAVE in system else "submit", "", system)


def _rows_at(form: Form, answers: dict[str, Any], path: str) -> list[Any] | None:
    """The rows of the repeating group at a path, made when there are none yet; None when there is no such group."""
    fields, here = form.fields, answers
    *outer, last = path.split(".")
    for part in outer:
        match = _ROW.fullmatch(part)
        group = _group(fields, match[1] if match else part)
        if group is None or group.repeat is not bool(match):
            return None
        fields = group.fields
        if match:
            rows = here.get(group.key, [])
            if int(match[2]) >= len(rows):
                return None
            here = rows[int(match[2])]
        else:
            here = here.setdefault(group.key, {})
    group = _group(fields, last)
    if group is None or not group.repeat:
        return None
    found: list[Any] = here.setdefault(group.key, [])
    return found


def _group(fields: tuple[Field, ...], key: str) -> GroupField | None:
    return next((one for one in fields if isinstance(one, GroupField) and one.key == key), None)


class _Reader:
    def __init__(
        self, sent: dict[str, list[str]], ticks: set[str], files: Mapping[str, Any], *, keep_blank: bool
    ) -> None:
        self.known: set[str] = set()
        self._sent = sent
        self._ticks = ticks
        self._files = files
        self._keep_blank = keep_blank

    def scope(self, fields: tuple[Field, ...], prefix: str) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for field in fields:
            name = prefix + field.key
            if isinstance(field, GroupField):
                value = self._rows(field, name) if field.repeat else self.scope(field.fields, f"{name}.")
            else:
                value = self._leaf(field, name)
            if value not in (None, [], {}):
                answers[field.key] = value
        return answers

    def _rows(self, field: GroupField, name: str) -> list[dict[str, Any]]:
        """Rows in the order of their index; a row where nothing was typed is dropped, but not while rows are added."""
        start = f"{name}["
        found = {
            int(digits)
            for sent in (*self._sent, *self._ticks)
            if sent.startswith(start)
            and (digits := sent[len(start) :].partition("]")[0]).isascii()
            and digits.isdigit()
        }
        rows = [self.scope(field.fields, f"{name}[{index}].") for index in sorted(found) if index < MAX_INDEX]
        return [row for row in rows if self._keep_blank or any(value is not False for value in row.values())]

    def _leaf(self, field: Field, name: str) -> Any:
        if isinstance(field, NoteField | CalcField):
            # A calc is shown as an input that cannot be edited: sent or not, the server calculates it anew.
            self.known.update({name} if isinstance(field, CalcField) else ())
            return None
        self.known.add(name)
        values = [value for value in self._sent.get(name, []) if value]
        match field:
            case BoolField():
                return self._tick(name, values)
            case MultiField():
                return values
            case FileField():
                return [self._files.get(value, value) for value in values]
            case SignatureField():
                return self._signature(name, values)
            case _:
                return _typed(field, _clean(values[0])) if values else None

    def _signature(self, name: str, drawn: list[str]) -> dict[str, str] | None:
        """What was drawn (a PNG as data address), else the name that was typed instead."""
        self.known.add(name + TYPED)
        if drawn:
            return {"image": drawn[0]}
        typed = _clean(self._sent.get(name + TYPED, [""])[0])
        return {"name": typed} if typed else None

    def _tick(self, name: str, values: list[str]) -> bool | str | None:
        """A tick box or a yes/no pair: `true` and `on` are ticked, an unticked box is False, not missing."""
        if values:
            return {"true": True, "on": True, "false": False}.get(values[-1], values[-1])
        return None if self._ticks and name not in self._ticks else False


def _clean(text: str) -> str:
    """What browsers send, as it was meant: line ends are one character, space around is none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _typed(field: Field, text: str) -> int | float | str | None:
    if isinstance(field, NumberField | RatingField):
        return _number(text) if text else None
    if isinstance(field, TextField) and not field.multiline:
        text = text.replace("\n", " ")
    return text or None


def _number(text: str) -> int | float | str:
    """The number, also in full-width digits as Chinese keyboards type them; else the text as it was typed."""
    plain = unicodedata.normalize("NFKC", text)
    if not _NUMBER.fullmatch(plain):
        return text
    return float(plain) if "." in plain else int(plain)
