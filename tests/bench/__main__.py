"""Runs every benchmark and writes `tests/bench/results/index.html` with plots: `python -m tests.bench`; decides no test."""

import html
import pkgutil
import platform
import re
import subprocess
import sys
from pathlib import Path

import tests.bench
from core.clock import now

RESULTS = Path(__file__).parent / "results"
_SHARE = re.compile(r"^(?P<name>.+?)\s{2,}.*?(?P<share>\d+\.\d+) of (?P<limit>bare|arq alone)$")
_BAR, _LABEL, _WIDTH = 24, 320, 900


def plot(lines: list[tuple[str, float]]) -> str:
    """Return bars of ours against the limit, as SVG; the line at the right is the limit itself."""
    scale = (_WIDTH - _LABEL - 80) / max(1.0, *(share for _, share in lines))
    height = _BAR * len(lines) + 8
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img" aria-label="Share of the bare limit">']
    limit = _LABEL + scale
    parts.append(f'<line x1="{limit:.0f}" y1="0" x2="{limit:.0f}" y2="{height}" stroke="#888" stroke-dasharray="4"/>')
    for number, (name, share) in enumerate(lines):
        y = number * _BAR + 4
        parts.append(f'<text x="0" y="{y + 14}" font-size="13">{html.escape(name)}</text>')
        parts.append(f'<rect x="{_LABEL}" y="{y}" width="{share * scale:.1f}" height="16" fill="#00796b"/>')
        parts.append(f'<text x="{_LABEL + share * scale + 6:.0f}" y="{y + 14}" font-size="13">{share:.2f}</text>')
    return "".join(parts) + "</svg>"


def section(name: str, output: str) -> str:
    """Return one benchmark's part of the page."""
    found = [match for line in output.splitlines() if (match := _SHARE.match(line.rstrip()))]
    shares = [(match["name"].strip(), float(match["share"])) for match in found]
    return f"<h2>{name}</h2>{plot(shares) if shares else ''}<pre>{html.escape(output)}</pre>"


def main() -> None:
    """Run them one after the other: they share the machine with nothing else of ours."""
    parts = []
    names = sorted(m.name for m in pkgutil.iter_modules(tests.bench.__path__) if m.name != "__main__")
    for name in names:
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{name}"], capture_output=True, text=True, check=False
        )
        output = done.stdout if done.returncode == 0 else done.stdout + done.stderr
        sys.stdout.write(f"\n{name}\n{output}")
        parts.append(section(name, output))
    RESULTS.mkdir(exist_ok=True)
    when = f"{now():%Y-%m-%d %H:%M} UTC, {platform.machine()}, Python {platform.python_version()}"
    page = f'<!doctype html><meta charset="utf-8"><title>Benchmarks</title><h1>Benchmarks</h1><p>{when}</p>{"".join(parts)}'
    (RESULTS / "index.html").write_text(page)
    sys.stdout.write(f"\n{(RESULTS / 'index.html').relative_to(Path.cwd())}\n")


if __name__ == "__main__":
    main()
