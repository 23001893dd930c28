"""Pictures drawn anew, and files told apart by their bytes (trust F4, X3)."""

from __future__ import annotations

import io
import resource
import time
from contextlib import suppress
from random import Random

import pytest
from PIL import Image, PngImagePlugin

from inbox.media.kinds import FILM, GIF, UNKNOWN, kind_of
from inbox.media.pictures import STILL_WIDTH, BadPicture, drawn, still, whole
from tests.pictures import FILM as A_FILM
from tests.pictures import animation, bomb, picture, seen

FORMS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
STRANGE = {
    "svg": SVG,
    "svg with a head": b"<?xml version='1.0'?>" + SVG,
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>",
    "a picture after a page": b"<html><!--" + picture(),
    "tiff": picture("TIFF"),
    "bmp": picture("BMP"),
    "icon": b"\x00\x00\x01\x00\x01\x00\x10\x10",
    "a phone's picture": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "apple's film": b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ",
    "a sound": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "a program": b"\x7fELF\x02\x01\x01\x00",
    "a packed one": b"PK\x03\x04\x14\x00",
    "words": b"Where is my parcel?",
    "nothing": b"",
}


def anew(content: bytes, kind: str) -> bytes:
    return whole(drawn(io.BytesIO(content), kind), kind).content


# What a file is


@pytest.mark.parametrize(("kind", "form"), FORMS.items())
def test_pictures_are_known_by_their_beginning(kind, form):
    assert kind_of(io.BytesIO(picture(form))) == kind


def test_animations_and_films_are_known_too():
    assert kind_of(io.BytesIO(animation())) == GIF
    assert kind_of(io.BytesIO(A_FILM)) == FILM


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_everything_else_is_nothing_that_we_show(content):
    assert kind_of(io.BytesIO(content)) == UNKNOWN


def test_the_file_is_left_at_its_start():
    file = io.BytesIO(picture())
    file.seek(9)
    kind_of(file)
    assert file.tell() == 0


# What is left of a picture


@pytest.mark.parametrize(("kind", "form"), FORMS.items())
def test_a_picture_looks_as_before(kind, form):
    after = seen(anew(picture(form), kind))
    assert (after.format, after.size) == (form, (64, 48))
    left, right = after.convert("RGB").getpixel((4, 20)), after.convert("RGB").getpixel((60, 20))
    assert left[0] > 200 > left[2]
    assert right[2] > 200 > right[0]


def with_a_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "canary of the maker"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(0x8825)[29] = "canary:2026"
    return exif


@pytest.mark.parametrize(("kind", "form"), FORMS.items())
def test_where_it_was_taken_is_gone(kind, form):
    content = picture(form, exif=with_a_place())
    assert b"canary" in content
    after = anew(content, kind)
    assert b"canary" not in after
    assert not seen(after).getexif()


def test_comments_and_profiles_are_gone():
    jpeg = picture("JPEG", comment=b"canary of the comment", icc_profile=b"canary" * 40)
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "canary of the author")
    text.add_itxt("XML:com.adobe.xmp", "<canary/>")
    png = picture("PNG", pnginfo=text, icc_profile=b"canary" * 40)
    for content, kind in ((jpeg, "image/jpeg"), (png, "image/png")):
        assert b"canary" not in anew(content, kind)


def test_what_stands_behind_the_picture_is_gone():
    polyglot = picture("JPEG") + b"<script>alert(1)</script>" + b"%PDF-1.4"
    after = anew(polyglot, "image/jpeg")
    assert b"script" not in after
    assert b"%PDF" not in after


def test_it_stands_upright_without_being_told_to():
    exif = Image.Exif()
    exif[0x0112] = 6  # a phone held upright
    after = seen(anew(picture("JPEG", exif=exif), "image/jpeg"))
    assert after.size == (48, 64)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_all_modes_are_shown(mode):
    assert seen(anew(picture("PNG", mode=mode), "image/png")).size == (64, 48)


def test_printers_colours_become_the_screens():
    assert seen(anew(picture("JPEG", mode="CMYK"), "image/jpeg")).mode == "RGB"


# Its still


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((64, 48), (64, 48)),
        ((3000, 2000), (576, 384)),
        ((2000, 100), (768, 38)),
        ((9, 4000), (1, 384)),
    ],
)
def test_the_still_fits_a_bubble(size, shown):
    small = still(drawn(io.BytesIO(picture("JPEG", size)), "image/jpeg"))
    assert seen(small.content).size == (small.width, small.height) == shown


def test_what_can_be_seen_through_stays_so():
    image = drawn(io.BytesIO(picture("WEBP", mode="RGBA")), "image/webp")
    assert still(image).media_type in {"image/png", "image/jpeg"}
    clear = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(clear, "PNG")
    assert seen(still(drawn(clear, "image/png")).content).getpixel((3, 3))[3] == 0


def test_of_an_animation_it_is_the_first_moment():
    first = drawn(io.BytesIO(animation()), GIF)
    assert first.size == (40, 30)
    assert still(first).media_type in {"image/jpeg", "image/png"}


# What is refused


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize(
    "content",
    [bomb(50_000, 50_000), bomb(24_000_000, 2), bomb(8_000, 4_000), bomb(2**31 - 1, 2**31 - 1)],
    ids=["huge", "wide", "large", "absurd"],
)
def test_a_bomb_is_refused_by_its_header(content):
    before, begun = peak_mb(), time.thread_time()
    with pytest.raises(BadPicture):
        drawn(io.BytesIO(content), "image/png")
    assert time.thread_time() - begun < 1  # of work: others may have the processor meanwhile
    assert peak_mb() - before < 100


def test_a_gif_with_a_huge_canvas_is_refused():
    content = bytearray(animation())
    content[6:10] = b"\xff\xff\xff\xff"
    with pytest.raises(BadPicture, match="too large"):
        drawn(io.BytesIO(bytes(content)), GIF)


@pytest.mark.parametrize(("kind", "form"), [*FORMS.items(), ("image/gif", "GIF")])
def test_half_a_picture_is_damaged(kind, form):
    content = picture(form, (400, 300))
    with pytest.raises(BadPicture, match="damaged"):
        drawn(io.BytesIO(content[: len(content) // 2]), kind)


@pytest.mark.parametrize(("kind", "form"), FORMS.items())
def test_bytes_that_were_changed_at_random_harm_nobody(kind, form):
    random, content = Random(7), picture(form, (40, 30))
    for _ in range(150):
        broken = bytearray(content)
        for _ in range(random.randint(1, 6)):
            broken[random.randrange(12, len(broken))] = random.randrange(256)
        with suppress(BadPicture):
            assert still(drawn(io.BytesIO(bytes(broken)), kind)).width <= STILL_WIDTH


def test_a_picture_that_pretends_to_be_another_is_damaged():
    with pytest.raises(BadPicture):
        drawn(io.BytesIO(picture("PNG")), "image/jpeg")
