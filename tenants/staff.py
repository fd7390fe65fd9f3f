"""The people of a tenant: signing in and out, passwords, adding people, their roles."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec
import phonenumbers
from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import new_id
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound, RateLimited
from core.tenancy.models import Branch
from core.uow import Reader, UnitOfWork
from tenants.models import SignInAttempt, Staff, StaffRole
from tenants.passwords import MAX_LENGTH, MIN_LENGTH, Passwords
from tenants.roles import ROLES
from tenants.sessions import end_session, end_sessions, start_session

WINDOW: Final = timedelta(minutes=15)
TRIES_PER_LOGIN: Final = 8
TRIES_PER_ADDRESS: Final = 50
"""A whole clinic signs in from one address; one person mistypes a few times."""

_NAME_LENGTH = 60
_MAIL_LENGTH = 254


class DuplicateLogin(Conflict):
    """Somebody of this tenant already signs in with this phone or mail address."""

    code = "duplicate-login"


class LastAdministrator(Conflict):
    """Nobody would be left who may give roles."""

    code = "last-administrator"


class TooManySignIns(RateLimited):
    """Too many wrong passwords; `retry_after` seconds are left to wait."""

    code = "too-many-sign-ins"


class Person(msgspec.Struct, frozen=True):
    """One line of the people page."""

    staff_id: UUID
    full_name: str
    login: str
    branch_id: UUID | None
    branch_name: str | None
    state: str
    roles: tuple[str, ...]


def normal_login(text: str) -> str | None:
    """Return the E.164 phone or the lower-case mail address that somebody typed, or None when it is neither."""
    typed = text.strip()
    if "@" in typed:
        local, _, domain = typed.partition("@")
        fits = bool(local) and "." in domain and len(typed) <= _MAIL_LENGTH and not any(c.isspace() for c in typed)
        return typed.lower() if fits else None
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def login_problems(login: str) -> tuple[FieldProblem, ...]:
    """Return what keeps this from being a login."""
    return () if normal_login(login) else (FieldProblem("login", "login-form"),)


def password_problems(password: str, *, path: str = "password") -> tuple[FieldProblem, ...]:
    """Return what keeps this from being a password; length is the only rule that helps."""
    if len(password) < MIN_LENGTH:
        return (FieldProblem(path, "too-short", {"min": MIN_LENGTH}),)
    if len(password) > MAX_LENGTH:
        return (FieldProblem(path, "too-long", {"max": MAX_LENGTH}),)
    return ()


async def _count_try(uow: UnitOfWork, *, key: str, limit: int) -> None:
    """Count one more try; the row's lock makes parallel guesses queue up. Raise TooManySignIns beyond the limit."""
    tries = SignInAttempt.__table__
    is_over = tries.c.window_started_at <= uow.now - WINDOW
    row = (
        await uow.session.execute(
            upsert(SignInAttempt)
            .values(tenant_id=uow.tenant_id, key=key, failures=1, window_started_at=uow.now)
            .on_conflict_do_update(
                index_elements=["tenant_id", "key"],
                set_={
                    "failures": case((is_over, 1), else_=tries.c.failures + 1),
                    "window_started_at": case((is_over, uow.now), else_=tries.c.window_started_at),
                },
            )
            .returning(tries.c.failures, tries.c.window_started_at)
        )
    ).one()
    failures, started = int(row[0]), cast("datetime", row[1])
    if failures > limit:
        raise TooManySignIns(retry_after=max(1, int((started + WINDOW - uow.now).total_seconds())))


async def _forgive(uow: UnitOfWork, *, login_key: str, address_key: str) -> None:
    await uow.session.execute(delete(SignInAttempt).where(SignInAttempt.key == login_key))
    await uow.session.execute(
        update(SignInAttempt).where(SignInAttempt.key == address_key).values(failures=SignInAttempt.failures - 1)
    )


def _attempt_key(kind: str, text: str) -> str:
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


async def sign_in(
    uow: UnitOfWork,
    passwords: Passwords,
    *,
    login: str,
    password: str,
    address: str,
    user_agent: str = "",
    replacing: str = "",
) -> str | None:
    """Return a fresh session token, or None when login or password are wrong (the try is then counted).

    The work and the answer are the same for an unknown login, a wrong password and somebody who left.

    Raises:
        TooManySignIns: `retry_after` in seconds.
    """
    known = normal_login(login) or login.strip().lower()
    login_key, address_key = _attempt_key("login", known), _attempt_key("address", address)
    await _count_try(uow, key=login_key, limit=TRIES_PER_LOGIN)
    await _count_try(uow, key=address_key, limit=TRIES_PER_ADDRESS)
    row: Any = (
        await uow.session.execute(
            select(Staff.staff_id, Staff.full_name, Staff.password_hash).where(
                Staff.login == known, Staff.state == "active"
            )
        )
    ).first()
    if not await passwords.verify(row.password_hash if row else None, password[:MAX_LENGTH]):
        return None
    await _forgive(uow, login_key=login_key, address_key=address_key)
    if passwords.is_outdated(row.password_hash):
        await _set_password(uow, passwords, staff_id=row.staff_id, password=password)
    token = await start_session(uow, staff_id=row.staff_id, user_agent=user_agent, replacing=replacing)
    uow.audit("staff.sign_in", "staff", row.staff_id, {"name": row.full_name})
    return token


async def sign_out(uow: UnitOfWork, *, token: str) -> None:
    """End the session of this token."""
    await end_session(uow, token=token)
    uow.audit("staff.sign_out", "staff", uow.actor.id)


async def _set_password(uow: UnitOfWork, passwords: Passwords, *, staff_id: UUID, password: str) -> None:
    await uow.session.execute(
        update(Staff).where(Staff.staff_id == staff_id).values(password_hash=await passwords.hash(password))
    )


async def change_password(
    uow: UnitOfWork, passwords: Passwords, *, staff_id: UUID, current: str, new: str, user_agent: str
) -> str:
    """Set a new password, end every session of this person, and return the token of a new one for this browser.

    Raises:
        InvalidInput: the current password is wrong, or the new one is too short.
    """
    problems = password_problems(new, path="new_password")
    kept: str | None = await uow.session.scalar(select(Staff.password_hash).where(Staff.staff_id == staff_id))
    if not await passwords.verify(kept, current[:MAX_LENGTH]):
        problems = (FieldProblem("current_password", "wrong-password"), *problems)
    if problems:
        raise InvalidInput(problems)
    await _set_password(uow, passwords, staff_id=staff_id, password=new)
    await end_sessions(uow, staff_id=staff_id)
    uow.audit("staff.change_password", "staff", staff_id)
    return await start_session(uow, staff_id=staff_id, user_agent=user_agent)


async def add_person(
    uow: UnitOfWork,
    passwords: Passwords,
    *,
    full_name: str,
    login: str,
    password: str,
    roles: tuple[str, ...] = (),
    branch_id: UUID | None = None,
) -> UUID:
    """Add somebody who works here and return their id.

    Raises:
        InvalidInput: name, login, password or a role does not fit.
        DuplicateLogin: somebody here signs in with it already.
    """
    name = full_name.strip()
    problems = (
        *((FieldProblem("full_name", "required"),) if not name else ()),
        *((FieldProblem("full_name", "too-long", {"max": _NAME_LENGTH}),) if len(name) > _NAME_LENGTH else ()),
        *login_problems(login),
        *password_problems(password),
        *_role_problems(roles),
    )
    if problems:
        raise InvalidInput(problems)
    await _check_branch(uow, branch_id)
    staff_id = new_id()
    added = await uow.session.execute(
        upsert(Staff)
        .values(
            tenant_id=uow.tenant_id,
            staff_id=staff_id,
            full_name=name,
            login=normal_login(login),
            password_hash=await passwords.hash(password),
            branch_id=branch_id,
            state="active",
            created_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "login"])
        .returning(Staff.__table__.c.staff_id)
    )
    if added.first() is None:
        raise DuplicateLogin(login=login)
    await _insert_roles(uow, staff_id, roles)
    uow.audit("staff.add", "staff", staff_id, {"name": name, "roles": sorted(roles)})
    return staff_id


def _role_problems(roles: tuple[str, ...]) -> tuple[FieldProblem, ...]:
    return tuple(FieldProblem("roles", "unknown-role", {"role": role[:40]}) for role in roles if role not in ROLES)


async def _check_branch(uow: UnitOfWork, branch_id: UUID | None) -> None:
    if branch_id is None:
        return
    if await uow.session.scalar(select(Branch.branch_id).where(Branch.branch_id == branch_id)) is None:
        raise InvalidInput((FieldProblem("branch_id", "unknown-branch"),))


async def _insert_roles(uow: UnitOfWork, staff_id: UUID, roles: tuple[str, ...]) -> None:
    if roles:
        rows = [{"tenant_id": uow.tenant_id, "staff_id": staff_id, "role": role} for role in sorted(set(roles))]
        await uow.session.execute(insert(StaffRole), rows)


async def give_roles(uow: UnitOfWork, *, staff_id: UUID, roles: tuple[str, ...]) -> None:
    """Replace somebody's roles and end their sessions, so that no page keeps rights they no longer have.

    Raises:
        NotFound, InvalidInput, LastAdministrator.
    """
    problems = _role_problems(roles)
    if problems:
        raise InvalidInput(problems)
    person = await get_person(uow, staff_id=staff_id)
    if not any("staff.manage" in ROLES[role].permissions for role in roles):
        await _keep_an_administrator(uow, leaving=staff_id)
    await uow.session.execute(delete(StaffRole).where(StaffRole.staff_id == staff_id))
    await _insert_roles(uow, staff_id, roles)
    await end_sessions(uow, staff_id=staff_id)
    uow.audit("staff.give_roles", "staff", staff_id, {"before": sorted(person.roles), "after": sorted(set(roles))})


async def _keep_an_administrator(uow: UnitOfWork, *, leaving: UUID) -> None:
    managing = [role.code for role in ROLES.values() if "staff.manage" in role.permissions]
    # Locked in order, so that two administrators cannot remove each other at once.
    rows = await uow.session.scalars(
        select(Staff.staff_id)
        .where(
            Staff.state == "active",
            Staff.staff_id.in_(select(StaffRole.staff_id).where(StaffRole.role.in_(managing))),
        )
        .order_by(Staff.staff_id)
        .with_for_update()
    )
    if set(rows) == {leaving}:
        raise LastAdministrator


async def reset_password(uow: UnitOfWork, passwords: Passwords, *, staff_id: UUID, password: str) -> None:
    """Set somebody else's password, as an administrator does for one who forgot it, and sign them out everywhere.

    Raises:
        NotFound, InvalidInput.
    """
    problems = password_problems(password)
    if problems:
        raise InvalidInput(problems)
    await get_person(uow, staff_id=staff_id)
    await _set_password(uow, passwords, staff_id=staff_id, password=password)
    await end_sessions(uow, staff_id=staff_id)
    uow.audit("staff.reset_password", "staff", staff_id)


async def set_state(uow: UnitOfWork, *, staff_id: UUID, state: Literal["active", "left"]) -> None:
    """Note that somebody left, or came back; who left can no longer sign in, and is signed out at once.

    Raises:
        NotFound, LastAdministrator.
    """
    await get_person(uow, staff_id=staff_id)
    if state == "left":
        await _keep_an_administrator(uow, leaving=staff_id)
        await end_sessions(uow, staff_id=staff_id)
    await uow.session.execute(update(Staff).where(Staff.staff_id == staff_id).values(state=state))
    uow.audit("staff.set_state", "staff", staff_id, {"state": state})


async def set_locale(uow: UnitOfWork, *, staff_id: UUID, locale: str) -> None:
    """Remember the language somebody reads in, on every device."""
    await uow.session.execute(update(Staff).where(Staff.staff_id == staff_id).values(locale=locale))


async def list_people(reader: Reader) -> list[Person]:
    """Return everybody who works here, by name."""
    return await _people(reader, None)


async def get_person(reader: Reader, *, staff_id: UUID) -> Person:
    """Return one person; raise NotFound when nobody here has the id."""
    found = await _people(reader, staff_id)
    if not found:
        raise NotFound("no such person")
    return found[0]


async def _people(reader: Reader, staff_id: UUID | None) -> list[Person]:
    of_staff = (StaffRole.tenant_id == Staff.tenant_id) & (StaffRole.staff_id == Staff.staff_id)
    of_branch = (Branch.tenant_id == Staff.tenant_id) & (Branch.branch_id == Staff.branch_id)
    roles = func.array_agg(StaffRole.role).filter(StaffRole.role.is_not(None))
    columns = (Staff.staff_id, Staff.full_name, Staff.login, Staff.branch_id, Branch.name, Staff.state)
    query = (
        select(*columns, roles)
        .outerjoin(StaffRole, of_staff)
        .outerjoin(Branch, of_branch)
        .group_by(*columns)
        .order_by(Staff.state, Staff.full_name, Staff.staff_id)
    )
    if staff_id is not None:
        query = query.where(Staff.staff_id == staff_id)
    rows: Any = await reader.session.execute(query)
    return [
        Person(
            staff_id=row[0],
            full_name=row[1],
            login=row[2],
            branch_id=row[3],
            branch_name=row[4],
            state=row[5],
            roles=_in_order(row[6] or ()),
        )
        for row in rows
    ]


def _in_order(roles: Iterable[str]) -> tuple[str, ...]:
    """Sort as the documents list them; roles we no longer know come last."""
    known = list(ROLES)
    return tuple(sorted(roles, key=lambda role: (known.index(role) if role in ROLES else len(known), role)))
