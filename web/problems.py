"""Turns everything that is raised into one problem: RFC 9457 for programs, a page for people, a part for htmx."""

import logging
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.errors import AnxinError, FieldProblem, InvalidInput, Unauthenticated
from web import htmx
from web.i18n import gettext, localized
from web.page import showing
from web.problem_texts import BY_STATUS, field_text, text_of
from web.request import WebRequest, problem_of
from web.screens import page_for

logger = logging.getLogger("anxin.problems")

PROBLEM_TYPE: Final = "urn:anxin:problem:"
SIGN_IN_PATH: Final = "/t/{slug}/sign-in"
_BEHIND_CODE: Final = re.compile(r"(/[a-z]{1,2}/[a-z0-9]{20,})/.")

# SQLSTATE -> (code, status) of what a person can mend by trying again or by looking at the fields.
_SQLSTATES: Final = {
    "23505": ("conflict", 409),  # unique_violation
    "23503": ("conflict", 409),  # foreign_key_violation
    "23514": ("invalid-input", 422),  # check_violation
    "23502": ("invalid-input", 422),  # not_null_violation
    "22021": ("bad-text", 422),  # character_not_in_repertoire
    "22003": ("invalid-input", 422),  # numeric_value_out_of_range
    "40001": ("conflict", 409),  # serialization_failure
    "40P01": ("conflict", 409),  # deadlock_detected
    "55P03": ("unavailable", 503),  # lock_not_available
    "57014": ("unavailable", 503),  # query_canceled: the statement's time was over
    "57P01": ("unavailable", 503),  # admin_shutdown
    "57P03": ("unavailable", 503),  # cannot_connect_now
    "53300": ("unavailable", 503),  # too_many_connections
}
CONSTRAINTS: Final = {
    "staff_tenant_id_login_key": "duplicate-login",
    "tenant_address_pkey": "address-taken",
}
"""Constraint name -> the code of the area's own error, for the moment between looking and writing."""


class Refused(Exception):
    """Undo the transaction and answer this: a handler raises it to show its form again."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__("refused")
        self.response = response


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of RFC 9457, with our two additions: the next step and the reference."""

    type: str
    title: str
    status: int
    next_step: str
    reference: str
    errors: list[dict[str, Any]] = []
    retry_after: int = 0


class _Found(msgspec.Struct, frozen=True):
    code: str
    status: int
    fields: tuple[FieldProblem, ...] = ()
    retry_after: int = 0
    headers: dict[str, str] = {}
    words: dict[str, str] = {}


def _words(params: Mapping[str, object]) -> dict[str, str]:
    """Return what a text may name; a plugin's own title carries both languages."""
    return {
        name: localized(value) if isinstance(value, Mapping) else value
        for name, value in params.items()
        if isinstance(value, str | Mapping)
    }


def _fill(text: str, words: Mapping[str, str]) -> str:
    return text % words if "%(" in text else text


def _from_litestar(error: HTTPException) -> _Found:
    if isinstance(error, ValidationException):
        return _Found("invalid-input", 422, _fields_of(error))
    status = error.status_code
    known = {key.lower(): value for key, value in (error.headers or {}).items()}
    headers = {"allow": known["allow"]} if "allow" in known else {}
    return _Found(BY_STATUS.get(status, "internal"), status, headers=headers)


def _fields_of(error: ValidationException) -> tuple[FieldProblem, ...]:
    extra = error.extra if isinstance(error.extra, list) else []
    found = []
    for item in extra:
        problem = problem_of(str(item.get("message", "")))
        key = str(item.get("key") or problem.path)
        found.append(FieldProblem(key if problem.code == "wrong-form" else problem.path, problem.code))
    return tuple(found)


def _from_database(error: DBAPIError) -> _Found:
    cause = getattr(error.orig, "__cause__", None) or error.orig
    state = str(getattr(cause, "sqlstate", "") or getattr(error.orig, "sqlstate", "") or "")
    if isinstance(error, IntegrityError):
        code = CONSTRAINTS.get(str(getattr(cause, "constraint_name", "")))
        if code is not None:
            return _Found(code, 409)
    if state.startswith("08") or error.connection_invalidated:
        return _Found("unavailable", 503)
    code, status = _SQLSTATES.get(state, ("internal", 500))
    return _Found(code, status)


def _find(error: Exception) -> _Found:
    if isinstance(error, AnxinError):
        fields = error.problems if isinstance(error, InvalidInput) else ()
        wait = error.params.get("retry_after", 0)
        return _Found(
            error.code, error.status, fields, wait if isinstance(wait, int) else 0, words=_words(error.params)
        )
    if isinstance(error, HTTPException):
        return _from_litestar(error)
    if isinstance(error, DBAPIError):
        return _from_database(error)
    if isinstance(error, ConnectionError | TimeoutError):
        return _Found("unavailable", 503)
    return _Found("internal", 500)


def problem_words(problem: FieldProblem) -> str:
    """Return what is wrong in the reader's language; a plugin's own words come along in `params["text"]`."""
    if "text" in problem.params:
        return str(problem.params["text"])
    try:
        return gettext(field_text(problem.code)) % problem.params
    except KeyError:  # a plugin may name a code of ours without what our words need
        return gettext(field_text("wrong-form"))


def field_texts(problems: tuple[FieldProblem, ...]) -> dict[str, str]:
    """Return the words of refused values by path, in the reader's language, for `error=` of the fields."""
    return {problem.path: problem_words(problem) for problem in problems}


def wants_json(request: WebRequest) -> bool:
    """Tell whether a program asks: by address, or because it does not take HTML."""
    path = request.scope["path"]
    if path.endswith(".json") or path.startswith("/api/"):
        return True
    return "text/html" not in request.headers.get("accept", "") and not htmx.is_htmx(request.headers)


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Return the answer to anything raised; Litestar calls it for every exception."""
    if isinstance(error, Refused):
        return error.response
    assert isinstance(request, WebRequest)
    with showing(page_for(request)):
        found = _find(error)
    _log(request, error, found)
    slug = request.scope.get("path_params", {}).get("slug")
    if isinstance(error, Unauthenticated) and slug is not None and not wants_json(request):
        return _to_sign_in(request, str(slug))
    if found.status == 405 and request.method == "GET" and (page := _BEHIND_CODE.match(request.scope["path"])):
        # A phone that restores a refused form asks for the form's address: the page of the code is what was meant.
        return Redirect(page[1], status_code=303)
    with showing(page_for(request)):
        text = text_of(found.code, found.status)
        problem = Problem(
            type=PROBLEM_TYPE + found.code,
            title=_fill(gettext(text.title), found.words),
            status=found.status,
            next_step=_fill(gettext(text.next_step), found.words),
            reference=request.request_id,
            errors=[{"path": field.path, "code": field.code, "text": problem_words(field)} for field in found.fields],
            retry_after=found.retry_after,
        )
        response = _present(request, problem)
    if found.status == 401 and request.scope["path"].startswith("/api/"):
        response.set_header("www-authenticate", 'Bearer realm="anxin"')
    for name, value in found.headers.items():
        response.set_header(name, value)
    if found.retry_after:
        response.set_header("retry-after", str(found.retry_after))
    return response


def _present(request: WebRequest, problem: Problem) -> Response[Any]:
    if wants_json(request):
        return Response(msgspec.json.encode(problem), status_code=problem.status, media_type="application/problem+json")
    template = "errors/partial.html" if htmx.wants_partial(request.headers) else "errors/page.html"
    html = request.runtime.templates.get_template(template).render(
        status=problem.status,
        title=problem.title,
        detail=problem.next_step,
        problems=[entry["text"] for entry in problem.errors],
    )
    return Response(html, status_code=problem.status, media_type="text/html")


def _to_sign_in(request: WebRequest, slug: str) -> Response[Any]:
    path = SIGN_IN_PATH.format(slug=quote(slug))
    if request.method == "GET":
        query = request.scope["query_string"].decode("latin-1")
        here = request.scope["path"] + (f"?{query}" if query else "")
        path += f"?next={quote(here, safe='')}"
    if htmx.is_htmx(request.headers):
        return Response(None, status_code=401, headers=htmx.redirect_headers(path))
    if request.method == "GET":
        return Redirect(path, status_code=303)
    with showing(page_for(request)):
        text = text_of("sign-in-required", 401)
        problem = Problem("", gettext(text.title), 401, gettext(text.next_step), request.request_id)
        return _present(request, problem)


def _log(request: WebRequest, error: Exception, found: _Found) -> None:
    """Write the reference down; what went wrong inside is for us only, and never with the statement's values."""
    path = request.scope.get("path_template") or "-"
    if found.status >= 500:
        logger.error("%s %s %s: %s", request.request_id, found.status, path, found.code, exc_info=error)
    else:
        logger.info("%s %s %s: %s", request.request_id, found.status, path, found.code)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {Exception: answer_problem}
