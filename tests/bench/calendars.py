"""How long one `due` and one `elapsed` take, by budget and pauses (performance.md: at most 10 us); decides no test."""

import sys
from time import process_time
from timeit import repeat

from core.calendars.rules import due, elapsed, parse_calendar

LIMIT = 10.0  # us
ROUNDS, CALLS = 5, 5_000
START = 1_772_416_800  # 2026-03-02T02:00:00Z, Monday 10:00 in Shanghai
HOUR = 3_600


def main() -> None:
    """Print the best of five rounds for each case: microseconds of CPU per call."""
    hours = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    for zone in ("Asia/Shanghai", "America/New_York"):
        calendar = parse_calendar({"tz": zone, "hours": hours})
        for budget in (8 * HOUR, 1_000 * HOUR, 100_000 * HOUR):
            for pauses in ((), ((START + HOUR, START + 4 * HOUR),)):
                end = due(calendar, START, budget, pauses)
                if end is None:
                    continue
                for name, call in (
                    ("due", lambda c=calendar, b=budget, p=pauses: due(c, START, b, p)),
                    ("elapsed", lambda c=calendar, e=end, p=pauses: elapsed(c, START, e, p)),
                ):
                    micros = min(repeat(call, timer=process_time, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6
                    mark = "" if micros <= LIMIT else "  over"
                    line = f"{zone:17} {name:8} {budget // HOUR:>7} h {len(pauses)} pauses {micros:6.2f} us{mark}\n"
                    sys.stdout.write(line)


if __name__ == "__main__":
    main()
