"""Forms in a real browser: the page shows exactly what the server would, and works the same without script."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import pytest
from jinja2 import Environment
from playwright.async_api import expect

from core.errors import FieldProblem
from core.forms.rules import decode_form, decode_post, evaluate, form_view
from tests.browser.axe import assert_accessible
from tests.browser.chromium import OpenPage
from tests.browser.gallery import CSP, TYPES, gallery_page
from web.frontend.build_hook import build
from web.render import STATIC_DIR, StaticManifest, create_environment, render

pytestmark = pytest.mark.browser
TODAY = "2026-03-02"


def when(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"visible_when": {"field": field, "op": op, "value": value}}


FORM = decode_form(
    {
        "id": "t.filling",
        "title": "Filling in",
        "fields": [
            {
                "type": "choice",
                "key": "species",
                "label": "Species",
                "required": True,
                "options": [["dog", "Dog"], ["exotic", "Exotic"]],
            },
            {"type": "text", "key": "kind", "label": "Kind", "required": True, **when("species", "eq", "exotic")},
            {"type": "number", "key": "kg", "label": "Weight", "min": 0.1, "decimals": 1},
            {"type": "text", "key": "heavy", "label": "Heavy", **when("kg", "gte", 10)},
            {"type": "bool", "key": "ill", "label": "Ill"},
            {
                "type": "group",
                "key": "past",
                "label": "Past illness",
                "repeat": True,
                "min_rows": 1,
                "max_rows": 3,
                **when("ill", "eq", value=True),
                "fields": [
                    {"type": "text", "key": "disease", "label": "Disease", "required": True},
                    {"type": "date", "key": "since", "label": "Since", "max": "today", **when("disease", "not_empty")},
                    {"type": "bool", "key": "healed", "label": "Healed", **when("since", "lt", "today")},
                ],
            },
            {
                "type": "multi",
                "key": "signs",
                "label": "Signs",
                "options": [["a", "Alpha"], ["b", "Beta"], ["c", "Gamma"]],
            },
            {"type": "text", "key": "both", "label": "Both", **when("signs", "contains", ["a", "b"])},
            {"type": "rating", "key": "stars", "label": "Stars"},
            {"type": "text", "key": "why", "label": "Why", "multiline": True, **when("stars", "lt", 3)},
            {
                "type": "group",
                "key": "home",
                "label": "Home",
                "fields": [{"type": "text", "key": "diet", "label": "Diet"}],
            },
            {
                "type": "text",
                "key": "raw",
                "label": "Raw",
                "visible_when": {
                    "all": [
                        {"field": "diet", "op": "contains", "value": "raw"},
                        {"not": {"field": "kind", "op": "not_empty"}},
                    ]
                },
            },
        ],
    }
)


class _Handler(BaseHTTPRequestHandler):
    env: ClassVar[Environment]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Stay quiet."""

    def _send(self, body: bytes, kind: str = "text/html; charset=utf-8", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def _page(self, answers: dict[str, Any], errors: tuple[FieldProblem, ...] = (), data: Any = None) -> bytes:
        view = form_view(FORM, answers, errors, "en", TODAY)
        page = gallery_page("en", "auto", self.path)
        lines = [(line.field_id, f"{line.label}: {line.problem.code}") for line in view.errors]
        stored = None if data is None else json.dumps(data)
        template = "forms/filling.html"
        return render(
            self.env, page, template, view=view, problems=lines, problem=lambda one: one.code, data=stored
        ).encode()

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            file = STATIC_DIR / Path(self.path).name
            self._send(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))
        else:
            self._send(self._page({}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        posted = decode_post(FORM, parse_qsl(body, keep_blank_values=True))
        if posted.step != "submit":
            self._send(self._page(posted.answers))
            return
        result = evaluate(FORM, posted.answers, TODAY)
        if result.ok:
            self._send(self._page({}, data=result.data))
        else:
            self._send(self._page(posted.answers, result.errors), status=422)


@pytest.fixture(scope="module")
def filling() -> Iterator[str]:
    """The address of the form, with the front end built."""
    build()
    _Handler.env = create_environment(StaticManifest.load(), extra_dirs=(Path(__file__).parent / "templates",))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/fill"
    server.shutdown()
    server.server_close()


# Sets every input at random, lets the page react, and tells what would be sent and what is to be seen.
SHUFFLE = """(seed) => {
  let state = seed * 2654435761 % 4294967296;
  const dice = (n) => { state = (state * 1664525 + 1013904223) % 4294967296; return Math.floor(state / 4294967296 * n); };
  const texts = ["", " ", "x", "raw meat", "5", "12", "１２", "9.5", "9.55", "two", "-3"];
  const dates = ["", "2026-03-01", "2026-03-02", "2026-03-03"];
  const form = document.getElementById("intake");
  for (const input of form.querySelectorAll("input, textarea")) {
    if (input.type === "hidden") continue;
    if (input.type === "checkbox" || input.type === "radio") input.checked = dice(2) === 1;
    else if (input.type === "date") input.value = dates[dice(dates.length)];
    else input.value = texts[dice(texts.length)];
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const seen = [...form.querySelectorAll("[data-path]")].filter((one) => one.checkVisibility());
  return { seen: seen.map((one) => one.dataset.path), sent: [...new FormData(form)] };
}"""


async def test_the_page_shows_exactly_what_the_server_would(filling: str, open_page: OpenPage) -> None:
    page = await open_page(filling, width=390)
    layouts = set()
    for seed in range(1, 121):
        found = await page.evaluate(SHUFFLE, seed)
        pairs = [(name, value) for name, value in found["sent"] if name != "_csrf"]
        answers = decode_post(FORM, [*pairs, ("_add", "nothing")]).answers
        visible = [path for path in evaluate(FORM, answers, TODAY).visible if path != "past[1]"]
        assert found["seen"] == visible, (seed, pairs)
        layouts.add(tuple(visible))
    assert len(layouts) > 20, "a test that always sees the same fields proves little"


async def test_a_form_is_filled_in_with_script(filling: str, open_page: OpenPage) -> None:
    page = await open_page(filling, width=390)
    assert not await page.get_by_label("Kind").is_visible()
    await page.get_by_text("Exotic", exact=True).click()
    await page.get_by_label("Kind").fill("gecko")
    await page.get_by_label("Ill", exact=True).check()
    await page.get_by_label("Disease").fill("cough")
    await page.get_by_label("Since").fill("2026-03-01")
    await page.get_by_label("Healed").check()
    await page.get_by_role("button", name="Send").click()
    assert json.loads(await page.inner_text("#data")) == {
        "species": "exotic",
        "kind": "gecko",
        "ill": True,
        "past": [{"disease": "cough", "since": "2026-03-01", "healed": True}],
    }


@pytest.mark.parametrize("script", [True, False])
async def test_rows_come_and_go_and_nothing_typed_is_lost(filling: str, open_page: OpenPage, *, script: bool) -> None:
    page = await open_page(filling, width=390, script=script)
    await page.get_by_text("Dog", exact=True).click()
    await page.get_by_label("Weight").fill("five")
    await page.get_by_label("Ill", exact=True).check()
    if not script:
        # The server decides what is shown: a first send brings the fields that the answers call for.
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_label("Weight")).to_have_value("five")
    await page.get_by_label("Disease").fill("cough")
    await page.get_by_role("button", name="Add Past illness").click()
    await expect(page.get_by_label("Disease")).to_have_count(2)
    await expect(page.get_by_label("Weight")).to_have_value("five")
    await page.get_by_label("Disease").nth(1).fill("fever")
    await page.get_by_role("button", name="Remove Past illness 1").click()
    await expect(page.get_by_label("Disease")).to_have_value("fever")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Weight: type")).to_be_visible()
    await page.get_by_label("Weight").fill("5")
    await page.get_by_role("button", name="Send").click()
    data = json.loads(await page.inner_text("#data"))
    assert data == {"species": "dog", "kg": 5, "ill": True, "past": [{"disease": "fever"}]}


async def test_a_form_with_errors_is_accessible(filling: str, open_page: OpenPage) -> None:
    page = await open_page(filling, width=390)
    await page.get_by_label("Ill", exact=True).check()
    await page.evaluate("document.getElementById('intake').noValidate = true")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Species: required")).to_be_visible()
    await assert_accessible(page)
