"""What a task is and how a module of this package offers one: `@task("imports.run")` above its function."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.outbox.rules import Work
from core.uow import UnitOfWork
from tenants.work import Workplace

Handler = Callable[[UnitOfWork, dict[str, Any], UUID], Awaitable[datetime | None]]
"""Gets the unit in which its row is already marked done, the payload, and the row's id: the key under which
outside services know the call. It may return an instant: the row runs again then, as for work done in pieces."""
BatchHandler = Callable[[UnitOfWork, Sequence[Work]], Awaitable[None]]
"""Gets several rows of one tenant, in due order, all in one unit; when it raises, each row comes again alone."""
Holder = Callable[[UnitOfWork, Sequence[Mapping[str, Any]]], Awaitable[None]]
"""Gets the payloads of rows that are about to be taken, and locks what their work will change."""

Errand = Callable[[Workplace, UUID, Mapping[str, Any]], Awaitable[Any]]
"""Gets the tenant and the payload, and does what is slow and outside, with no transaction open. What it returns is given
to the function as `found` of the payload; it comes again when the row does, so what it calls must know it again."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of work and what the relay and the runner must know of it."""

    name: str
    handle: Handler | BatchHandler
    batch: bool = False
    """Its function takes several rows at once."""
    retries: int = 9
    """How often a row is tried again after its first failure; then it is dead and waits for a person."""
    timeout: float = 60.0
    """Seconds for one unit of work."""
    urgent: bool = False
    """Runs in the lane of deadlines, which no other work can fill."""
    together: int = 1
    """How many rows share a transaction when all goes well; for work that touches nothing but the database, since
    after an error what was done is undone, and each row is done again alone."""
    rows: int = 100
    """How many rows travel in one job; they run one after the other. Slow work takes 1."""
    tenant_limit: int = 400
    """How many rows of one tenant may be on their way at a time."""
    ordered: bool = False
    """Rows of one tenant run strictly in due order, one job at a time; a failed one does not hold up the others."""
    hold: Holder | None = None
    """Locks what the work changes before its rows are: for work on what people change too, who lock it first and then
    move its rows. The other way round the two would wait for each other."""
    errand: Errand | None = None
    """Goes out before the row's transaction opens: a call to a stranger must hold no connection. Its rows travel alone."""


def task(
    name: str,
    *,
    retries: int = 9,
    timeout: float = 60.0,
    urgent: bool = False,
    together: int = 1,
    rows: int = 100,
    tenant_limit: int = 400,
    ordered: bool = False,
    hold: Holder | None = None,
    errand: Errand | None = None,
) -> Callable[[Handler], Task]:
    """Make a task of a function that works on one row; the options are Task's."""
    return lambda handle: Task(
        name=name,
        handle=handle,
        retries=retries,
        timeout=timeout,
        urgent=urgent,
        together=together,
        rows=rows,
        tenant_limit=tenant_limit,
        ordered=ordered,
        hold=hold,
        errand=errand,
    )


def batch_task(
    name: str,
    *,
    retries: int = 9,
    timeout: float = 60.0,
    urgent: bool = False,
    rows: int = 100,
    tenant_limit: int = 400,
    ordered: bool = False,
    hold: Holder | None = None,
) -> Callable[[BatchHandler], Task]:
    """Make a task of a function that works on several rows of one tenant with few statements."""
    return lambda handle: Task(
        name=name,
        handle=handle,
        batch=True,
        retries=retries,
        timeout=timeout,
        urgent=urgent,
        together=rows,
        rows=rows,
        tenant_limit=tenant_limit,
        ordered=ordered,
        hold=hold,
    )


def find_tasks() -> Mapping[str, Task]:
    """Return every task of the modules beside this one, by name.

    Raises:
        ValueError: two modules offer the same name.
    """
    found: dict[str, Task] = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if not isinstance(value, Task):
                continue
            if found.setdefault(value.name, value) is not value:
                raise ValueError(f"two tasks are called {value.name}")
    return found
