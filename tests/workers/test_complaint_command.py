"""`anxin complaint assess`: one JSON line in, one out, in order, and a bad line costs only itself."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.hooks.reading.opinion import Opinion
from workers.cli.complaint import command


def assessed(*lines: object) -> tuple[list[dict[str, Any]], int]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    done = CliRunner().invoke(command, ["assess"], input=text.encode())
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return [json.loads(line) for line in done.stdout.splitlines()], done.exit_code


def test_a_judged_complaint_has_level_category_reasons_and_the_words_they_stand_on() -> None:
    text = "手术中宠物死亡，没有人解释"
    (found,), status = assessed({"id": "a", "vertical": "pet_clinic", "text": text})
    assert status == 0
    assert (found["id"], found["level"]) == ("a", "L3")
    assert found["category"] == "petclinic.medical_outcome"
    assert found["category_label"] == "医疗相关/治疗效果争议"
    assert found["reasons"][0] == {
        "code": "animal_death_in_surgery",
        "level": "L3",
        "text": "手术中宠物死亡",
        "source": "宠物医院客户投诉应急预案 §3.3",
    }
    for quote in found["quotes"]:
        assert text[quote["start"] : quote["end"]] == quote["text"]
        assert quote["reason"] in {"animal_death_in_surgery", "category"}


@pytest.mark.parametrize("vertical", ["petclinic", "pet_clinic", "pet_hospital", "pet_services"])
def test_the_plugin_answers_to_its_name_and_to_its_trades(vertical: str) -> None:
    (found,), status = assessed({"id": 1, "vertical": vertical, "text": "前台态度冷漠"})
    assert (status, found["level"], found["category_label"]) == (0, "L1", "服务相关/接待态度冷漠")


def test_a_bad_line_says_why_and_the_others_are_still_answered_in_order() -> None:
    found, status = assessed(
        {"id": "a", "vertical": "zoo", "text": "大象跑了"},
        {"id": "b", "vertical": "petclinic", "text": "候诊太久"},
        {"id": "c", "text": "候诊太久"},
        {"id": "d", "vertical": "petclinic"},
        {"id": "e", "vertical": "petclinic", "text": "", "channel": "pigeon"},
        "[1]",
        "{",
        "",
        {"id": "f", "vertical": ["petclinic"], "text": "x"},
    )
    assert status == 1
    assert [line["id"] for line in found] == ["a", "b", "c", "d", "e", None, None, "f"]
    assert [line.get("level") for line in found] == [None, "L1", None, None, None, None, None, None]
    assert "petclinic" in found[0]["error"]
    assert "missing" in found[2]["error"]
    assert found[3]["error"].startswith("text")
    assert "channel" in found[4]["error"]


def test_labelled_lines_teach_an_opinion_and_a_line_without_its_tabs_is_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tsv", tmp_path / "bad.tsv"
    good.write_text("L3\tmedical_outcome\t猫死了\nL3\t-\t狗死了\nL1\tservice_waiting\t等太久\nL1\t-\t等很久\n", "utf-8")
    bad.write_text("L3\tmedical_outcome\t猫死了\nL3 狗死了\n", "utf-8")
    done = CliRunner().invoke(command, ["teach", str(good)])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "L1\tL3\tmedical_outcome\tservice_waiting")
    assert Opinion.parse(done.output).odds("死了")["L3"] > 0
    refused = CliRunner().invoke(command, ["teach", str(good), str(bad)])
    assert refused.exit_code == 1
    assert f"{bad}:2: must be level, category and text" in refused.output


def test_what_else_is_known_of_the_complaint_counts_too() -> None:
    base = {"id": 1, "vertical": "petclinic", "text": "请看附件"}
    found, status = assessed(
        base,
        base | {"channel": "regulator"},
        base | {"answers": {"boarding_escape": True}},
        base | {"estimate_fen": 100_000, "bill_fen": 130_000},
        base | {"desired": "要求赔偿"},
        base | {"category": "petclinic.medical_drugs", "desired": None, "note": "not ours"},
    )
    assert [line["level"] for line in found] == ["L1", "L3", "L3", "L2", "L2", "L2"]
    assert status == 0
    assert found[-1]["category_label"] == "医疗相关/用药问题"


def test_the_command_answers_in_a_process_of_its_own_without_a_database() -> None:
    line = json.dumps({"id": "寵", "vertical": "pet_clinic", "text": "猫跑丢了"}, ensure_ascii=False)
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli.main", "complaint", "assess"],
        input=b"\xef\xbb\xbf" + line.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["level"] == "L3"
