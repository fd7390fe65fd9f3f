"""Cuts what comes one by one into pieces, and makes the next piece while the last one is written."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_pieces(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of so many."""
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk


async def read_ahead(pieces: Iterator[list[T]]) -> AsyncGenerator[list[T], None]:
    """Read one piece ahead in a thread: meanwhile the database writes the last one, and the loop lives."""
    ahead = asyncio.create_task(asyncio.to_thread(next, pieces, None))
    try:
        while (piece := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next, pieces, None))
            yield piece
    finally:
        await asyncio.wait({ahead})
        if not ahead.cancelled():
            ahead.exception()  # who stopped half way does not care what stood there
