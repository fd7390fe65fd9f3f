"""What a file is, what is refused and why, and what is left of a picture."""

import io
import zipfile

import puremagic
import pytest
from PIL import Image, ImageCms

from core.files.rules import (
    DOCUMENTS,
    IMAGES,
    FileRefused,
    clean_filename,
    draw_again,
    kind_of,
    own_filename,
    pictures,
    read_drawing,
)
from tests.rules.pictures import SVG, address, bomb, jpeg, png, signature

PDF = b"%PDF-1.7\n1 0 obj\n"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


def refused(content: bytes, filename: str = "x.jpg", *, max_bytes: int = 10_000_000) -> str:
    with pytest.raises(FileRefused) as caught:
        kind_of(content, filename=filename, accept=DOCUMENTS, max_bytes=max_bytes)
    return caught.value.code


def webp(frames: int = 1) -> bytes:
    out = io.BytesIO()
    images = [Image.new("RGB", (8, 8), (index * 20, 0, 0)) for index in range(frames)]
    images[0].save(out, "WEBP", save_all=frames > 1, append_images=images[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(jpeg(), "image/jpeg"), (png(), "image/png"), (webp(), "image/webp"), (PDF, "application/pdf")],
)
def test_the_content_says_what_a_file_is_and_its_name_follows(content: bytes, media_type: str) -> None:
    kind = kind_of(content, filename="report.exe", accept=DOCUMENTS, max_bytes=10_000_000)
    assert kind.media_type == media_type
    assert (
        kind.filename
        == {"jpeg": "report.jpg", "png": "report.png", "webp": "report.webp", "pdf": "report.pdf"}[
            media_type.partition("/")[2]
        ]
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (HEIC, "file_heic"),
        (SVG, "file_svg"),
        (b"\xef\xbb\xbf<!-- " + b"x" * 900 + b" -->" + SVG, "file_svg"),
        (SVG.decode().encode("utf-16"), "file_svg"),
        (b"<!DOCTYPE svg PUBLIC>", "file_svg"),
        (b"GIF89a" + b"\x00" * 20, "file_kind"),
        (b"MZ\x90\x00" + b"\x00" * 60, "file_kind"),
        (b"just words", "file_kind"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "file_kind"),
    ],
)
def test_s24_what_is_no_photo_and_no_pdf_is_refused_by_name(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_s24_svg_is_refused_also_by_a_field_that_lists_it() -> None:
    with pytest.raises(FileRefused, match="file_svg"):
        kind_of(SVG, filename="a.svg", accept=("image/svg+xml",), max_bytes=10_000)


def test_a_kind_that_a_field_lists_and_we_cannot_make_harmless_is_refused() -> None:
    with pytest.raises(FileRefused, match="file_kind"):
        kind_of(b"GIF89a" + b"\x00" * 20, filename="a.gif", accept=("image/gif",), max_bytes=10_000)


def test_a_pdf_is_refused_where_photos_are_asked_for() -> None:
    with pytest.raises(FileRefused, match="file_kind"):
        kind_of(PDF, filename="a.jpg", accept=IMAGES, max_bytes=10_000)


def test_too_large_says_how_much_is_taken() -> None:
    with pytest.raises(FileRefused) as caught:
        kind_of(b"x" * 2_000_001, filename="a.jpg", accept=IMAGES, max_bytes=2_000_000)
    assert (caught.value.code, caught.value.params) == ("too_large", {"max": 2_000_000, "mb": 2})


def test_what_puremagic_cannot_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise puremagic.PureError

    monkeypatch.setattr(puremagic, "from_string", fail)
    assert refused(b"whatever this is") == "file_kind"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("..\\..\\windows\\system32\\cat.png", "cat.jpg"),
        ("/abs/cat.jpg", "cat.jpg"),
        ("....", "file.jpg"),
        ("", "file.jpg"),
        ("con:trol\x00\x1f\u202egpj.jpg", "con_trolgpj.jpg"),
        ("年糕的伤口.HEIC", "年糕的伤口.jpg"),
        ("a" * 500 + ".png", "a" * 120 + ".jpg"),
        ('x"; filename="evil.html', "x_; filename=_evil.jpg"),
    ],
)
def test_s22_a_name_is_no_path_and_no_header(name: str, clean: str) -> None:
    assert clean_filename(name, ".jpg") == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [("../LICENCE", "LICENCE"), ("a/b.tar.gz", "b.tar.gz"), ("v1.2.pdf", "v1.2.pdf"), ("x.<y>", "x"), ("报告", "报告")],
)
def test_s22_a_name_of_ours_keeps_its_ending(name: str, clean: str) -> None:
    assert own_filename(name) == clean


def test_s24_where_a_photo_was_taken_is_gone_with_all_else_that_is_no_pixel() -> None:
    sent = jpeg(place=True) + b"<script>alert(1)</script>PK\x03\x04"
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)
    made = draw_again(sent, "image/jpeg")
    kept = Image.open(io.BytesIO(made.content))
    assert not kept.getexif()
    for secret in (b"SECRET", b"Exif", b"script", b"PK\x03\x04"):
        assert secret not in made.content
        assert secret not in made.thumbnail


def test_s24_a_picture_that_is_also_an_archive_is_only_a_picture_afterwards() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("index.html", "<script>")
    made = draw_again(png() + archive.getvalue(), "image/png")
    assert not zipfile.is_zipfile(io.BytesIO(made.content))


def test_a_photo_stands_upright() -> None:
    made = draw_again(jpeg((40, 30), orientation=6), "image/jpeg")
    assert (made.width, made.height) == (30, 40)


def test_s24_a_bomb_is_refused_before_it_unfolds() -> None:
    with pytest.raises(FileRefused, match="file_pixels"):
        draw_again(bomb(), "image/png")
    with pytest.raises(FileRefused, match="file_pixels"):
        draw_again(bomb(8_000, 8_000), "image/png")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (jpeg()[:200], "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "image/png"),
        (png(), "image/jpeg"),
        (PDF, "image/webp"),
    ],
)
def test_a_picture_that_breaks_off_is_refused(content: bytes, media_type: str) -> None:
    with pytest.raises(FileRefused, match="file_broken"):
        draw_again(content, media_type)


def test_a_large_photo_is_made_smaller_and_a_thumbnail_is_a_jpeg() -> None:
    made = draw_again(jpeg((5_000, 100)), "image/jpeg")
    assert made.width == pictures.LONGEST
    assert Image.open(io.BytesIO(made.thumbnail)).format == "JPEG"
    assert Image.open(io.BytesIO(made.thumbnail)).width == pictures.THUMB


def test_only_the_first_frame_of_an_animation_stays() -> None:
    assert getattr(Image.open(io.BytesIO(webp(3))), "n_frames", 1) == 3
    made = draw_again(webp(3), "image/webp")
    assert getattr(Image.open(io.BytesIO(made.content)), "n_frames", 1) == 1


def test_see_through_and_grey_pictures_keep_their_look() -> None:
    clear = draw_again(png(colour=(0, 0, 0, 0)), "image/png")
    assert Image.open(io.BytesIO(clear.content)).mode == "RGBA"
    out = io.BytesIO()
    Image.new("L", (8, 8), 128).save(out, "JPEG")
    assert Image.open(io.BytesIO(draw_again(out.getvalue(), "image/jpeg").content)).getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("good", [True, False])
def test_a_colour_profile_is_applied_and_dropped_a_broken_one_only_dropped(good: bool) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if good else b"no profile"
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (10, 200, 30)).save(out, "JPEG", icc_profile=profile)
    kept = Image.open(io.BytesIO(draw_again(out.getvalue(), "image/jpeg").content))
    assert "icc_profile" not in kept.info


def test_a_profile_that_turns_into_nothing_leaves_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (10, 200, 30)).save(out, "JPEG", icc_profile=profile)
    monkeypatch.setattr(ImageCms, "profileToProfile", lambda *_: None)
    assert draw_again(out.getvalue(), "image/jpeg").width == 8


def test_a_drawn_signature_becomes_a_picture_and_an_empty_sheet_none() -> None:
    drawn = read_drawing(signature())
    assert drawn is not None
    assert (drawn.width, drawn.height) == (120, 40)
    assert read_drawing(address(png(colour=(0, 0, 0, 0)))) is None
    assert read_drawing(address(png(colour=(255, 255, 255, 255)))) is None


@pytest.mark.parametrize("sent", ["data:image/png;base64,AA==", "data:image/png;base64,%%%", "data:image/png;base64,A"])
def test_a_signature_that_is_no_png_is_refused(sent: str) -> None:
    with pytest.raises(FileRefused, match="file_broken"):
        read_drawing(sent)
