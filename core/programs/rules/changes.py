"""What differs between two programs: rules added, removed and changed, a changed one field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.hooks.records.text import Text
from core.programs.rules.labels import VALUES, label_of_field, label_of_kind
from core.programs.rules.wording import Teller

Value = Any
_KEYS: Final = ("code", "role", "service", "item", "template", "festival")
"""By these a row of a list is known again, so that one put in between does not shift all that follow."""


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its path (`tiers[silver].min_fen`), its label, and the stored values; None is not there."""

    path: str
    label: Text
    before: Value
    after: Value


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, or with an empty `rule_id` the program's own name and ledger."""

    rule_id: str
    kind: str
    kind_label: Text
    label: Text
    what: Literal["added", "removed", "changed", "moved"]
    fields: tuple[FieldChange, ...] = ()
    before: AnyRule | None = None
    after: AnyRule | None = None


def diff(before: Program, after: Program) -> tuple[Change, ...]:
    """What turns one program into another, in the order of the new rules; removed ones come last."""
    found = []
    frame = tuple(_frame_changes(before, after))
    if frame:
        found.append(Change(rule_id="", kind="program", kind_label="", label=after.label, what="changed", fields=frame))
    old = {rule.id: rule for rule in before.rules}
    for rule in after.rules:
        was = old.pop(rule.id, None)
        if was is None:
            found.append(_change(rule, "added", after=rule))
        elif was != rule:
            found.append(_change(rule, "changed", before=was, after=rule, fields=tuple(_rule_changes(was, rule))))
    found += [_change(rule, "removed", before=rule) for rule in old.values()]
    return tuple(found) or _order(before, after)


def _order(before: Program, after: Program) -> tuple[Change, ...]:
    """The same rules in another order: the first of several may count, so that is told too."""
    moved = [new for new, was in zip(after.rules, before.rules, strict=True) if new.id != was.id]
    return tuple(_change(rule, "moved", before=rule, after=rule) for rule in moved)


def _change(rule: AnyRule, what: Literal["added", "removed", "changed", "moved"], **values: Any) -> Change:
    kind = kind_of(rule)
    return Change(
        rule_id=rule.id, kind=kind, kind_label=label_of_kind(kind), label=rule.label or rule.id, what=what, **values
    )


def _frame_changes(before: Program, after: Program) -> Iterator[FieldChange]:
    for name in ("label", "source", "ledger"):
        yield from _compare(msgspec.to_builtins(getattr(before, name)), msgspec.to_builtins(getattr(after, name)), name)


def _rule_changes(before: AnyRule, after: AnyRule) -> Iterator[FieldChange]:
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    for name in dict.fromkeys((*old, *new)):
        yield from _compare(old.get(name), new.get(name), "type" if name == "kind" else name)


def _compare(before: Value, after: Value, path: str) -> Iterator[FieldChange]:
    if before == after:
        return
    if _is_record(before, path) and _is_record(after, path):
        for name in dict.fromkeys((*before, *after)):
            yield from _compare(before.get(name), after.get(name), f"{path}.{name}")
    elif _is_rows(before) and _is_rows(after):
        old, new = _rows(before), _rows(after)
        for key in dict.fromkeys((*new, *old)):
            yield from _compare(old.get(key), new.get(key), f"{path}[{key}]")
    else:
        yield FieldChange(path=path, label=label_of_field(path), before=before, after=after)


def _is_record(value: Value, path: str) -> bool:
    """A record with fields of its own; texts in two languages and conditions are one value each."""
    name = path.rpartition(".")[2].partition("[")[0]
    return isinstance(value, Mapping) and name not in {"label", "terms", "invite", "message", "when"}


def _is_rows(value: Value) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows by what they are known by; without that by kind, or by their place."""
    found: dict[str, Any] = {}
    for index, row in enumerate(rows):
        key = next((str(row[name]) for name in _KEYS if row.get(name)), str(row.get("type", index + 1)))
        found[key if key not in found else f"{key} {index + 1}"] = row
    return found


def told(change: FieldChange, value: Value, t: Teller) -> str:
    """A stored value as people write it: fen as yuan, a percentage to pay as a discount, codes by their names."""
    name = change.path.rpartition(".")[2].partition("[")[0]
    if value is None or value in ([], (), ""):
        return "—"
    if name == "when":
        return t.say("一个条件", "a condition")
    if isinstance(value, bool | int):
        return _told_number(name, value, t)
    if isinstance(value, Mapping):
        return _told_record(change, value, t)
    if isinstance(value, list | tuple):
        return t.listed(told(change, one, t) for one in value)
    named = {"service": t.service, "services": t.service, "role": t.role, "roles": t.role, "template": t.template}
    words = t.name(VALUES.get(str(value), str(value)))
    return named[name](str(value)) if name in named else words


def _told_number(name: str, value: int, t: Teller) -> str:
    if isinstance(value, bool):
        return t.say("是" if value else "否", "yes" if value else "no")
    if name.endswith("_fen") or name == "fen_per_point":
        return t.yuan(value)
    return t.pays(value) if name == "pay_percent" else t.number(value)


def _told_record(change: FieldChange, value: Mapping[str, Any], t: Teller) -> str:
    if set(value) <= {"zh-CN", "en"}:
        return t.name({key: str(words) for key, words in value.items()})
    label = value.get("label")
    if label:
        return t.name(label)
    parts = []
    for name, inner in value.items():
        if name != "type" and inner not in (None, "", [], (), 0, False):
            one = FieldChange(path=f"{change.path}.{name}", label=label_of_field(name), before=None, after=inner)
            parts.append(f"{t.name(one.label)} {told(one, inner, t)}")
    return t.clauses(parts)
