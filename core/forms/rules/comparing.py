"""What differs between two versions of a form, line by line, for who is about to publish one."""

from bisect import bisect_left
from typing import Any, Literal

import msgspec

from core.forms.rules.definition import walk_fields
from core.hooks.records.forms import Field, Form
from core.hooks.records.text import Text


class Difference(msgspec.Struct, frozen=True):
    """One line: a field that is new, gone, stands elsewhere, or has a member (`required`, `label`...) that changed."""

    what: Literal["added", "gone", "moved", "changed"]
    path: str
    label: Text
    member: str = ""
    before: Any = None
    after: Any = None


def compare_forms(old: Form, new: Form) -> tuple[Difference, ...]:
    """Return what an editor did between the two, in the order of the newer form; what is gone comes last."""
    was, now = dict(walk_fields(old.fields)), dict(walk_fields(new.fields))
    found: list[Difference] = []
    out_of_place = _moved(old, new)
    for path, field in now.items():
        if path not in was:
            if path.rpartition(".")[0] not in now.keys() - was.keys():
                found.append(Difference("added", path, field.label))
            continue
        if path in out_of_place:
            found.append(Difference("moved", path, field.label))
        found += _members(path, was[path], field)
    gone = [path for path in was if path not in now]
    found += [Difference("gone", path, was[path].label) for path in gone if path.rpartition(".")[0] not in gone]
    return tuple(found)


def _members(path: str, old: Field, new: Field) -> list[Difference]:
    before, after = msgspec.to_builtins(old), msgspec.to_builtins(new)
    names = [name for name in (*before, *after) if name not in {"type", "key", "fields"}]
    return [
        Difference("changed", path, new.label, name, before.get(name), after.get(name))
        for name in dict.fromkeys(names)
        if before.get(name) != after.get(name)
    ]


def _moved(old: Form, new: Form) -> set[str]:
    """Return the paths that stand elsewhere: in another section, or out of the longest run that kept its order."""
    homes = [{key: section.id for section in form.sections for key in section.fields} for form in (old, new)]
    levels: dict[str, list[str]] = {}
    for path, _ in walk_fields(new.fields):
        levels.setdefault(path.rpartition(".")[0], []).append(path)
    rank = {path: number for number, (path, _) in enumerate(walk_fields(old.fields))}
    found = {path for path in rank if "." not in path and homes[0].get(path) != homes[1].get(path)}
    for paths in levels.values():
        known = [path for path in paths if path in rank and path not in found]
        kept = _longest_rising([rank[path] for path in known])
        found.update(path for path in known if rank[path] not in kept)
    return found & rank.keys() & {path for path, _ in walk_fields(new.fields)}


def _longest_rising(numbers: list[int]) -> set[int]:
    """Return the members of one longest rising run, so that one moved field is one line and not many."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
    run: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        run.add(last)
        last = before[last]
    return run
