"""A small server that shows every component with made-up data, under the product's own security headers."""

import fcntl
import io
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from jinja2 import Environment
from multipart import parse_form_data

from web import htmx
from web.frontend.build_hook import build
from web.page import Account, MenuLink, NavGroup, NavItem, Page, Step, Toast, showing
from web.qr import qr_svg
from web.render import STATIC_DIR, StaticManifest, create_environment, render

TEMPLATES = Path(__file__).parent / "templates"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ZH = {
    "brand": "东营安心宠物",
    "branch": "黄河路店",
    "nav": ["收件箱", "投诉", "客户", "预约", "会员", "数据看板", "配置", "行业插件", "登记表", "设置"],
    "person": "林客服",
    "role": "前台",
}
EN = {
    "brand": "Anxin Pets Dongying",
    "branch": "Huanghe Road",
    "nav": [
        "Inbox",
        "Complaints",
        "Customers",
        "Bookings",
        "Members",
        "Dashboard",
        "Set up",
        "Plugins",
        "Forms",
        "Settings",
    ],
    "person": "Lin Kefu",
    "role": "Front desk",
}
COMPLAINTS_ZH = [
    ("线上咨询两小时未回复", "C-1048 · 赵子涵 · 西城分院", 1, "首次响应", -34446, 1800, ""),
    ("候诊超过四十分钟无人解释", "C-1041 · 陈静怡 · 东营总院", 1, "首次响应", -1146, 1800, "林客服"),
    ("手术中宠物死亡，客户在小红书发帖", "C-1061 · 周文博 · 黄河路店", 3, "组长到场", -126, 600, "林客服"),
    ("诊疗区有异味", "C-1055 · 李晓梅 · 黄河路店", 1, "首次响应", -66, 1800, "林客服"),
    ("手术中宠物死亡，客户在小红书发帖", "C-1052 · 吴敏 · 黄河路店", 3, "组长到场", 174, 600, "林客服"),
    ("结账时未解释费用明细", "C-1053 · 陈静怡 · 东营总院", 1, "首次响应", 234, 1800, "马护士长"),
    ("结账时未解释费用明细", "C-1044 · 欧阳明轩 · 东营总院", 1, "首次响应", 1074, 1800, ""),
    ("退款流程超过七天", "C-1042 · 周文博 · 西城分院", 2, "当面沟通", 82551, 172800, "高主管"),
]
COMPLAINTS_EN = [
    ("Online question unanswered for two hours", "C-1048 · Zhao Zihan · West", 1, "First response", -34446, 1800, ""),
    (
        "Forty minutes of waiting, nobody explained",
        "C-1041 · Chen Jingyi · Main",
        1,
        "First response",
        -1146,
        1800,
        "Lin",
    ),
    (
        "Pet died in surgery, client posted online",
        "C-1061 · Zhou Wenbo · Huanghe",
        3,
        "Leader on site",
        -126,
        600,
        "Lin",
    ),
    ("Smell in the treatment area", "C-1055 · Li Xiaomei · Huanghe", 1, "First response", -66, 1800, "Lin"),
    ("Pet died in surgery, client posted online", "C-1052 · Wu Min · Huanghe", 3, "Leader on site", 174, 600, "Lin"),
    ("Bill was not explained", "C-1053 · Chen Jingyi · Main", 1, "First response", 234, 1800, "Ma"),
    ("Bill was not explained", "C-1044 · Ouyang Mingxuan · Main", 1, "First response", 1074, 1800, ""),
    ("Refund takes more than seven days", "C-1042 · Zhou Wenbo · West", 2, "Meeting in person", 82551, 172800, "Gao"),
]
ICONS = ("inbox", "siren", "users", "calendar-days", "gift", "chart-column", "", "blocks", "qr-code", "settings")


def gallery_page(locale: str, theme: str, path: str, current: int = 1, toasts: tuple[Toast, ...] = ()) -> Page:
    words = cast("dict[str, Any]", ZH if locale == "zh_CN" else EN)
    items = tuple(
        NavItem(
            label=label, href=f"#n{i}", icon=ICONS[i], current=i == current, count={0: 4, 1: 7}.get(i, 0), id=str(i)
        )
        for i, label in enumerate(words["nav"])
        if ICONS[i]
    )
    return Page(
        locale=locale,
        timezone="Asia/Shanghai",
        now=datetime.now(UTC),
        theme=cast("Any", theme),
        path=path,
        csrf_token="token",
        request_id="3f2a91c07b5e",
        brand=words["brand"],
        subtitle=words["branch"],
        nav=(NavGroup(items=items[:6]), NavGroup(label=words["nav"][6], items=items[6:])),
        account=Account(name=words["person"], role=words["role"], detail="138****6871"),
        account_links=(MenuLink(label="Account" if locale == "en" else "我的账户", href="#a", icon="user-round"),),
        search_url="/search",
        palette_src="/palette.json",
        toasts=toasts,
    )


def gallery_data(page: Page) -> dict[str, object]:
    zh = page.locale != "en"
    rows = COMPLAINTS_ZH if zh else COMPLAINTS_EN
    now = page.now
    labels = (
        ("首次响应", "小组核查", "当面沟通", "书面报告") if zh else ("First response", "Review", "Meeting", "Report")
    )
    return {
        "zh": zh,
        "complaints": [
            {
                "id": i,
                "title": title,
                "detail": detail,
                "level": level,
                "step": step,
                "due": now + timedelta(seconds=left),
                "start": now + timedelta(seconds=left - budget),
                "owner": owner,
            }
            for i, (title, detail, level, step, left, budget, owner) in enumerate(rows)
        ],
        "steps": [
            Step(label=labels[0], state="done", note="2026/11/21 19:27"),
            Step(label=labels[1], state="late", note="2026/11/22 05:27"),
            Step(
                label=labels[2],
                state="current",
                note="2026/11/23 17:29",
                due=now + timedelta(seconds=82551),
                start=now - timedelta(hours=24),
                action="",
            ),
            Step(label=labels[3], state="todo", note="2026/11/24 17:29"),
        ],
        "now": now,
        "soon": now + timedelta(seconds=95),
        "later": now + timedelta(hours=23),
        "past": now - timedelta(minutes=3),
        "start": now - timedelta(minutes=8),
        "qr": qr_svg("https://anxin.example/q/8fJ3kQ"),
    }


class _Handler(BaseHTTPRequestHandler):
    env: ClassVar[Environment]
    files: ClassVar[dict[str, bytes]]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Stay quiet."""

    def _send(self, body: bytes, kind: str = "text/html; charset=utf-8", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path.startswith("/static/"):
            name = Path(url.path).name
            self._send(self.files[name], TYPES.get(Path(name).suffix, "application/octet-stream"))
        elif url.path == "/palette.json":
            found = [
                {"label": f"{query.get('q', '')} {n}", "detail": "138****6871", "href": f"/found/{n}"}
                for n in (1, 2, 3)
            ]
            self._send(json.dumps({"groups": [{"label": "Customers", "items": found}]}).encode(), "application/json")
        elif url.path == "/stream":
            self._stream()
        elif url.path.startswith("/gallery/"):
            self._gallery(url.path.removeprefix("/gallery/"), query)
        else:
            self._send(b"<!DOCTYPE html><html lang=en><title>x</title><h1>Found</h1>")

    def _gallery(self, name: str, query: dict[str, str]) -> None:
        page = gallery_page(query.get("locale", "zh_CN"), query.get("theme", "auto"), self.path)
        data = gallery_data(page) | {"status": int(query.get("status", "404"))}
        template = "errors/page.html" if name == "error" else f"gallery/{name}.html"
        self._send(render(self.env, page, template, **data).encode())

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.close_connection = True
        row = '<p id="live-row">changed by the stream</p>'
        self.wfile.write(htmx.sse_message(htmx.partial("#live-row", row), event_id="1"))
        self.wfile.flush()
        for _beat in range(20):
            time.sleep(0.5)
            try:
                self.wfile.write(htmx.sse_ping())
                self.wfile.flush()
            except OSError:
                return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields, _files = parse_form_data(
            {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": self.headers["Content-Type"],
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
            }
        )
        form = {key: str(fields.get(key)) for key in fields}
        page = gallery_page("en", "auto", self.path)
        with showing(page):
            template = self.env.get_template("gallery/_saved.html")
            answer = template.render(form=form, token=self.headers.get("X-CSRF-Token", ""))
        self._send(answer.encode(), status=422 if form.get("name") == "wrong" else 200)


def built_front_end() -> dict[str, bytes]:
    """The built files by name, held in memory: another worker may build anew meanwhile."""
    with (Path(tempfile.gettempdir()) / "anxin-front-end.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build()
        return {path.name: path.read_bytes() for path in STATIC_DIR.iterdir() if path.is_file()}


@pytest.fixture(scope="session")
def gallery() -> Iterator[str]:
    """The address of the gallery, with the front end built."""
    built = built_front_end()
    _Handler.files = built
    manifest = StaticManifest(json.loads(built["manifest.json"]))
    _Handler.env = create_environment(manifest, extra_dirs=(TEMPLATES,))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
