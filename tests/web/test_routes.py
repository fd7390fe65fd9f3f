"""Every route has one door, asks for a permission that exists, and refuses what it does not know."""

import inspect
import typing

import msgspec
import pytest
from litestar import Litestar
from litestar.params import BodyKwarg

from tests.web.factories import BODIES, FACTORIES, WORDS
from tests.web.walk import walk
from web.security import AT_TENANT, BY_CODE, OPEN, Access, requires

PUBLIC = {
    "GET /": "what this is, and the way to one's organisation",
    "GET /sign-in": "the same, where error pages point",
    "GET /health": "load balancers and supervisors have no account",
    "GET /api/v1/openapi.json": "what the API is, for who has no key yet",
    "GET /api/v1/docs": "the same for people",
    "GET /static/{file:str}": "the built front end",
    "POST /preferences/language": "a cookie of the visitor's own browser",
    "POST /preferences/theme": "a cookie of the visitor's own browser",
    "GET /t/{slug:str}/sign-in": "where a session begins",
    "POST /t/{slug:str}/sign-in": "where a session begins",
}
"""Routes without a session and without a public code, each with its reason."""


async def test_every_route_has_exactly_one_door(app: Litestar) -> None:
    for case in walk(app):
        guards = [guard for guard in case.handler.resolve_guards() if isinstance(guard, Access)]
        assert len(guards) == 1, f"{case.name} has {len(guards)} guards of web.security: give it one"


async def test_what_needs_no_session_is_on_the_public_list_with_its_reason(app: Litestar) -> None:
    found = {case.name for case in walk(app) if case.access in {OPEN, AT_TENANT}}
    assert found == set(PUBLIC)


async def test_the_door_fits_the_address(app: Litestar) -> None:
    for case in walk(app):
        assert case.access is not None
        if "{slug:str}" in case.template:
            assert case.access.door in {"staff", "tenant"}, case.name
        elif "{code:str}" in case.template:
            assert case.access == BY_CODE, case.name
        elif case.template.startswith("/api/") and case.name not in PUBLIC:
            assert case.access.door == "key", case.name
        else:
            assert case.access == OPEN, case.name


def test_a_permission_that_no_role_can_hold_is_refused_when_the_app_is_built() -> None:
    with pytest.raises(LookupError):
        requires("everything.manage")


async def test_every_path_parameter_is_known_to_the_attack_tests(app: Litestar) -> None:
    for case in walk(app):
        for name in case.parameters:
            assert name in WORDS or name in FACTORIES, (
                f"no factory for {{{name}}} of {case.name}: tests/web/factories.py"
            )


async def test_registered_bodies_belong_to_routes_that_exist(app: Litestar) -> None:
    assert set(BODIES) <= {case.name for case in walk(app)}


async def test_every_typed_body_refuses_unknown_fields(app: Litestar) -> None:
    for case in walk(app):
        hints = typing.get_type_hints(inspect.unwrap(case.handler.fn), include_extras=True)
        for hint in hints.values():
            if any(isinstance(meta, BodyKwarg) for meta in getattr(hint, "__metadata__", ())):
                model = typing.get_args(hint)[0]
                assert issubclass(model, msgspec.Struct), case.name
                assert model.__struct_config__.forbid_unknown_fields, f"{case.name}: {model.__name__}"
