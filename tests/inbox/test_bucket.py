"""Media in a bucket instead of a folder: written, read in parts, deleted (`inbox.media.bucket`)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from inbox.media.checking import Checked, check
from inbox.media.files import delete_left_behind, part
from tests import bucket
from tests.factories import make_held, make_message
from tests.pictures import FILM, picture


@pytest.fixture
def s3(settings, monkeypatch):
    """The bucket `pictures` is where media are kept."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OURKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "our secret")
    with bucket.running() as s3:
        options = {"bucket": "pictures", "region": "eu-central-1", "endpoint": s3.url}
        media = {"BACKEND": "inbox.media.bucket.Bucket", "OPTIONS": options}
        settings.STORAGES = settings.STORAGES | {"media": media}
        yield s3


@pytest.fixture
def film(s3, dm_thread):
    return make_held(make_message(dm_thread), FILM, "video")


def test_a_file_is_an_object_under_its_random_name(s3, film):
    assert s3.objects == {f"/pictures/{film.whole.name}": FILM}
    assert s3.callers == {"OURKEY"}


def test_a_part_is_read_without_the_rest(film):
    assert b"".join(part(film.whole, 10, 20)) == FILM[10:30]


def test_a_page_gives_it_out_as_it_does_from_a_folder(client, sign_in, ana, zoe, film):
    address = reverse("inbox:media", args=[film.whole.key])
    response = sign_in(client, ana).get(address, headers={"Range": "bytes=5-"})
    assert (response.status_code, b"".join(response)) == (206, FILM[5:])
    assert sign_in(client, zoe).get(address).status_code == 404


def test_an_object_that_is_missing_is_a_404(client, sign_in, ana, s3, film):
    s3.objects.clear()
    address = reverse("inbox:media", args=[film.whole.key])
    assert sign_in(client, ana).get(address).status_code == 404


def test_what_nothing_shows_any_more_is_deleted(s3, dm_thread):
    make_held(make_message(dm_thread), picture()).message.delete()
    assert len(s3.objects) == 2
    assert delete_left_behind() == 2
    assert not s3.objects


def test_a_file_without_a_byte_is_read(s3, dm_thread):
    empty = make_held(make_message(dm_thread), b"", "other")
    assert b"".join(part(empty.whole, 0, 0)) == b""


def test_rows_and_objects_are_compared(s3, film):
    s3.objects["/pictures/ab/abcd"] = b"of nobody"
    s3.objects.pop(f"/pictures/{film.whole.name}")
    assert check() == Checked(wanted=1, deleted=1)
    assert not s3.objects
