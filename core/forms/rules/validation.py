"""Answers against a form: what is shown, every (path, code) that is wrong, and what would be stored."""

from typing import Any

import msgspec

from core.errors import FieldProblem
from core.forms.rules.conditions import Names, Slot, holds, is_empty, resolve
from core.forms.rules.definition import kind_of
from core.forms.rules.values import calculate, faults, problem, row_faults
from core.hooks.records.forms import (
    BoolField,
    CalcField,
    Condition,
    Field,
    Form,
    GroupField,
    NoteField,
    SignatureField,
)

MAX_ANSWERS_BYTES = 512_000
MAX_ROWS = 100  # where a group names no max_rows; of a hostile number of rows no more are looked at


class Row(msgspec.Struct, frozen=True):
    """One row of a group that repeats, or the inside of one that does not."""

    path: str
    nodes: tuple["Node", ...]


class Node(msgspec.Struct, frozen=True):
    """A field at its place, with what was typed there and whether it is shown."""

    field: Field
    path: str
    visible: bool
    value: Any
    when: Condition | None
    """Resolved: it names paths and dates."""
    rows: tuple[Row, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """The judgement; `data` holds only what is shown, given and valid, and may be stored when `errors` is empty."""

    visible: tuple[str, ...]
    errors: tuple[FieldProblem, ...]
    data: dict[str, Any]
    nodes: tuple[Node, ...]
    values: dict[str, Any]
    """Answers by path as conditions see them."""
    names: Names

    @property
    def ok(self) -> bool:
        """Tell whether the data may be stored."""
        return not self.errors


def evaluate(form: Form, answers: dict[str, Any], today: str) -> Result:
    """Judge the answers in one pass in document order; `today` is the location's local date, YYYY-MM-DD.

    Hidden means: not required, not validated, not stored, and empty for later fields.
    """
    walk = _Walk(today)
    names = Names()
    if _too_large(answers):
        walk.say("", "too_large", {"max": MAX_ANSWERS_BYTES})
        answers = {}
    nodes, data = walk.scope(form.fields, answers, "", names, shown=True)
    return Result(tuple(walk.visible), tuple(walk.errors), data, nodes, walk.values, names)


def _too_large(answers: dict[str, Any]) -> bool:
    try:
        return len(msgspec.json.encode(answers)) > MAX_ANSWERS_BYTES
    except UnicodeEncodeError:
        # Half a surrogate pair: the field that holds it is refused by name.
        return False


class _Walk:
    def __init__(self, today: str) -> None:
        self.today = today
        self.visible: list[str] = []
        self.errors: list[FieldProblem] = []
        self.values: dict[str, Any] = {}

    def say(self, path: str, code: str, params: dict[str, str | int | float] | None = None) -> None:
        self.errors.append(FieldProblem(path, code, params or {}))

    def scope(
        self, fields: tuple[Field, ...], answers: dict[str, Any], prefix: str, names: Names, *, shown: bool
    ) -> tuple[tuple[Node, ...], dict[str, Any]]:
        """Judge the fields of the form or of one row."""
        nodes: list[Node] = []
        data: dict[str, Any] = {}
        for field in fields:
            path = prefix + field.key
            when = None if field.visible_when is None else resolve(field.visible_when, names, self.today)
            visible = shown and (when is None or holds(when, self.values))
            if visible:
                self.visible.append(path)
            raw = answers.get(field.key)
            if isinstance(field, GroupField):
                node, kept = self.group(field, raw, Node(field, path, visible, raw, when), names)
            else:
                value, kept = self.leaf(field, raw, path, names) if visible else (raw, None)
                node = Node(field, path, visible, value, when)
                names.declare(field.key, Slot(path, kind_of(field)))
            nodes.append(node)
            if kept is not None:
                data[field.key] = kept
        if shown:
            answerable = {field.key for field in fields if not isinstance(field, NoteField)}
            for key in answers:
                if key not in answerable:
                    self.say(prefix + key, "unknown")
        return tuple(nodes), data

    def leaf(self, field: Field, raw: Any, path: str, names: Names) -> tuple[Any, Any]:
        """Judge one shown answer; return it as redisplayed, and as stored (None: not at all)."""
        if isinstance(field, NoteField):
            return None, None
        if isinstance(field, CalcField):
            return self._calculated(field, path, names)
        if is_empty(raw):
            if field.required or (isinstance(field, BoolField) and field.risk is not None):
                self.say(path, "not_signed" if isinstance(field, SignatureField) else "required")
            return raw, None
        self.values[path] = raw
        found = [problem(path, fault) for fault in faults(field, raw, self.today)]
        self.errors.extend(found)
        return raw, None if found else raw

    def _calculated(self, field: CalcField, path: str, names: Names) -> tuple[Any, Any]:
        """The server calculates; what was sent for the field is ignored."""
        slots = [names.find(key) for key in field.of]
        value = calculate(field, [None if slot is None else self.values.get(slot.path) for slot in slots])
        if value is not None:
            self.values[path] = value
        return value, value

    def group(self, field: GroupField, raw: Any, node: Node, names: Names) -> tuple[Node, Any]:
        """Judge a group with its rows; the group itself is declared after them, so no member can ask it."""
        path, shown = node.path, node.visible
        if not field.repeat:
            return self._inside(field, raw, node, names)
        rows = raw if isinstance(raw, list) else []
        if shown and not is_empty(raw):
            self._rows_given(field, raw, path)
        elif shown and field.required:
            self.say(path, "required")
        elif shown:
            self.errors.extend(problem(path, fault) for fault in row_faults(0, field.min_rows, None))
        judged: list[Row] = []
        kept: list[dict[str, Any]] = []
        for index, row in enumerate(rows[: max(field.max_rows or 0, MAX_ROWS)]):
            place = f"{path}[{index}]"
            if not isinstance(row, dict):
                if shown:
                    self.say(place, "type")
                continue
            nodes, data = self.scope(field.fields, row, f"{place}.", Names(names), shown=shown)
            judged.append(Row(place, nodes))
            kept.append(data)
        names.declare(field.key, Slot(path, "group"))
        stored = kept if shown and kept else None
        return msgspec.structs.replace(node, rows=tuple(judged)), stored

    def _rows_given(self, field: GroupField, raw: Any, path: str) -> None:
        self.values[path] = raw
        if not isinstance(raw, list):
            self.say(path, "type")
            return
        found = row_faults(len(raw), field.min_rows, field.max_rows or MAX_ROWS)
        self.errors.extend(problem(path, fault) for fault in found)

    def _inside(self, field: GroupField, raw: Any, node: Node, names: Names) -> tuple[Node, Any]:
        inside = raw if isinstance(raw, dict) else {}
        path, shown = node.path, node.visible
        if shown and not is_empty(raw) and not isinstance(raw, dict):
            self.say(path, "type")
            shown = False
        inner = Names(names)
        nodes, data = self.scope(field.fields, inside, f"{path}.", inner, shown=shown)
        if shown and field.required and not data:
            self.say(path, "required")
        if data:
            self.values[path] = [data]
        names.declare(field.key, Slot(path, "group"))
        names.adopt(field.key, inner)
        return msgspec.structs.replace(node, rows=(Row(path, nodes),)), data or None
