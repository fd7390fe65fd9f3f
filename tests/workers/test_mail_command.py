"""`anxin complaint mail` is the pipe of a mail server: what it files, what it ignores, and the exit status that says to try again."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.complaints.queries.cases import find_by_number, get_complaint
from tests.workplaces import TestTenant
from workers.cli.complaint import command
from workers.embedded.postgres import Dsns

BAD_DATA, TRY_AGAIN = 65, 75


def letter(words: str, **headers: str) -> bytes:
    made = EmailMessage()
    usual = {"From": "lu@example.com", "Subject": "寄养服务的投诉", "Message_ID": "<1@lu>"}
    for name, value in (usual | headers).items():
        made[name.replace("_", "-")] = value
    made.set_content(words)
    return made.as_bytes()


class Pipe:
    """Runs the command as a mail server does, against the database of the tests."""

    def __init__(self, slug: str, var: Path, **urls: str) -> None:
        self.arguments = ["mail", "--tenant", slug, "--var", str(var)]
        self.urls = urls

    async def take(self, content: bytes, *more: str, **other: str) -> Result:
        def run() -> Result:
            return CliRunner().invoke(command, [*self.arguments, *more], input=content, env=self.urls | other)

        return await asyncio.to_thread(run)


@pytest.fixture
def pipe(busy_tenant: TestTenant, dsns: Dsns, valkey: str, tmp_path: Path) -> Pipe:
    return Pipe(busy_tenant.slug, tmp_path, DATABASE_URL=dsns.app, WORKER_DATABASE_URL=dsns.worker, REDIS_URL=valkey)


async def test_a_letter_is_filed_once_answered_letters_are_added_and_machines_are_ignored(
    pipe: Pipe, busy_tenant: TestTenant
) -> None:
    for became in ("filed", "again"):
        done = await pipe.take(letter("接回来时身上有三处抓伤，电话 139 8812 3001"))
        assert (done.exit_code, done.stdout) == (0, f"{became}: C-0001\n"), done.output
    more = await pipe.take(letter("又发现一处伤口", Message_ID="<2@lu>", In_Reply_To="<1@lu>"))
    assert (more.exit_code, more.stdout) == (0, "added: C-0001\n")
    machine = await pipe.take(letter("我在休假", Message_ID="<3@lu>", Auto_Submitted="auto-replied"))
    assert (machine.exit_code, machine.stdout) == (0, "ignored: automatic\n")
    async with busy_tenant.workplace.reading(busy_tenant.id) as reader:
        found = await find_by_number(reader, number=1)
        assert found is not None
        case = await get_complaint(reader, complaint_id=found)
        assert await find_by_number(reader, number=2) is None
    assert (case.channel, case.contact_phone) == ("email", "+8613988123001")
    assert [one.kind for one in case.history].count("customer_added") == 1


async def test_what_is_no_letter_is_never_sent_again_and_a_database_that_is_away_is_tried_later(pipe: Pipe) -> None:
    assert (await pipe.take(b"")).exit_code == BAD_DATA
    assert (await pipe.take(letter("x", From=""))).exit_code == BAD_DATA
    away = "postgresql://anxin_app:x@127.0.0.1:9/anxin"
    assert (await pipe.take(letter("x"), DATABASE_URL=away, WORKER_DATABASE_URL=away)).exit_code == TRY_AGAIN


async def test_a_branch_or_a_tenant_that_is_not_there_files_nothing(pipe: Pipe) -> None:
    strange = "018f0000-0000-7000-8000-000000000000"
    refused = await pipe.take(letter("候诊太久"), "--branch", strange)
    assert refused.exit_code == 1
    assert "no such branch" in refused.output
    pipe.arguments[2] = "nobody"
    assert "There is no tenant nobody" in (await pipe.take(letter("候诊太久"))).output
