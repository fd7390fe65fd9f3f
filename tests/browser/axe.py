"""`assert_accessible(page)`: runs axe-core on the page as it is shown and fails with what to mend and where."""

import functools
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@functools.cache
def _axe_source() -> str:
    assert AXE.exists(), "axe-core is not installed: run `python web/frontend/build_hook.py`"
    return AXE.read_text()


async def violations(
    page: Page, *, exclude: tuple[str, ...] = (), rules: tuple[str, ...] | None = None
) -> list[dict[str, Any]]:
    """What axe finds, one entry per rule; `exclude` holds selectors of parts that are not ours, `rules` the only ones to ask."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_axe_source())
    found: dict[str, Any] = await page.evaluate(
        "([tags, exclude]) => axe.run({exclude: exclude.map((e) => [e])}, {runOnly: tags, resultTypes: ['violations']})",
        [list(rules or TAGS), list(exclude)],
    )
    return list(found["violations"])


async def assert_accessible(page: Page, *, exclude: tuple[str, ...] = ()) -> None:
    """No violation of WCAG 2.0 to 2.2 A and AA or of axe's best practices."""
    lines = [
        f"{found['id']} ({found['impact']}): {found['help']}\n"
        + "\n".join(f"    {node['target'][0]}  {node['failureSummary']}" for node in found["nodes"][:5])
        for found in await violations(page, exclude=exclude)
    ]
    assert not lines, f"{page.url}\n" + "\n".join(lines)


async def assert_accessible_in_every_form(page: Page, *, exclude: tuple[str, ...] = ()) -> None:
    """`assert_accessible` at 390 and 1366 px, each in light and dark; the page must follow the system's theme."""
    for width, height in ((390, 844), (1366, 860)):
        await page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            await assert_accessible(page, exclude=exclude)


async def layout_shift(page: Page) -> float:
    """How much the page has moved by itself since it was opened (CLS)."""
    moved: float = await page.evaluate(
        """() => new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(sum), 300);
        })"""
    )
    return moved


async def assert_no_sideways_scroll(page: Page) -> None:
    """Nothing is wider than the window (WCAG 1.4.10, at 320 px)."""
    wide: list[str] = await page.evaluate(
        """() => {
          const limit = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= limit) return [];
          return [...document.querySelectorAll("body *")]
            .filter((e) => e.getBoundingClientRect().right > limit + 1)
            .slice(-5).map((e) => e.outerHTML.slice(0, 160));
        }"""
    )
    assert not wide, f"{page.url} is wider than its window:\n" + "\n".join(wide)


async def assert_targets(page: Page, least: int) -> None:
    """Everything that is pressed is at least `least` px high and wide; links inside a sentence may be smaller."""
    small: list[str] = await page.evaluate(
        """(least) => {
          // WCAG 2.5.8: a smaller target will do when a circle of 24 px around its middle touches no other target.
          const crowded = (b) => {
            const [x, y] = [b.x + b.width / 2, b.y + b.height / 2];
            for (const [dx, dy] of [[-12, 0], [12, 0], [0, -12], [0, 12], [-8, -8], [8, 8], [-8, 8], [8, -8]]) {
              const at = document.elementFromPoint(x + dx, y + dy)?.closest("a, button, input, select, textarea, summary");
              const own = at?.getBoundingClientRect();
              if (own && (own.x !== b.x || own.y !== b.y)) return true;
            }
            return false;
          };
          const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest("[inert]");
          const inText = (e) => e.matches("a") && getComputedStyle(e).display === "inline";
          const box = (e) => {
            const label = e.closest("label") ?? (e.id && document.querySelector(`label[for="${CSS.escape(e.id)}"]`));
            const own = e.getBoundingClientRect();
            if (!label || !e.matches("input[type=checkbox], input[type=radio], input[type=file]")) return own;
            const around = label.getBoundingClientRect();
            return { x: own.x, y: own.y, width: Math.max(own.width, around.width), height: Math.max(own.height, around.height) };
          };
          return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
            .filter((e) => shown(e) && !inText(e) && !e.closest(".visually-hidden, .skip-link") && !e.matches(".visually-hidden, .skip-link"))
            .map((e) => [box(e), e])
            .filter(([b]) => b.width > 0)
            .filter(([b]) => b.width < least - 0.5 || b.height < least - 0.5)
            .filter(([b]) => least > 24 || b.width < 16 || b.height < 16 || crowded(b))
            .map(([b, e]) => `${Math.round(b.width)}x${Math.round(b.height)} ${e.outerHTML.slice(0, 140)}`);
        }""",
        least,
    )
    assert not small, f"{page.url} has targets under {least} px:\n" + "\n".join(small)
