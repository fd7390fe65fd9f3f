"""The request as handlers see it: texts checked for what no database keeps, the visit put in by the route's guard."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict, State, UploadFile
from litestar.enums import RequestEncodingType
from litestar.types import Empty

from core.errors import FieldProblem, InvalidInput
from web.page import CSRF_FIELD
from web.runtime import Runtime
from web.visit import Visit

M = TypeVar("M", bound=msgspec.Struct)
MAX_FIELDS = 1000
_VISIT = "anxin_visit"
_CSRF = "anxin_csrf"


class BadText(InvalidInput):
    """NUL, a lone surrogate or bytes that are no UTF-8: no database keeps them, and no person types them."""

    code = "bad-text"


def refuse_bad_text(text: str, path: str = "") -> None:
    """Raise BadText when the text cannot be stored."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadText((FieldProblem(path, "bad-text"),))


def _check_all(value: object, path: str = "") -> None:
    if isinstance(value, str):
        refuse_bad_text(value, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            refuse_bad_text(str(key))
            _check_all(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _check_all(item, f"{path}[{number}]")
    elif isinstance(value, UploadFile):
        refuse_bad_text(value.filename, path)


def _parse_fields(body: bytes) -> dict[str, str | list[str]]:
    """Read a form strictly. Litestar's own parser caches bodies (with passwords) and hides bad bytes."""
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except UnicodeError:
        raise BadText((FieldProblem("", "bad-text"),)) from None
    except ValueError:
        raise InvalidInput((FieldProblem("", "too-many-fields", {"max": MAX_FIELDS}),)) from None
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


class WebRequest(Request[Any, Any, State]):
    """Annotate handlers' `request` with this class."""

    @property
    def runtime(self) -> Runtime:
        """What the process holds."""
        return cast("Runtime", self.app.state.runtime)

    @property
    def visit(self) -> Visit:
        """The visit that the route's guard opened."""
        return cast("Visit", self.scope["state"][_VISIT])

    @visit.setter
    def visit(self, visit: Visit) -> None:
        self.scope["state"][_VISIT] = visit

    @property
    def visit_or_none(self) -> Visit | None:
        """The visit, or None on pages of no tenant and before the guard."""
        return cast("Visit | None", self.scope["state"].get(_VISIT))

    @property
    def request_id(self) -> str:
        """The reference that stands on error pages and in the log."""
        return str(self.scope["state"].get("request_id", ""))

    @property
    def sent_csrf(self) -> str:
        """The form's token, known once the guard has called `open_form`."""
        return str(self.scope["state"].get(_CSRF, ""))

    async def json(self) -> Any:
        """Return the JSON body; raise BadText for what no database keeps."""
        value = await super().json()
        _check_all(value)
        return value

    async def open_form(self) -> Mapping[str, Any]:
        """Parse the form once, check its texts, take the token out; typed bodies then see only their own fields."""
        state = self._connection_state
        if state.form is not Empty:
            return cast("Mapping[str, Any]", state.form)
        fields: dict[str, Any] = {}
        kind = self.content_type[0]
        if kind == RequestEncodingType.URL_ENCODED:
            fields = dict(_parse_fields(await self.body()))
        elif kind == RequestEncodingType.MULTI_PART:
            await super().form()
            fields = dict(cast("dict[str, Any]", state.form))
        else:
            return fields
        state.form = cast("Any", fields)
        self._form = Empty
        _check_all(fields)
        token = fields.pop(CSRF_FIELD, "")
        self.scope["state"][_CSRF] = token if isinstance(token, str) else ""
        return fields

    async def close_files(self) -> None:
        """Throw uploads away; Litestar does it too, but not for what a guard refused."""
        if self._connection_state.form is not Empty:
            await FormMultiDict.from_form_data(cast("dict[str, Any]", self._connection_state.form)).close()

    async def form(self) -> FormMultiDict:
        """Return the form without its token."""
        await self.open_form()
        return await super().form()

    async def read(self, model: type[M], *, lists: Iterable[str] = ()) -> M:
        """Return the form as a struct; raise InvalidInput with the field's path, for handlers that show the form again.

        Args:
            model: a struct with forbid_unknown_fields.
            lists: names of fields that may come several times, or not at all.
        """
        fields = dict(await self.open_form())
        for name in lists:
            value = fields.get(name, [])
            fields[name] = value if isinstance(value, list) else [value]
        return convert(fields, model)


def convert(fields: Mapping[str, Any], model: type[M]) -> M:
    """Return the struct; raise InvalidInput that names the first field that does not fit."""
    try:
        return msgspec.convert(fields, model, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput((problem_of(str(error)),)) from None


def problem_of(message: str) -> FieldProblem:
    """Translate msgspec's sentence (`... - at `$.level``) into our code and path."""
    text, _, place = message.partition(" - at `")
    path = place.removesuffix("`").removeprefix("$").removeprefix(".")
    if text.startswith("Object missing required field"):
        return FieldProblem(text.rpartition("field ")[2].strip("`"), "required")
    if text.startswith("Object contains unknown field"):
        return FieldProblem(text.rpartition("field ")[2].strip("`"), "unknown-field")
    return FieldProblem(path, "wrong-form")
