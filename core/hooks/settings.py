"""A plugin's settings: read with the path of every error, and described as inputs in the reader's language."""

import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from core.errors import FieldProblem, InvalidInput
from core.hooks.records.settings import SettingInput, SettingProblem, Widget
from core.hooks.records.text import Text, localized

_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
# msgspec's words -> the error codes of forms.md; the first that is found counts.
_BOUND = re.compile(r"[<>]=? (-?\d+(?:\.\d+)?)")
_CODES = (
    ("unknown field", "unknown"),
    ("length >=", "min_length"),
    ("length <=", "max_length"),
    ("matching regex", "pattern"),
    ("enum value", "option"),
    (">", "min"),
    ("<", "max"),
)


def words(
    zh: str,
    en: str,
    *,
    help_zh: str = "",
    help_en: str = "",
    widget: Widget | None = None,
    unit: Text = "",
    **more: Any,
) -> dict[str, Any]:
    """Return what an annotation adds to a setting's schema: `Meta(ge=0, extra_json_schema=words(...))`."""
    extra: dict[str, Any] = {"x-title": {"zh-CN": zh, "en": en}}
    if help_zh or help_en:
        extra["x-help"] = {"zh-CN": help_zh, "en": help_en}
    if widget is not None:
        extra["x-widget"] = widget
    if unit:
        extra["x-unit"] = unit
    return extra | {f"x-{name}": value for name, value in more.items()}


def settings_schema(settings: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 of a settings type, references resolved."""
    (schema,), parts = msgspec.json.schema_components((settings,), ref_template="{name}")
    return cast("dict[str, Any]", _resolved(schema, parts))


def _resolved(node: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(node, dict):
        merged = {**_resolved(parts[node["$ref"]], parts), **node} if "$ref" in node else node
        return {key: _resolved(value, parts) for key, value in merged.items() if key != "$ref"}
    if isinstance(node, list):
        return [_resolved(value, parts) for value in node]
    return node


def read_settings(settings: type[msgspec.Struct], data: Mapping[str, Any]) -> msgspec.Struct:
    """Return typed settings; what is not given takes its default.

    Raises:
        InvalidInput: every refused value at once, each with its path and a code of forms.md.
    """
    hints = typing.get_type_hints(settings, include_extras=True)
    problems: list[FieldProblem] = [FieldProblem(str(key), "unknown") for key in data if key not in hints]
    values: dict[str, Any] = {}
    for name, hint in hints.items():
        if name not in data:
            continue
        try:
            values[name] = msgspec.convert(data[name], hint)
        except msgspec.ValidationError as error:
            problems.append(_problem(name, str(error)))
    if not problems:
        try:
            return settings(**values)
        except (TypeError, ValueError) as error:
            problems.append(FieldProblem("", "invalid", {"detail": str(error)}))
    raise InvalidInput(tuple(problems))


def _problem(name: str, message: str) -> FieldProblem:
    found = _PATH.search(message)
    below = found.group(1) if found else ""
    path = f"{name}{'' if not below or below.startswith('[') else '.'}{below}"
    said = message[: found.start()] if found else message
    code = next((code for part, code in _CODES if part in said), "type")
    if unknown := re.search(r"unknown field `([^`]*)`", said):
        path = f"{path}.{unknown.group(1)}"
    params: dict[str, str | int | float] = {"detail": said}
    if bound := _BOUND.search(said):
        limit = float(bound.group(1))
        params["min" if code.startswith("min") else "max"] = int(limit) if limit.is_integer() else limit
    return FieldProblem(path, code, params)


def problems_of(found: Iterable[SettingProblem]) -> tuple[FieldProblem, ...]:
    """Return a plugin's own findings as problems of the input; texts in both languages ride in the params."""
    return tuple(
        FieldProblem(
            problem.path,
            problem.code,
            {"detail": problem.text} if isinstance(problem.text, str) else dict(problem.text),
        )
        for problem in found
    )


def settings_form(schema: Mapping[str, Any], values: Mapping[str, Any], locale: str) -> tuple[SettingInput, ...]:
    """Return the inputs of a settings page in the schema's order; nested objects are flattened with dots."""
    return tuple(_inputs(schema, values, locale, ""))


def _inputs(schema: Mapping[str, Any], values: Mapping[str, Any], locale: str, prefix: str) -> Iterable[SettingInput]:
    for name, part in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        if part.get("type") == "object" and "properties" in part:
            inner = values.get(name) or part.get("default") or {}
            yield from _inputs(part, inner, locale, f"{path}.")
            continue
        yield _input(path, part, values.get(name, part.get("default")), locale)


def _input(path: str, part: Mapping[str, Any], value: Any, locale: str) -> SettingInput:
    options = part.get("enum") or part.get("items", {}).get("enum") or ()
    labels = part.get("x-options", {})
    options = sorted(options, key=list(labels).index) if set(options) == set(labels) else options
    return SettingInput(
        path=path,
        label=localized(part.get("x-title", path), locale),
        help=localized(part.get("x-help", ""), locale),
        widget=part.get("x-widget") or _widget(part),
        value=value,
        default=part.get("default"),
        minimum=part.get("minimum"),
        maximum=part.get("maximum"),
        max_length=part.get("maxLength"),
        unit=localized(part.get("x-unit", ""), locale),
        options=tuple((str(option), localized(labels.get(option, str(option)), locale)) for option in options),
        secret=bool(part.get("x-secret", False)),
    )


def _widget(part: Mapping[str, Any]) -> Widget:
    kind = part.get("type")
    if "enum" in part:
        return "select"
    if kind == "boolean":
        return "switch"
    if kind in {"integer", "number"}:
        return "number"
    return "checkboxes" if kind == "array" else "text"


def settings_from_page(schema: Mapping[str, Any], posted: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return what a posted settings page means; what cannot be read stays text and fails validation by path."""
    data: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if part.get("type") == "object" and "properties" in part:
            inner = {key[len(name) + 1 :]: texts for key, texts in posted.items() if key.startswith(f"{name}.")}
            data[name] = settings_from_page(part, inner)
        else:
            data[name] = _typed(part, posted.get(name, []))
    known = set(schema.get("properties", {}))
    data |= {key: texts for key, texts in posted.items() if key.partition(".")[0] not in known}
    return data


def _typed(part: Mapping[str, Any], texts: list[str]) -> Any:
    kind = part.get("type")
    if kind == "array":
        return texts
    text = texts[-1].strip() if texts else ""
    if kind == "boolean":
        return text in {"on", "true", "1"}
    if kind in {"integer", "number"}:
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            return text
    return text
