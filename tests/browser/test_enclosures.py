"""Files for a reply: chosen, dropped and pasted, described, removed, refused, and sent."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, axe
from tests.browser.test_drafts import SESSION, is_saved
from tests.pictures import FILM

GREEN, BLUE = "#007558", "#1666aa"
# Brings files as a hand over the form, or the clipboard, does.
GIVE = """([form, kind, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
  const given = new DataTransfer()
  given.items.add(new File([bytes], name, { type }))
  const how = { bubbles: true, cancelable: true, clipboardData: given, dataTransfer: given }
  const made = kind === "paste" ? new ClipboardEvent(kind, how) : new DragEvent(kind, how)
  document.querySelector(form).dispatchEvent(made)
}"""

# The browser itself, at the first file.
FAILS_ONCE = """
  const open = XMLHttpRequest.prototype.open
  XMLHttpRequest.prototype.open = function (method, address) {
    if (!address.includes("/enclosures/")) return open.apply(this, arguments)
    XMLHttpRequest.prototype.open = open
    throw new Error("out of room")
  }
"""


def drawing(colour: str, size: tuple[int, int] = (800, 600)) -> bytes:
    image = Image.new("RGB", size, "#f7faf9")
    ImageDraw.Draw(image).rectangle((60, 60, size[0] - 60, size[1] - 60), fill=colour)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def file(name: str, content: bytes, media_type: str = "image/png") -> dict[str, object]:
    return {"name": name, "mimeType": media_type, "buffer": content}


@pytest.fixture
def desk(windows, writes):
    """Ana's, on what Nora has just written. axe brings a style sheet of its own."""

    def desk(text: str, *, public: bool, **options) -> Page:
        writes("nora", text, public=public)
        page = windows.open(
            "/desk/?view=open", "ana", bypass_csp=True, reduced_motion="reduce", **options
        )
        page.get_by_role("link", name=text).click()
        expect(page.locator("#timeline")).to_contain_text(text)
        page.get_by_role("tab", name="Public reply" if public else "Private message").click()
        return page

    return desk


def shown(page: Page):
    return page.locator(".composer-form:visible .enclosure")


def remove(page: Page, name: str):
    """The button of a file that has arrived; for a moment it may be on its way still, too."""
    here = page.get_by_role("list", name="Files for this reply")
    return here.get_by_role("button", name=f"Remove {name}")


def attach(page: Page, *files: dict[str, object]) -> None:
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Attach").click()
    chosen.value.set_files(list(files))


def test_two_pictures_go_out_in_public_each_described(desk):
    page = desk("My parcel is broken", public=True)
    attach(page, file("front.png", drawing(GREEN)), file("back.png", drawing(BLUE)))
    expect(remove(page, "front.png")).to_be_visible()
    expect(remove(page, "back.png")).to_be_visible()
    expect(shown(page).locator("img")).to_have_count(2)
    nudges = page.locator(".enclosure-nudge:visible")
    expect(nudges).to_have_count(2)
    page.get_by_label("What is to be seen on front.png").fill("The front, torn")
    page.get_by_label("What is to be seen on back.png").fill("The back, whole")
    expect(nudges).to_have_count(0)
    page.locator("#path-public-text").fill("Is this it?")
    page.get_by_role("button", name="Post publicly as @acme").click()
    sent = page.locator(".message-ours", has_text="Is this it?")
    expect(sent.locator(".message-state")).to_contain_text("Sent", timeout=60_000)
    expect(sent.locator(".attachment-picture")).to_have_count(2)
    expect(sent.get_by_alt_text("Photo from @acme: The front, torn")).to_be_visible()
    expect(shown(page)).to_have_count(0)
    expect(page.locator("#path-public-text")).to_have_value("")


def test_one_without_words_is_begun_when_it_is_chosen(desk, writes, somebody):
    page = desk(f"Which door is it, {somebody('nora')}?", public=False)
    writes("nora", "The red one?")
    expect(page.locator("#timeline")).to_contain_text("The red one?")
    attach(page, file("door.png", drawing(GREEN)))
    expect(remove(page, "door.png")).to_be_visible()
    page.get_by_role("button", name="Send privately").click()
    expect(page.locator(".message-ours .attachment")).to_have_count(1)
    # What comes after that is news.
    attach(page, file("key.png", drawing(BLUE)))
    expect(remove(page, "key.png")).to_be_visible()
    writes("nora", "And the key?")
    expect(page.locator("#timeline")).to_contain_text("And the key?")
    page.get_by_role("button", name="Send privately").click()
    expect(page.get_by_role("alert").first).to_contain_text("wrote since you began")


def test_one_that_fails_here_holds_up_no_other(desk, windows, somebody):
    page = desk(f"Two pictures, {somebody('nora')}?", public=True, before=FAILS_ONCE)
    attach(page, file("first.png", drawing(GREEN)), file("second.png", drawing(BLUE)))
    expect(remove(page, "second.png")).to_be_visible()
    refused = shown(page).filter(has_text="It could not be brought here.")
    expect(refused).to_contain_text("first.png")
    refused.get_by_role("button", name="Remove first.png").click()
    expect(shown(page)).to_have_count(1)
    [told] = windows.troubles
    assert "out of room" in told
    windows.troubles.clear()


def test_a_private_message_takes_one_without_words(desk):
    page = desk("Which label do you mean", public=False)
    attach(page, file("label.png", drawing(GREEN)))
    expect(remove(page, "label.png")).to_be_visible()
    attach(page, file("other.png", drawing(BLUE)))
    expect(page.get_by_role("alert")).to_contain_text("one file in a private message")
    # What was not taken is not left out in silence: at the file and at the button.
    page.get_by_role("button", name="Send privately").click()
    held = page.locator(".composer-held:visible")
    expect(held).to_contain_text("Not sent: “other.png” can’t go along. Remove it, then send.")
    expect(page.locator(".enclosure-holds")).to_contain_text("other.png")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == []
    # What is typed after that is kept as before.
    for text in ("This one", ""):
        with page.expect_response(is_saved):
            page.locator("#path-dm-text").fill(text)
    page.get_by_role("button", name="Remove other.png").click()
    expect(held).to_have_count(0)
    page.get_by_role("button", name="Send privately").click()
    sent = page.locator(".message-dm.message-ours")
    expect(sent.locator(".message-state")).to_contain_text("Sent")
    expect(sent.locator(".attachment-picture")).to_have_count(1)


def test_what_is_refused_is_named_and_the_words_stay(desk):
    page = desk("Send me the invoice", public=False)
    page.locator("#path-dm-text").fill("Here is the invoice")
    attach(page, file("invoice.png", b"%PDF-1.7 no picture"))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("“invoice.png” is no kind of file that X takes")
    expect(page.locator("#path-dm-text")).to_have_value("Here is the invoice")
    page.get_by_role("button", name="Remove invoice.png").press("Enter")
    expect(alert).to_have_count(0)
    expect(page.locator("#path-dm-text")).to_be_focused()


def test_what_was_too_much_is_taken_up_once_there_is_room(desk):
    page = desk("Send me one picture", public=False)
    attach(page, file("front.png", drawing(GREEN)))
    expect(remove(page, "front.png")).to_be_visible()
    attach(page, file("back.png", drawing(BLUE)))
    alert = page.get_by_role("alert").filter(has_text="X takes one file in a private message")
    expect(alert).to_be_visible()
    on_its_way = page.get_by_role("list", name="Files on their way")
    expect(on_its_way).not_to_contain_text("KB")
    remove(page, "front.png").click()
    expect(remove(page, "back.png")).to_be_visible()
    expect(alert).to_have_count(0)
    expect(shown(page)).to_have_count(1)
    page.get_by_role("button", name="Send privately").click()
    expect(page.locator(".message-dm.message-ours .attachment-picture")).to_have_count(1)


def test_removing_one_leaves_what_a_guard_said(desk):
    page = desk("Where do I write to", public=True)
    attach(page, file("front.png", drawing(GREEN)), file("back.png", drawing(BLUE)))
    expect(remove(page, "front.png")).to_be_visible()
    expect(remove(page, "back.png")).to_be_visible()
    page.locator("#path-public-text").fill("Write to nora@example.org")
    page.get_by_role("button", name="Post publicly as @acme").click()
    alert = page.locator("#path-public-refusal")
    expect(alert).to_contain_text("nora@example.org")
    for name, left in (("front.png", 1), ("back.png", 0)):
        remove(page, name).click()
        expect(shown(page)).to_have_count(left)
        expect(alert).to_contain_text("nora@example.org")


def test_it_is_there_after_a_reload_with_what_was_said_of_it(desk):
    page = desk("Show me a picture", public=True)
    attach(page, file("front.png", drawing(GREEN)))
    words = page.get_by_label("What is to be seen on front.png")
    words.fill("A parcel")
    with page.expect_response(re.compile(r"/enclosures/\d+/$")) as kept:
        words.blur()
    assert kept.value.status == 204
    page.reload()
    expect(words).to_have_value("A parcel")
    remove(page, "front.png").click()
    expect(shown(page)).to_have_count(0)


def test_after_signing_in_again_files_arrive_without_a_reload(desk, windows):
    page = desk("Show me the label", public=False)
    page.context.clear_cookies(name=SESSION)
    page.locator("#path-dm-text").fill("Here it is")
    toast = page.locator(".toast", has_text="You are signed out")
    with page.context.expect_page() as opened:
        toast.get_by_role("link", name="Sign in again").click()
    stale = page.locator("#conversation").get_attribute("hx-headers")
    windows.fill_in(opened.value, "ana")
    opened.value.close()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#conversation")).not_to_have_attribute("hx-headers", stale)
    attach(page, file("label.png", drawing(GREEN)))
    remove(page, "label.png").click()
    expect(shown(page)).to_have_count(0)
    page.locator("#path-dm-text").fill("")


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_it_can_be_dropped_and_pasted(desk, how):
    page = desk(f"You may {how} it", public=False)
    content = base64.b64encode(drawing(GREEN)).decode()
    place = "#path-dm-text" if how == "paste" else "#path-dm-form"
    page.evaluate(GIVE, [place, how, "given.png", "image/png", content])
    expect(remove(page, "given.png")).to_be_visible()
    remove(page, "given.png").click()
    expect(shown(page)).to_have_count(0)


def test_it_is_on_its_way_with_a_number_and_can_be_stopped(desk):
    page = desk("A long film please", public=False)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": 200_000})
    attach(page, file("film.mp4", FILM + bytes(4_000_000), "video/mp4"))
    bar = page.get_by_role("progressbar", name="Uploading film.mp4")
    expect(bar).to_be_visible()
    expect(page.locator(".enclosure-way")).to_contain_text(re.compile(r"\d+ %"))
    page.get_by_role("button", name="Send privately").click()
    held = page.locator(".composer-held:visible")
    expect(held).to_contain_text("Not sent yet: “film.mp4” is still on its way here.")
    page.get_by_role("button", name="Remove film.mp4").click()
    expect(shown(page)).to_have_count(0)
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    attach(page, file("short.mp4", FILM, "video/mp4"))
    expect(remove(page, "short.mp4")).to_be_visible()
    remove(page, "short.mp4").click()


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_where_files_are_chosen(desk, size):
    page = desk(f"In all lights with files, {size['width']} wide", public=True, viewport=size)
    attach(page, file("front.png", drawing(GREEN)), file("back.png", drawing(BLUE)))
    expect(remove(page, "back.png")).to_be_visible()
    page.get_by_label("What is to be seen on front.png").fill("The front, torn")
    attach(page, file("invoice.png", b"%PDF-1.7 no picture"))
    expect(page.get_by_role("alert")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == []
    for name in ("front", "back", "invoice"):
        page.get_by_role("button", name=f"Remove {name}.png").click()
        expect(page.get_by_role("button", name=f"Remove {name}.png")).to_have_count(0)
    expect(shown(page)).to_have_count(0)
