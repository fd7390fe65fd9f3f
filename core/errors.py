"""Everything the product refuses, as a tree of errors with stable codes.

AnxinError
├── InvalidInput      422  what was sent breaks a rule; every (path, code) at once
├── Unauthenticated   401  nobody is signed in
├── Forbidden         403  signed in, but the role does not allow it
├── NotFound          404  no such thing in this tenant (the same answer for another tenant's thing)
├── Gone              410  a link that was good once
├── Conflict          409  the state does not allow it (duplicates, stale versions)
├── TooLarge          413  more bytes than the route takes
├── RateLimited       429  too many tries
├── Unavailable       503  a part we need does not answer
└── NoTenant          500  a statement without a tenant: our own mistake, never the user's

The code is the problem type of RFC 9457 and the name of its page in docs/errors.md; texts live in the catalogues.
"""

from typing import ClassVar

import msgspec


class FieldProblem(msgspec.Struct, frozen=True):
    """One refused value: the path as forms.md writes it (`past[0].disease`), a code, and what the text needs."""

    path: str
    code: str
    params: dict[str, str | int | float] = {}


class AnxinError(Exception):
    """The root: a stable code, an HTTP status, and parameters for the catalogue's text."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    bears: ClassVar[tuple[str, ...]] = ()
    """Codes that its instances may carry in the place of the class's own: a closed list, each with words and a page."""

    def __init__(self, detail: str = "", /, **params: object) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.params = params


class InvalidInput(AnxinError):
    code = "invalid-input"
    status = 422

    def __init__(self, problems: tuple[FieldProblem, ...] = (), detail: str = "", /, **params: object) -> None:
        super().__init__(detail or ", ".join(f"{p.path}: {p.code}" for p in problems), **params)
        self.problems = problems


class Unauthenticated(AnxinError):
    code = "sign-in-required"
    status = 401


class Forbidden(AnxinError):
    code = "not-allowed"
    status = 403


class NotFound(AnxinError):
    code = "not-found"
    status = 404


class Gone(AnxinError):
    code = "gone"
    status = 410


class Conflict(AnxinError):
    code = "conflict"
    status = 409


class TooLarge(AnxinError):
    code = "too-large"
    status = 413


class RateLimited(AnxinError):
    code = "too-many-tries"
    status = 429


class Unavailable(AnxinError):
    code = "unavailable"
    status = 503


class NoTenant(AnxinError):
    code = "no-tenant"
    status = 500
