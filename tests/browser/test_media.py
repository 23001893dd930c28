"""Pictures in a conversation: they appear by themselves, open large, and the keyboard is enough."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, axe
from tests.pictures import FILM, bomb

RED, BLUE = "#b02a2d", "#1666aa"


def drawing(colour: str, size: tuple[int, int]) -> bytes:
    image = Image.new("RGB", size, "#f7faf9")
    ImageDraw.Draw(image).ellipse((20, 20, size[0] - 20, size[1] - 20), fill=colour)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def sends(stack, ids):
    """`sends("greta", "Look", content)`: a DM to @acme with a picture."""

    def sends(who: str, text: str, content: bytes, media_type: str = "image/png") -> None:
        media = [{"media_type": media_type, "content": base64.b64encode(content).decode()}]
        people = {"sender_id": ids[who], "recipient_id": ids["acme"]}
        stack.tell_x("dms", **people, text=text, media=media)

    return sends


@pytest.fixture
def desk(windows, sends):
    """Ana's, on a conversation with two pictures. axe brings a style sheet of its own."""

    def desk(text: str, **options) -> Page:
        sends("xavier", text, drawing(RED, (1600, 1200)))
        page = windows.open("/desk/?view=open", "ana", bypass_csp=True, **options)
        page.get_by_role("link", name=text).click()
        expect(page.locator("#timeline")).to_contain_text(text)
        return page

    return desk


def loaded(page: Page) -> None:
    """The large picture is there in all its points."""
    page.wait_for_function("document.querySelector('.viewer-image').naturalWidth > 0")


def test_a_picture_appears_without_a_reload_and_opens_large(desk, sends):
    page = desk("It arrived like this")
    tiles = page.get_by_role("button", name="Photo from Xavier Customer, no description")
    before = tiles.count()
    expect(tiles.last).to_be_visible()
    sends("xavier", "And from the other side", drawing(BLUE, (900, 1600)))
    expect(tiles).to_have_count(before + 1)
    tiles.last.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    expect(viewer).to_be_visible()
    expect(viewer.get_by_role("heading")).to_contain_text(f"{before + 1} of {before + 1}")
    loaded(page)
    page.keyboard.press("ArrowLeft")
    expect(viewer.get_by_role("heading")).to_contain_text(f"{before} of {before + 1}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("heading")).to_contain_text(f"1 of {before + 1}")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(tiles.last).to_be_focused()


def test_nothing_moves_when_a_picture_arrives(desk):
    page = desk("Nothing moves")
    expect(page.locator(".attachment-picture img").last).to_be_visible()
    heights = page.eval_on_selector_all(
        ".attachment", "all => all.map(one => Math.round(one.getBoundingClientRect().height))"
    )
    assert set(heights) == {192}


def test_what_could_not_be_loaded_is_tried_again_by_a_click(desk, sends):
    page = desk("Now a bomb")
    sends("xavier", "Too large to look at", bomb(50_000, 50_000))
    trouble = page.locator(".attachment-said", has_text="too large")
    expect(trouble).to_contain_text("couldn’t be loaded")
    with page.expect_response("**/attachments/*/retry/**") as answered:
        trouble.get_by_role("button", name="Try again").click()
    assert answered.value.status == 200
    expect(trouble).to_contain_text("couldn’t be loaded")


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_in_bubbles_or_viewer(desk, sends, size):
    page = desk("Look at it in all lights", viewport=size)
    sends("xavier", "A film", FILM, "video/mp4")
    expect(page.locator("video").last).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == []
        page.locator(".attachment-picture").last.click()
        loaded(page)
        assert axe(page) == []
        page.keyboard.press("Escape")
