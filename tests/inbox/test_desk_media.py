"""Pictures and films as the conversation shows them: each state, for each kind."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.factories import make_attachment, make_held, make_message
from tests.pictures import FILM, animation, picture


@pytest.fixture
def message(dm_thread, media_folder):
    return make_message(dm_thread, "Look at this")


def address(file) -> str:
    return reverse("inbox:media", args=[file.key])


def tile(page: str, attachment) -> str:
    """The element of one attachment, its opening tag and all that stands in it."""
    found = re.search(
        rf'<(\w+)[^>]*\bid="attachment-{attachment.pk}".*?</\1>', page, re.DOTALL | re.ASCII
    )
    assert found
    return " ".join(found[0].split())


def test_a_picture_is_shown_small_and_opens_large(show, ana, message):
    held = make_held(message, picture("JPEG", (1600, 1200)), alt_text="A crushed box")
    shown = tile(show(ana).text, held)
    assert (
        f'<img src="{address(held.still)}" alt="Photo from Carla Customer: A crushed box"' in shown
    )
    assert 'width="256" height="192"' in shown
    assert f'data-address="{address(held.whole)}"' in shown
    assert 'aria-haspopup="dialog"' in shown


def test_a_picture_without_words_says_so(show, ana, message):
    held = make_held(message, picture())
    assert 'alt="Photo from Carla Customer, no description"' in tile(show(ana).text, held)


def test_a_picture_of_ours_is_the_handles(show, ana, dm_thread, media_folder):
    held = make_held(make_message(dm_thread, "Here", ours=True), picture())
    assert 'alt="Photo from @acme, no description"' in tile(show(ana).text, held)


def test_a_film_has_controls_and_never_begins_by_itself(show, ana, message):
    held = make_held(message, FILM, "video")
    shown = tile(show(ana).text, held)
    assert shown.startswith("<video")
    assert f'src="{address(held.whole)}"' in shown
    assert " controls " in shown
    assert "autoplay" not in shown


def test_an_animation_is_still_until_it_is_opened(show, ana, message):
    held = make_held(message, animation(), "gif")
    shown = tile(show(ana).text, held)
    assert f'<img src="{address(held.still)}"' in shown
    assert f'data-address="{address(held.whole)}"' in shown
    assert "GIF</span>" in shown


def test_what_we_can_not_show_can_be_saved(show, ana, message):
    held = make_held(message, b"%PDF-1.7", "other")
    shown = tile(show(ana).text, held)
    assert "Attachment that can’t be shown here" in shown
    assert f'href="{address(held.whole)}" download' in shown


def test_a_place_is_held_while_it_loads(show, ana, message):
    loading = make_attachment(message, width=640, height=480, alt_text="A crushed box")
    shown = tile(show(ana).text, loading)
    assert "Loading photo" in shown
    assert 'width="256"' in shown
    assert "“A crushed box”" in shown


@pytest.mark.parametrize(
    ("size", "width"), [((0, 0), 256), ((600, 1300), 120), ((3000, 900), 384), ((400, 400), 192)]
)
def test_a_tile_has_the_width_that_its_picture_will_have(message, size, width):
    attachment = make_attachment(message, width=size[0], height=size[1])
    assert attachment.tile() == (width, 192)
    assert attachment.tile(is_one_of_many=True) == (width * 3 / 4, 144)


def test_what_is_gone_from_x_says_so_and_offers_nothing(show, ana, message):
    gone = make_attachment(message, "video", state="gone")
    shown = tile(show(ana).text, gone)
    assert "Video is gone from X" in shown
    assert "<button" not in shown


def test_what_could_not_be_loaded_says_why_and_can_be_tried_again(show, ana, message):
    refused = make_attachment(message, state="refused", reason="X did not answer.")
    shown = tile(show(ana).text, refused)
    assert "Photo couldn’t be loaded. X did not answer." in shown
    assert reverse("inbox:attachment-retry", args=[refused.pk]) in shown


def test_private_pictures_of_a_handle_that_lost_its_token_wait_for_that(
    show,
    ana,
    acme,
    message,
    public_thread,
):
    private = make_attachment(message)
    public = make_attachment(make_message(public_thread, "@acme look"))
    acme.status = acme.Status.NEEDS_RECONNECT
    acme.save()
    page = show(ana).text
    assert "Photo loads once @acme is connected again" in tile(page, private)
    assert "Loading photo" in tile(page, public)


def test_xs_address_of_a_picture_is_not_repeated_above_it(show, ana, dm_thread):
    link = {
        "start": 5,
        "end": 21,
        "url": "https://t.co/abc",
        "expanded_url": "https://x.com/carla/status/1/photo/1",
        "display_url": "pic.x.com/abc",
    }
    said = {"text": "Look https://t.co/abc", "entities": {"urls": [link]}}
    with_picture, without = make_message(dm_thread, **said), make_message(dm_thread, **said)
    make_attachment(with_picture)
    page = show(ana).text
    assert page.count("pic.x.com/abc</a>") == 1
    assert f'id="message-{without.pk}"' in page


def test_no_address_of_xs_is_told_to_a_browser(show, ana, message):
    make_attachment(message, preview_url="https://pbs.twimg.com/still.jpg")
    make_held(message, picture())
    assert "twimg" not in show(ana).text


def test_hostile_descriptions_are_text(show, ana, message):
    evil = '"><img src=x onerror=alert(1)>'
    make_held(message, picture(), alt_text=evil)
    make_attachment(message, alt_text=evil)
    assert "<img src=x" not in show(ana).text
