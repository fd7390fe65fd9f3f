"""Keeps the parts of one installation alive: starts them in order, brings back what dies, ends them in reverse."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Protocol, Self

from workers.embedded.faults import StartupError

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
# A part that lived this long is sound again: its next death starts the delays from the beginning.
SOUND_AFTER = 30.0
TICK = 0.2


class Part(Protocol):
    """What a supervisor keeps alive: `start` waits until it is up, `spawn` does not, `stop` keeps its data.

    `take_over` ends what a killed supervisor left; `process` is the child, while there is one.
    """

    name: str

    @property
    def process(self) -> "subprocess.Popen[bytes] | None": ...

    def take_over(self) -> None: ...

    def start(self) -> None: ...

    def spawn(self) -> "subprocess.Popen[bytes]": ...

    def stop(self) -> None: ...


class StopAsked(Exception):
    """Somebody asked the supervisor to stop: Ctrl-C, SIGTERM or a closed terminal."""


@dataclass
class _Life:
    part: Part
    since: float
    deaths: int = 0
    again_at: float | None = None


class Supervisor:
    """A context: inside it signals mean "stop in order"; at its end everything that was started has ended."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lives: list[_Life] = []
        self._asked = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for life in reversed(self._lives):
            self._say(f"  stopping {life.part.name}")
            life.part.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() itself returned
        return kind is StopAsked

    def clear(self, parts: list[Part]) -> None:
        """End what a killed supervisor left, the last started first."""
        for part in reversed(parts):
            part.take_over()

    def start(self, part: Part) -> None:
        """Bring a part up and watch it from now on."""
        self.pause(0)
        self._lives.append(_Life(part, time.monotonic()))
        part.start()

    def pause(self, seconds: float) -> None:
        """Sleep, and bring back what dies meanwhile.

        Raises:
            StopAsked: as soon as somebody asks.
        """
        end = time.monotonic() + seconds
        while True:
            if self._asked:
                raise StopAsked
            for life in self._lives:
                self._look_after(life)
            if (left := end - time.monotonic()) <= 0:
                return
            time.sleep(min(left, TICK))

    def watch(self) -> None:
        """Keep everything alive until somebody asks to stop."""
        while True:
            self.pause(60)

    def _look_after(self, life: _Life) -> None:
        now = time.monotonic()
        if life.again_at is not None:
            if now >= life.again_at:
                life.again_at = None
                life.since = now
                self._bring_back(life)
            return
        process = life.part.process
        if process is None or process.poll() is None:
            return
        life.deaths = 1 if now - life.since > SOUND_AFTER else life.deaths + 1
        delay = min(FIRST_DELAY * 2 ** (life.deaths - 1), LONGEST_DELAY)
        life.again_at = now + delay
        self._say(f"  {life.part.name} ended ({_how(process.returncode)}); it starts again in {delay:g} s")

    def _bring_back(self, life: _Life) -> None:
        try:
            life.part.take_over()
            life.part.spawn()
        except (OSError, StartupError) as error:
            life.deaths += 1
            life.again_at = time.monotonic() + min(FIRST_DELAY * 2**life.deaths, LONGEST_DELAY)
            self._say(f"  {life.part.name} cannot start: {error}")

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self._asked:
            self._asked = True
            self._say("\nStopping, please wait...")


def _how(code: int) -> str:
    return f"signal {-code}, {signal.Signals(-code).name}" if code < 0 else f"code {code}"
