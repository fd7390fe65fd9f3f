"""Stops calling what keeps failing: five faults in 60 s open a key, one trial after 30 s may close it."""

import time
from collections import deque
from collections.abc import Callable, Hashable

FAULTS = 5
WINDOW = 60.0
REST = 30.0


class _State:
    __slots__ = ("faults", "opened_at", "trying")

    def __init__(self) -> None:
        self.faults: deque[float] = deque(maxlen=FAULTS)
        self.opened_at: float | None = None
        self.trying = False


class Breaker:
    """Keeps one state per key, only for keys that had a fault; lives in one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: dict[Hashable, _State] = {}

    def allows(self, key: Hashable) -> bool:
        """Tell whether to call now; when it is open and rested, exactly one caller hears True."""
        state = self._states.get(key)
        if state is None or state.opened_at is None:
            return True
        if state.trying or self._clock() - state.opened_at < REST:
            return False
        state.trying = True
        return True

    def succeeded(self, key: Hashable) -> None:
        """Close a key after a good trial; a good call of a closed key forgets nothing in the window."""
        state = self._states.get(key)
        if state is not None and state.opened_at is not None:
            del self._states[key]

    def failed(self, key: Hashable) -> None:
        """Count a fault; open at the fifth within the window, and again after a bad trial."""
        state = self._states.setdefault(key, _State())
        now = self._clock()
        state.faults.append(now)
        full = len(state.faults) == FAULTS and now - state.faults[0] <= WINDOW
        if state.trying or full:
            state.opened_at = now
            state.trying = False

    def abandoned(self, key: Hashable) -> None:
        """Give a trial back that was cancelled from outside, so that the next caller may try."""
        state = self._states.get(key)
        if state is not None:
            state.trying = False

    def is_open(self, key: Hashable) -> bool:
        """Tell whether calls are held back, without taking the trial."""
        state = self._states.get(key)
        return state is not None and state.opened_at is not None
