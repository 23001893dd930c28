"""Files that go with a reply: chosen, sent, taken out of it again: `inbox.actions.enclosing`."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from inbox.actions import enclosing
from inbox.actions.replies import Said, reply
from inbox.actions.rewording import reword
from inbox.models import Attachment, Enclosure, Message
from inbox.text.chain import parts_of
from tests.factories import make_conversation, make_enclosure, make_message, make_thread

pytestmark = pytest.mark.usefixtures("media_folder")


def answer_with(desk, thread, files: list[Enclosure], text: str = "Here it is", **more):
    form = {
        "text": text,
        "client_key": str(uuid4()),
        "enclosure": [file.pk for file in files],
        "alt_text": ["A parcel"] * len(files),
    }
    return desk.post(reverse("inbox:replies", args=[thread.pk]), form | more)


def test_the_reply_takes_them_along(desk, ana, public_thread):
    make_message(public_thread)
    files = [make_enclosure(public_thread, ana, name=f"{number}.png") for number in range(2)]
    keys = [file.whole.key for file in files]
    assert answer_with(desk, public_thread, files, text="").status_code == 200
    message = Message.objects.get(direction="out")
    attached = list(message.attachments.all())
    assert [one.name for one in attached] == ["0.png", "1.png"]
    assert [one.whole.key for one in attached] == keys
    assert {(one.alt_text, one.upload) for one in attached} == {("A parcel", "waiting")}
    assert not Enclosure.objects.exists()
    assert desk.get(reverse("inbox:media", args=[keys[0]])).status_code == 200


def test_described_while_the_reply_is_sent_it_says_what_the_reply_said(
    desk, ana, dm_thread, question, monkeypatch
):
    chosen = make_enclosure(dm_thread, ana)
    described = enclosing.described

    def sent_meanwhile(alt_text: str) -> str:
        monkeypatch.undo()
        assert answer_with(desk, dm_thread, [chosen]).status_code == 200
        return described(alt_text)

    monkeypatch.setattr(enclosing, "described", sent_meanwhile)
    address = reverse("inbox:enclosure", args=[chosen.pk])
    answer = desk.post(address, {"alt_text": "Too late"})
    assert (answer.status_code, "not here any more" in answer.content.decode()) == (404, True)
    assert Attachment.objects.get().alt_text == "A parcel"


def test_the_same_reply_again_takes_nothing_more(desk, ana, dm_thread, question):
    key, files = str(uuid4()), [make_enclosure(dm_thread, ana)]
    for _ in range(2):
        assert answer_with(desk, dm_thread, files, client_key=key).status_code == 200
    assert Message.objects.get(direction="out").attachments.count() == 1


def test_a_file_that_is_gone_is_said_to_be(desk, ana, dm_thread, question):
    chosen = make_enclosure(dm_thread, ana)
    kept = Enclosure(pk=chosen.pk)
    chosen.delete()
    answer = answer_with(desk, dm_thread, [kept])
    assert answer.status_code == 422
    assert "Attach it again" in answer.content.decode()
    assert not Message.objects.filter(direction="out").exists()


def test_nobody_sends_what_is_anothers_or_of_another_conversation(
    desk, acme, ana, ben, dm_thread, question
):
    elsewhere = make_thread(make_conversation(acme))
    for foreign in (make_enclosure(dm_thread, ben), make_enclosure(elsewhere, ana)):
        assert answer_with(desk, dm_thread, [foreign]).status_code == 422
    assert Enclosure.objects.count() == 2


def test_what_x_would_not_take_together_is_refused_with_the_words_kept(desk, ana, dm_thread):
    make_message(dm_thread)
    files = [make_enclosure(dm_thread, ana)]
    Enclosure.objects.update(thread=make_thread(dm_thread.conversation, "dm", "other"))
    files.append(make_enclosure(dm_thread, ana))
    answer = answer_with(desk, dm_thread, files)
    assert answer.status_code == 422
    assert "one file in a private message" in answer.content.decode()
    assert Enclosure.objects.count() == 2


def test_every_file_comes_with_a_description_be_it_empty(desk, ana, dm_thread, question):
    answer = answer_with(desk, dm_thread, [make_enclosure(dm_thread, ana)], alt_text=[])
    assert answer.status_code == 422


def test_a_description_gives_nobody_away(desk, acme, ana, public_thread):
    make_message(public_thread)
    chosen = make_enclosure(public_thread, ana)
    told = ["The label says carla@example.org"]
    answer = answer_with(desk, public_thread, [chosen], alt_text=told)
    assert answer.status_code == 409
    assert "carla@example.org" in answer.content.decode()
    assert Enclosure.objects.filter(pk=chosen.pk).exists()


def test_two_pictures_without_words_are_not_the_same_words(desk, ana, public_thread):
    make_message(public_thread)
    for _ in range(2):
        files = [make_enclosure(public_thread, ana)]
        assert answer_with(desk, public_thread, files, text="").status_code == 200


def test_undone_they_are_back_in_the_composer(desk, acme, ana, public_thread):
    acme.public_undo_seconds = 8
    acme.save()
    make_message(public_thread)
    answer_with(desk, public_thread, [make_enclosure(public_thread, ana)])
    message = Message.objects.get(direction="out")
    assert desk.post(reverse("inbox:message-cancel", args=[message.pk])).status_code == 200
    back = Enclosure.objects.get()
    assert (back.author, back.alt_text, back.name) == (ana, "A parcel", "parcel.png")
    assert back.whole is not None


def test_what_x_refused_goes_back_to_be_changed(desk, ana, dm_thread, question):
    answer_with(desk, dm_thread, [make_enclosure(dm_thread, ana)], text="")
    message = Message.objects.get(direction="out")
    mine = Message.objects.filter(pk=message.pk)
    mine.update(state="failed", failure="X could not read this file.")
    assert "Edit and send again" in page_of(desk, dm_thread)
    edited = desk.post(
        reverse("inbox:message-cancel", args=[message.pk]),
        {"edit": "yes"},
        headers={"HX-Request": "true"},
    )
    assert edited.status_code == 200
    assert "takenback" in edited["HX-Trigger"]
    assert "Remove parcel.png" in edited.content.decode()
    assert "Files alone; they were taken out." in edited.content.decode()


def test_what_is_given_up_keeps_them_in_the_thread(desk, ana, dm_thread, question):
    answer_with(desk, dm_thread, [make_enclosure(dm_thread, ana)])
    message = Message.objects.get(direction="out")
    Message.objects.filter(pk=message.pk).update(state="failed")
    desk.post(reverse("inbox:message-cancel", args=[message.pk]))
    assert message.attachments.count() == 1
    assert not Enclosure.objects.exists()


def page_of(desk, thread) -> str:
    address = reverse("inbox:conversation-detail", args=[thread.conversation_id])
    page: str = desk.get(address, headers={"HX-Request": "true"}).content.decode()
    return page


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"upload": "waiting"}, "Uploading parcel.png next"),
        ({"upload": "under_way", "upload_percent": 40}, "Uploading parcel.png, "),
        ({"upload": "worked_on"}, "X is processing parcel.png"),
        ({"upload": "waiting", "reason": "X's limit is used up."}, "Its file waits: X&#39;s limit"),
    ],
)
def test_the_thread_says_how_far_x_is_with_them(desk, ana, dm_thread, question, facts, said):
    answer_with(desk, dm_thread, [make_enclosure(dm_thread, ana)])
    Attachment.objects.update(**facts)
    assert said in page_of(desk, dm_thread)


def test_of_a_chain_the_first_post_takes_them(ana, public_thread):
    make_message(public_thread)
    text = "We are sorry for what happened to your parcel on its way. " * 8
    chosen = make_enclosure(public_thread, ana)
    first = reply(
        public_thread,
        Said(text, uuid4(), posts=len(parts_of(text.strip())), enclosed={chosen.pk: ""}),
        by=ana,
    )
    assert first.attachments.count() == 1
    assert Attachment.objects.count() == 1


def test_reworded_it_keeps_them_and_needs_no_words(ana, dm_thread, question):
    chosen = make_enclosure(dm_thread, ana)
    message = reply(dm_thread, Said("Hello", uuid4(), enclosed={chosen.pk: "A parcel"}), by=ana)
    reword(message, by=ana, text="")
    assert message.attachments.count() == 1
    assert Message.objects.get(pk=message.pk).text == ""
