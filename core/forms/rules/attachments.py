"""Which answers of a form are files or drawn signatures, where they stand, and the same answers with other records."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from core.hooks.records.forms import Field, FileField, Form, GroupField, SignatureField


class FileAnswer(msgspec.Struct, frozen=True):
    """One file of a field."""

    path: str
    field: FileField
    token: str


class DrawnAnswer(msgspec.Struct, frozen=True):
    """One signature that was drawn: a PNG as a data address."""

    path: str
    image: str


def file_fields(form: Form) -> list[FileField]:
    """The file fields of a form, those in groups too."""
    return [field for field in _every(form.fields) if isinstance(field, FileField)]


def _every(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        if isinstance(field, GroupField):
            yield from _every(field.fields)


def file_answers(form: Form, data: Mapping[str, Any]) -> list[FileAnswer]:
    """Every file that the answers name, in document order."""
    return [
        FileAnswer(path, field, str(one.get("token", "")))
        for path, field, value in _leaves(form.fields, data, "")
        if isinstance(field, FileField)
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, dict)
    ]


def drawn_answers(form: Form, data: Mapping[str, Any]) -> list[DrawnAnswer]:
    """Every signature that was drawn."""
    return [
        DrawnAnswer(path, value["image"])
        for path, field, value in _leaves(form.fields, data, "")
        if isinstance(field, SignatureField) and isinstance(value, dict) and value.get("image")
    ]


def _leaves(fields: tuple[Field, ...], data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Field, Any]]:
    for field in fields:
        value, path = data.get(field.key), prefix + field.key
        if isinstance(field, GroupField):
            rows = value if isinstance(value, list) else [value]
            for index, row in enumerate(rows):
                if isinstance(row, dict):
                    inside = f"{path}[{index}]." if field.repeat else f"{path}."
                    yield from _leaves(field.fields, row, inside)
        elif value is not None:
            yield path, field, value


def with_files(
    form: Form, answers: Mapping[str, Any], find: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> dict[str, Any]:
    """The answers with each file's record exchanged; a record that `find` answers None to is left out."""
    return _exchanged(form.fields, answers, find)


def _exchanged(
    fields: tuple[Field, ...], answers: Mapping[str, Any], find: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> dict[str, Any]:
    changed = dict(answers)
    for field in fields:
        value = changed.get(field.key)
        if isinstance(field, FileField) and value is not None:
            given = value if isinstance(value, list) else [value]
            records = [find(one) if isinstance(one, dict) else one for one in given]
            changed[field.key] = [one for one in records if one is not None]
        elif isinstance(field, GroupField) and isinstance(value, list):
            changed[field.key] = [
                _exchanged(field.fields, row, find) if isinstance(row, dict) else row for row in value
            ]
        elif isinstance(field, GroupField) and isinstance(value, dict):
            changed[field.key] = _exchanged(field.fields, value, find)
    return changed
