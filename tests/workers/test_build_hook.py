"""The front-end build: hashed names, compressed copies, nothing done twice, nothing lost when the sources are wrong."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the front end with small sources of its own; the installed packages are shared."""
    frontend = tmp_path / "web" / "frontend"
    frontend.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "build.mjs", "build_hook.py"):
        shutil.copy(ROOT / "web" / "frontend" / name, frontend)
    (frontend / "node_modules").symlink_to(ROOT / "web" / "frontend" / "node_modules")
    (frontend / "src" / "lib").mkdir(parents=True)
    (frontend / "src" / "assets").mkdir()
    (frontend / "src" / "app.js").write_text('import "htmx.org"; import("./lib/later.js");')
    (frontend / "src" / "app.css").write_text("@layer base { body { color: red } }")
    (frontend / "src" / "lib" / "later.js").write_text("export const later = 1;")
    (frontend / "src" / "assets" / "mark.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return tmp_path


def build(checkout: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(checkout / "web" / "frontend" / "build_hook.py")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def manifest(checkout: Path) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((checkout / "web" / "static" / "manifest.json").read_text())
    return loaded


def test_every_entry_and_asset_is_named_by_its_content_and_the_big_ones_are_compressed(checkout: Path) -> None:
    assert build(checkout).returncode == 0
    names = manifest(checkout)
    assert set(names) == {"app.js", "app.css", "mark.svg"}, "what is imported later is not an entry"
    static = checkout / "web" / "static"
    for name in names.values():
        assert (static / name).exists()
    script = static / names["app.js"]
    assert gzip.decompress(Path(f"{script}.gz").read_bytes()) == script.read_bytes()
    assert Path(f"{script}.br").stat().st_size < Path(f"{script}.gz").stat().st_size < script.stat().st_size


def test_unchanged_sources_are_not_built_again_and_a_change_has_a_new_name(checkout: Path) -> None:
    assert "built" in build(checkout).stdout
    before = manifest(checkout)
    assert "up to date" in build(checkout).stdout
    (checkout / "web" / "frontend" / "src" / "app.css").write_text("@layer base { body { color: blue } }")
    assert "built" in build(checkout).stdout
    after = manifest(checkout)
    assert after["app.css"] != before["app.css"]
    assert after["app.js"] == before["app.js"]


def test_sources_that_do_not_compile_are_named_and_the_last_good_files_stay(checkout: Path) -> None:
    build(checkout)
    before = manifest(checkout)
    (checkout / "web" / "frontend" / "src" / "app.js").write_text("this is no script")
    done = build(checkout)
    assert done.returncode == 1
    assert "The front end does not compile" in done.stderr
    assert "app.js:1" in done.stderr
    assert manifest(checkout) == before
    assert not list((checkout / "web").glob(".static-*"))


def test_a_catalogue_is_compiled_when_its_texts_are_newer(checkout: Path) -> None:
    source = checkout / "web" / "locale" / "zh_CN" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Save"\nmsgstr "保存"\n')
    assert build(checkout).returncode == 0
    compiled = source.with_suffix(".mo")
    assert "保存".encode() in compiled.read_bytes()
    first = compiled.stat().st_mtime_ns
    build(checkout)
    assert compiled.stat().st_mtime_ns == first
    source.write_text(source.read_text().replace("保存", "存好"))
    os.utime(source, ns=(first + 10**9, first + 10**9))
    build(checkout)
    assert "存好".encode() in compiled.read_bytes()
