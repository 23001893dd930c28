"""What the desk's forms hold, checked and turned into values. They never save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import BigIntegerField
from django.utils import timezone

from accounts import clock
from inbox.actions.saved_replies import SavedReplyRefused, check
from inbox.guards.candidate import Despite
from inbox.models import Conversation, SavedReply
from inbox.models.enclosure import LONGEST_ALT_TEXT
from inbox.text.plain import writable

MORNING = 9
LONGEST_REASON = 300
DESPITE, TOLD = "despite_", "told_"


@dataclass(frozen=True, slots=True)
class SnoozeChoice:
    name: str
    label: str
    until: datetime


def in_hours(hours: int) -> Callable[[datetime], datetime]:
    return lambda now: now + timedelta(hours=hours)


def morning_in(days: int) -> Callable[[datetime], datetime]:
    return lambda now: (now + timedelta(days=days)).replace(
        hour=MORNING, minute=0, second=0, microsecond=0
    )


def next_monday(now: datetime) -> datetime:
    return morning_in(7 - now.weekday())(now)


SNOOZES: dict[str, tuple[str, Callable[[datetime], datetime]]] = {
    "1h": ("One hour", in_hours(1)),
    "3h": ("Three hours", in_hours(3)),
    "tomorrow": ("Tomorrow morning", morning_in(1)),
    "monday": ("Monday morning", next_monday),
}


def snooze_choices() -> list[SnoozeChoice]:
    """The moments offered, on the clock of the person who is signed in."""
    now = timezone.localtime(clock.now())
    return [SnoozeChoice(name, label, until(now)) for name, (label, until) in SNOOZES.items()]


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=Conversation.Status.choices)
    version = forms.IntegerField(min_value=1, required=False)
    snooze = forms.ChoiceField(choices=[(name, name) for name in SNOOZES], required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("status") == Conversation.Status.SNOOZED and not values.get("snooze"):
            self.add_error("snooze", "Choose until when to snooze.")
        return values

    def snoozed_until(self) -> datetime:
        _, until = SNOOZES[self.cleaned_data["snooze"]]
        return until(timezone.localtime(clock.now()))


class Wanted(forms.TypedChoiceField):
    """yes or no, said; a form that says neither is refused."""

    def __init__(self) -> None:
        super().__init__(choices=[("yes", "Yes"), ("no", "No")], coerce=lambda said: said == "yes")


class SpamForm(forms.Form):
    spam = Wanted()
    version = forms.IntegerField(min_value=1, required=False)


class BlockForm(forms.Form):
    blocked = Wanted()


class HidingForm(forms.Form):
    hidden = Wanted()


class MergeForm(forms.Form):
    """`into` is the number of the conversation that stays."""

    into = forms.IntegerField(min_value=1)


class LinkForm(forms.Form):
    """`other` is the number of a conversation, with or without its #."""

    other = forms.RegexField(r"^#?\d{1,18}$")

    def clean_other(self) -> int:
        return int(self.cleaned_data["other"].removeprefix("#"))


class AssignmentForm(forms.Form):
    """Without `assignee` it is a claim. `held_by` is who had it when the manager looked."""

    assignee = forms.IntegerField(required=False)
    held_by = forms.IntegerField(required=False)


class Reason(forms.CharField):
    """Why a guard's word is not heeded; empty where it is."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=LONGEST_REASON)


class Told(forms.CharField):
    """Of which words the guard had said it, as its answer told."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=64)


class OverrulingForm(forms.Form):
    """The fields `despite_…` and `told_…` are for the guard of that name (`inbox.guards`)."""

    despite_news = Reason()
    despite_gate, told_gate = Reason(), Told()
    despite_leak, told_leak = Reason(), Told()
    despite_public_first, told_public_first = Reason(), Told()
    despite_same, told_same = Reason(), Told()
    despite_unasked, told_unasked = Reason(), Told()
    despite_unwanted, told_unwanted = Reason(), Told()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        reasons = [name for name in values if name.startswith(DESPITE)]
        values["despite"] = {
            guard: Despite(values.pop(DESPITE + guard), values.pop(TOLD + guard, ""))
            for guard in (name.removeprefix(DESPITE) for name in reasons)
        }
        return values


class DraftVersionForm(forms.Form):
    """`since` is the version of the draft that these words take the place of, `unheard` what the
    page sent before and had no answer to."""

    since = forms.IntegerField(required=False, min_value=0, max_value=BigIntegerField.MAX_BIGINT)
    unheard = forms.CharField(required=False, strip=False)

    def clean_since(self) -> int:
        return self.cleaned_data["since"] or 0


class Several(forms.Field):
    """A field that is in the form any number of times; a list, each value cleaned as `one` does."""

    widget = forms.SelectMultiple

    def __init__(self, one: forms.Field) -> None:
        super().__init__(required=False)
        self.one = one

    def clean(self, value: Any) -> list[Any]:
        return [self.one.clean(each) for each in value or []]


class ReplyForm(OverrulingForm, DraftVersionForm):
    """`purpose` is what a public answer is besides an answer: the invitation to write in private,
    or the closing of what began in public. For each `enclosure`, a file's id, there is an
    `alt_text` in the same order. `posts` is how many posts whoever sends it was shown,
    `saved_reply` the key of the one that they began with.
    """

    INVITATION, CLOSING = "invitation", "closing"

    purpose = forms.ChoiceField(
        choices=[(name, name) for name in (INVITATION, CLOSING)], required=False
    )
    enclosure = Several(forms.IntegerField(min_value=1))
    alt_text = Several(forms.CharField(required=False, max_length=LONGEST_ALT_TEXT, strip=False))
    text = forms.CharField(required=False, strip=False)
    client_key = forms.UUIDField()
    answering = forms.CharField(required=False, max_length=60)
    seen_through = forms.IntegerField(required=False)
    posts = forms.IntegerField(min_value=1, required=False)
    saved_reply = forms.IntegerField(required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        files, alt_texts = values.pop("enclosure", []), values.pop("alt_text", [])
        if len(files) != len(alt_texts):
            self.add_error(None, "Every file has a description, be it empty.")
        values["enclosed"] = dict(zip(files, alt_texts, strict=False))
        values["posts"] = values.get("posts") or 1
        return values


class AltTextForm(forms.Form):
    alt_text = forms.CharField(required=False, max_length=LONGEST_ALT_TEXT, strip=False)


class ChainForm(forms.Form):
    """What is typed, and what it is to be besides an answer (`ReplyForm`)."""

    text = forms.CharField(required=False, strip=False)
    purpose = ReplyForm.declared_fields["purpose"]


class RewordingForm(OverrulingForm):
    text = forms.CharField(required=False, strip=False)


class ShortcutField(forms.RegexField):
    """With or without the / that agents type before it."""

    def __init__(self) -> None:
        super().__init__(
            r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
            max_length=30,
            help_text="What agents find it by, such as late or refund-how.",
            error_messages={
                "required": "Give it a shortcut.",
                "invalid": "Use letters a to z, digits, - and _ alone, and begin with a letter or "
                "digit.",
            },
            widget=forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            ),
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).removeprefix("/")


class SavedReplyForm(forms.Form):
    shortcut = ShortcutField()
    text = forms.CharField(
        label="Words",
        strip=False,
        error_messages={"required": "Write what it says."},
        help_text="Put where the cursor is, as they stand; agents change them before they send. "
        "“Greet” writes the customer’s name.",
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto", "spellcheck": "true"}),
    )
    kind = forms.ChoiceField(
        label="Offered for",
        choices=[
            (SavedReply.Kind.ANY, "Private messages and public replies"),
            (SavedReply.Kind.DM, "Private messages"),
            (SavedReply.Kind.PUBLIC, "Public replies, so it has to fit a post"),
        ],
        initial=SavedReply.Kind.ANY,
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        """So that all that is wrong is said at once, a bad shortcut besides bad words."""
        values = super().clean() or {}
        if "text" in values and "kind" in values:
            try:
                check(writable(values["text"]), values["kind"])
            except SavedReplyRefused as refusal:
                self.add_error(refusal.field, str(refusal))
        return values


class SavedReplyChangeForm(SavedReplyForm):
    """`seen_at` is when what was looked at was written."""

    seen_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class SavedReplyRemovalForm(forms.Form):
    seen_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class DraftForm(DraftVersionForm):
    """`mode` is the part of the composer that it is typed into: a reply path's key, or note."""

    mode = forms.RegexField(r"^(note|public|dm(-\d{1,8})?)$", max_length=12)
    text = forms.CharField(required=False, strip=False)
    client_key = forms.UUIDField()
    answering = forms.CharField(required=False, max_length=60)
    seen_through = forms.IntegerField(
        required=False, min_value=0, max_value=BigIntegerField.MAX_BIGINT
    )


class NoteForm(DraftVersionForm):
    text = forms.CharField(required=False, strip=False)
    client_key = forms.UUIDField()
