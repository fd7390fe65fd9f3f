"""Bronze D: declarations are the same twice, in two languages, with ids that last."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from core.hooks.records.text import LOCALES
from plugins.testing.findings import Finding
from plugins.testing.project import Release
from plugins.testing.subject import A, Subject, declared

_LOCAL_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Names that may stay in one language: where a number comes from, and what machines read.
# `words` are looked for in what people write, and `item` is matched with what a coupon names: neither is translated.
_NOT_WORDS = frozenset({"source", "pattern", "icon", "unit", "key", "value", "visible_when", "when", "words", "item"})


def check_declarations(subject: Subject, release: Release | None = None) -> Iterator[Finding]:
    """Yield what is wrong with what the plugin declares."""
    yield from _same_twice(subject)
    yield from _words(subject)
    yield from _ids(subject)
    if release is not None:
        yield from _lasting(release, release_of(subject))


def _same_twice(subject: Subject) -> Iterator[Finding]:
    again = declared(subject.alone().for_tenant(A, 1, {subject.plugin.id: {}}))
    for hook, records in subject.declared().items():
        if records != again[hook]:
            yield Finding("D1", f"{hook} declares something else the second time")


def _words(subject: Subject) -> Iterator[Finding]:
    for hook, contributions in subject.declared().items():
        if hook == "demo_data":  # names and answers of sample people, as they would type them
            continue
        for contribution in contributions:
            for path, text in _texts(msgspec.to_builtins(contribution.value), hook):
                missing = set(LOCALES) - set(text) if isinstance(text, dict) else set()
                if missing or (isinstance(text, str) and _CHINESE.search(text)):
                    yield Finding("D2", f"{path} has words in one language only")


def _texts(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every text of a record: maps by locale, and plain strings that a person would read."""
    if isinstance(node, dict):
        if node and all(isinstance(value, str) for value in node.values()) and set(node) & set(LOCALES):
            yield path, node
            return
        for key, value in node.items():
            if key not in _NOT_WORDS:
                yield from _texts(value, f"{path}.{key}")
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            yield from _texts(value, f"{path}[{place}]")
    elif isinstance(node, str):
        yield path, node


def _ids(subject: Subject) -> Iterator[Finding]:
    for hook, contributions in subject.declared().items():
        for contribution in contributions:
            local = str(getattr(contribution.value, "id", "")).removeprefix(f"{subject.plugin.id}.")
            if local and not _LOCAL_ID.fullmatch(local):
                yield Finding("D3", f"{hook}: id {local!r} is not lower-case letters, digits and underscores")


def release_of(subject: Subject) -> Release:
    """Return what must stay in the next release: ids by hook, and the type of each field."""
    ids: dict[str, list[str]] = {}
    fields: dict[str, str] = {}
    for hook, contributions in subject.declared().items():
        names = [str(one.value.id) for one in contributions if getattr(one.value, "id", "")]
        if names and hook != "demo_data":
            ids[hook] = sorted(names)
        for one in contributions:
            if hook in {"intake_forms", "subject_types"}:
                fields.update(_types(one.value.fields, str(one.value.id)))
    return Release(version=subject.plugin.version, ids=ids, fields=fields)


def _types(fields: tuple[Any, ...], path: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        yield f"{path}.{field.key}", str(field.__struct_config__.tag)
        yield from _types(getattr(field, "fields", ()), f"{path}.{field.key}")


def _lasting(before: Release, after: Release) -> Iterator[Finding]:
    for hook, names in before.ids.items():
        for gone in sorted(set(names) - set(after.ids.get(hook, ()))):
            yield Finding("D4", f"{hook}: {gone} was there in {before.version}; rows and reports still name it")
    for path, kind in before.fields.items():
        now = after.fields.get(path, kind)
        if now != kind:
            yield Finding("D4", f"field {path} was {kind} in {before.version} and is {now}: answers would be lost")
