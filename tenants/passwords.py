"""Password hashes: argon2id in a thread, a few at a time, and the same work for accounts that do not exist."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from core.errors import Unavailable

T = TypeVar("T")
MIN_LENGTH = 10
MAX_LENGTH = 200
_AT_ONCE = 2
_WAITING = 64


class SignInBusy(Unavailable):
    """More people sign in at once than the machine can check; waiting a few seconds helps."""

    code = "sign-in-busy"


class Passwords:
    """One per process. The semaphore keeps a wave of sign-ins from taking all memory (19 MiB each) and all cores."""

    def __init__(self, *, memory_kib: int = 19 * 1024, rounds: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._dummy = self._hasher.hash(secrets.token_hex(16))
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._queue = 0

    async def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password is right; without a hash, do the same work and say no."""
        matches = await self._in_thread(self._check, password_hash or self._dummy, password)
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _check(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., T], *arguments: str) -> T:
        if self._queue >= _WAITING:
            raise SignInBusy
        self._queue += 1
        try:
            async with self._gate:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._queue -= 1
