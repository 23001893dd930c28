"""`./manage.py check_media`: files and rows beside each other, after a restore of one of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from inbox.media.checking import Checked, check
from inbox.media.files import delete_left_behind
from inbox.models import Attachment, MediaFile
from tests.factories import make_held, make_message
from tests.pictures import picture


@pytest.fixture
def message(dm_thread, media_folder):
    return make_message(dm_thread)


def paths(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def test_where_all_is_well_nothing_happens(message, media_folder):
    make_held(message, picture())
    before = paths(media_folder)
    assert check() == Checked()
    assert paths(media_folder) == before


def test_what_is_missing_is_wanted_again(message, media_folder):
    held, whole = make_held(message, picture()), make_held(message, picture())
    (media_folder / held.still.name).unlink()
    assert check() == Checked(wanted=1)
    held.refresh_from_db()
    assert (held.state, held.whole) == (Attachment.State.WANTED, None)
    assert Attachment.objects.get(pk=whole.pk).state == Attachment.State.HELD
    assert delete_left_behind() == 2
    assert len(paths(media_folder)) == 2


def test_a_file_of_which_no_row_knows_goes(message, media_folder):
    held = make_held(message, picture())
    MediaFile.objects.filter(pk=held.still.pk).delete()
    assert check() == Checked(deleted=1)
    assert {path.name for path in paths(media_folder)} == {held.whole.key}


def test_what_is_being_written_is_left_alone(message, media_folder):
    held = make_held(message, picture())
    for path in paths(media_folder):
        path.unlink()
    MediaFile.objects.filter(pk=held.whole.pk).update(written_at=None)
    later = timezone.now() + timedelta(minutes=1)
    MediaFile.objects.filter(pk=held.still.pk).update(written_at=later)
    assert check() == Checked()


def test_it_says_what_it_did(message, media_folder, capsys):
    make_held(message, picture())
    for path in paths(media_folder):
        path.unlink()
    call_command("check_media")
    assert capsys.readouterr().out == "1 are fetched again, 0 files were deleted.\n"
