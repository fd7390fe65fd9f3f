"""`anxin consent verify` on an exported file: what holds, and the first link that does not, by line and reason."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from core.chains import Link
from tests.rules.test_consents_rules import CHAIN, chain
from workers.cli.consent import REASONS, command, verify_lines


def verify(path: Path) -> Result:
    return CliRunner().invoke(command, ["verify", str(path)])


def write(path: Path, links: list[Link]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in links) + b"\n")
    return path


def test_a_whole_file_holds_and_says_the_last_seal(tmp_path: Path) -> None:
    links = chain()
    answer = verify(write(tmp_path / "chain.jsonl", links))
    assert answer.exit_code == 0, answer.output
    assert f"chain {CHAIN}: last seal {links[-1].seal}" in answer.output
    assert "4 links of 1 chains hold" in answer.output


def test_the_first_broken_link_is_named_and_the_status_is_1(tmp_path: Path) -> None:
    links = chain()
    links[2] = msgspec.structs.replace(links[2], body=links[2].body.replace("2026-03-03", "2026-03-04"))
    answer = verify(write(tmp_path / "chain.jsonl", links))
    assert answer.exit_code == 1
    assert f"broken: line 3: chain {CHAIN}, link 3: {REASONS['altered']}" in answer.output
    assert "2 links before it hold" in answer.output


@pytest.mark.parametrize("line", [b"{}", b"not json", b"\xff\xfe"])
def test_a_line_that_is_no_link_is_named(line: bytes) -> None:
    verifier, fault = verify_lines([b"\n", line])
    assert (verifier.count, fault) == (0, "line 2: not a link of a chain")


def test_a_file_or_a_tenant_is_verified_and_not_both(tmp_path: Path) -> None:
    path = write(tmp_path / "chain.jsonl", chain())
    for arguments in (["verify"], ["verify", str(path), "--tenant", "a"]):
        answer = CliRunner().invoke(command, arguments)
        assert answer.exit_code == 2
        assert "one of the two" in answer.output


def test_standard_input_is_a_file_too() -> None:
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in chain())
    assert CliRunner().invoke(command, ["verify", "-"], input=lines).exit_code == 0
