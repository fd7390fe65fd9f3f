"""`python -m tests.browser.live_program web|worker`: the product's own process, its clock ahead by what the test has written down."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import web.main
import workers.main
from core.clock import now

AHEAD = "CLOCK_AHEAD"
"""Environment variable: the file with the seconds that this process is ahead."""


class ShiftedClock:
    """Reads the file each time it is asked: a test moves all processes at once by writing it."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __call__(self) -> datetime:
        return now() + timedelta(seconds=float(self.place.read_text()))


if __name__ == "__main__":
    clock = ShiftedClock(Path(os.environ[AHEAD]))
    if sys.argv[1] == "web":
        web.main.main(clock=clock)
    else:
        workers.main.main(clock=clock)
