"""Files that are no lists, wrong encodings, and every encoding and separator that people use."""

import pytest

from core.errors import InvalidInput
from core.imports.actions import change_layout, upload_file
from core.imports.queries import get_preview
from tests.imports import as_clinic, check, csv_of
from tests.workplaces import TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await as_clinic(tenant_a)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\x00\x00", "file-empty"),
        (b"%PDF-1.7", "not-a-list"),
        (b"\x89PNG\r\n", "not-a-list"),
        (b"PK\x03\x04broken", "file-broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken", "not-a-list"),
        ("姓名,手机\n锟斤拷,1".encode(), "text-lost"),
        (b"a,b\n\x81\x20,1", "unknown-encoding"),
        (b"x" * (20 * 1024 * 1024 + 1), "file-too-large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_that_is_no_list_is_told_with_its_reason(clinic: TestTenant, content: bytes, code: str) -> None:
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await upload_file(uow, filename="x", content=content)
    assert [problem.code for problem in refused.value.problems] == [code]


async def test_a_wrong_encoding_is_told_with_its_line_and_another_can_be_chosen(clinic: TestTenant) -> None:
    content = csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,")
    async with clinic.unit() as uow:
        batch_id = await upload_file(uow, filename="x.csv", content=content)
        with pytest.raises(InvalidInput) as refused:
            await change_layout(uow, batch_id=batch_id, encoding="utf-8")
        assert refused.value.problems[0].params == {"encoding": "utf-8", "line": 1}
        with pytest.raises(InvalidInput):
            await change_layout(uow, batch_id=batch_id, encoding="klingon")
        await change_layout(uow, batch_id=batch_id, encoding="gb18030", header_row=1)
        assert (await get_preview(uow, batch_id))[0][1] == "王小美"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_encodings_and_delimiters_are_found(clinic: TestTenant, encoding: str, delimiter: str) -> None:
    content = (
        csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600,").decode("gb18030").replace(",", delimiter).encode(encoding)
    )
    batch = await check(clinic, content)
    assert batch.counts.new == 1


async def test_a_broken_line_far_down_fails_the_file_with_its_reason(clinic: TestTenant) -> None:
    content = csv_of("A1,王小美,13812346871,豆豆,犬,,,,,,600," + "x" * 140_000)
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await upload_file(uow, filename="x.csv", content=content)
    assert refused.value.problems[0].code == "file-broken"
