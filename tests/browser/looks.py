"""What a careful reader would stumble over on a page: codes instead of words, two main deeds, a heading left out, another language."""

from playwright.async_api import Page

_FAULTS = r"""() => {
  const shown = (e) => e.checkVisibility() && !e.closest("dialog");
  const all = (what) => [...document.querySelectorAll(what)].filter(shown);
  const faults = [];
  const words = document.querySelector("main").innerText;
  const codes = words.match(/\b[a-z]+_[a-z_]+\b|\bL[123]\b(?! (minor|serious|major))|\b(undefined|null|NaN)\b/g) ?? [];
  if (codes.length) faults.push(`shows codes: ${[...new Set(codes)].join(", ")}`);
  const deeds = all("main [data-variant=primary]").map((e) => e.innerText);
  if (deeds.length > 1) faults.push(`has several primary buttons: ${deeds.join(", ")}`);
  let last = 0;
  for (const heading of all("main :is(h1, h2, h3, h4)")) {
    const level = Number(heading.tagName[1]);
    if (level > last + 1) faults.push(`leaves a heading out before: ${heading.innerText}`);
    last = level;
  }
  for (const card of all("main .card"))
    if (card.innerText.trim().split("\n").length < 2 && !card.querySelector("a, button, img, svg, input"))
      faults.push(`has an empty card: ${card.innerText}`);
  if (document.documentElement.lang === "zh-CN")
    for (const label of all("main :is(h1, h2, h3, label, legend, button, th, summary, .badge, .muted, .row-detail)"))
      if (/^[A-Z][a-z]+( [a-z]+)+/.test(label.innerText)) faults.push(`speaks English: ${label.innerText}`);
  return faults;
}"""
"""Names of people and what customers said are Chinese on an English page too: only English on a Chinese one is a fault."""


async def stumbles(page: Page) -> list[str]:
    """Return what is wrong with the page as it is shown, each with its address."""
    found: list[str] = await page.evaluate(_FAULTS)
    return [f"{page.url} {fault}" for fault in found]
