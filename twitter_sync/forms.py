"""The forms of the pages of handles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.actions.brands import SETTINGS
from accounts.forms import NameField, RoleForm, ZoneSelect, new_email, time_zones
from accounts.models import BrandAccount, User
from twitter_sync.billing import Kind
from twitter_sync.costs import Tag

MOST_UNDO_SECONDS = 60
MOST_JOIN_HOURS = 30 * 24
MOST_REOPEN_DAYS = 365
MOST_DMS_A_DAY = 50
# Settings that are typed as lines.
LISTS = ("keywords", "public_details", "marketing_phrases", "link_hosts")
HOST = re.compile(r"(?:[\w-]{1,63}\.){1,8}\w{2,63}")
MOST_KEYWORDS, LONGEST_KEYWORD = 50, 80


class ConnectForm(forms.Form):
    """Starts a consent at X: for a new handle, or for the `brand` to connect again."""

    brand = forms.ModelChoiceField(
        BrandAccount.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brands = BrandAccount.objects.administered_by(by)
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]


def switch(label: str, help_text: str) -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


def amount(label: str, help_text: str, *, least: int, most: int, unit: str) -> forms.IntegerField:
    """A whole number; out of bounds is refused by naming both bounds and the unit."""
    bounds = f"Give a whole number from {least} to {most:,} ({unit})."
    told = dict.fromkeys(("required", "invalid", "min_value", "max_value"), bounds)
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=least, max_value=most, error_messages=told
    )


class SettingsForm(forms.Form):
    """Every field is a column of the handle with the same name."""

    greeting_name = NameField(
        label="Name of the team",
        max_length=100,
        required=False,
        help_text="“Greet” in the composer writes: Hi Carla, Ana from … here. Without one, the "
        "handle’s name on X is used.",
    )
    time_zone = forms.ChoiceField(
        choices=time_zones,
        widget=ZoneSelect,
        help_text="The clock that people invited to this handle begin with. Everybody can choose "
        "their own later, and sees all times on it.",
    )
    claims_on_reply = switch(
        "Answering claims a conversation",
        "Whoever answers a conversation that nobody has becomes its assignee.",
    )
    joins_threads = switch(
        "A private message joins the public conversation",
        "Somebody complains in public and then writes privately: both are one conversation with "
        "two ways to answer, and the other way round. Off, each begins one of its own.",
    )
    join_hours = amount(
        "Joins within, in hours",
        "Only if something was said in the other one within this time, and only if it is the one "
        "conversation with this person that it could be.",
        least=1,
        most=MOST_JOIN_HOURS,
        unit="hours",
    )
    reopen_days = amount(
        "Comes back within, in days",
        "A new message opens a resolved conversation again for so long. After that it begins a "
        "new one, linked to the old.",
        least=0,
        most=MOST_REOPEN_DAYS,
        unit="days",
    )
    takes_quotes = switch(
        "Posts that quote this handle are conversations too",
        "X tells Handled of quotes only while this is on.",
    )
    takes_connected_handles = switch(
        "Posts of your other handles may begin conversations",
        "Off, what one connected handle says to another stays out of the desk.",
    )
    keywords = forms.CharField(
        label="Look for these words, too",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="One word, phrase or #tag a line. X tells Handled of public posts with one of "
        "them that don’t name this handle, and bills each. The newest are shown below and go after "
        "a day. Posts that name the handle come in anyway.",
    )
    opens_keywords = switch(
        "Posts with these words begin conversations",
        "Each is then under “Needs an answer”, though it asked nobody. X lets you answer in public "
        "only where its author named, quoted or answered you, unless your plan with X says "
        "otherwise.",
    )
    answers_anyone = switch(
        "X lets this handle answer anybody",
        "Most plans with X let you answer in public only posts that name, quote or answer the "
        "handle, and the composer says so. Turn this on if yours lets you answer all.",
    )
    answers_public_first = switch(
        "A public complaint is answered in public first",
        "A private message is stopped while somebody who asked in public has no public answer. An "
        "invitation is one. Agents can send it with a reason.",
    )
    stops_leaks = switch(
        "Nothing personal in public",
        "A public reply with an e-mail address, a phone, card or bank number or a postal address, "
        "or with digits or words that the customer only wrote privately, is stopped. A manager can "
        "send it with a reason.",
    )
    public_details = forms.CharField(
        label="What may be said in public",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Your own e-mail addresses, phone numbers and the like, one a line.",
    )
    marketing_phrases = forms.CharField(
        label="Phrases that sell",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line. Private messages with one of them, with the code of a coupon or a "
        "plain offer (“save 20 %”) are stopped where the person has not written for a day.",
    )
    link_hosts = forms.CharField(
        label="Places that private messages may link to",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Such as acme.com, one a line; what is below them counts, too. All other "
        "links are stopped where the person has not written for a day; without a line, every link.",
    )
    dm_daily_cap = amount(
        "Private messages without an answer",
        "So many a day at most go to a person who has not written for a day.",
        least=1,
        most=MOST_DMS_A_DAY,
        unit="messages",
    )
    public_undo_seconds = amount(
        "Public replies wait, in seconds",
        "So long an agent can take a reply back before anybody sees it. 0 sends at once.",
        least=0,
        most=MOST_UNDO_SECONDS,
        unit="seconds",
    )
    dm_undo_seconds = amount(
        "Private replies wait, in seconds",
        "The same for private messages, where most teams want no delay.",
        least=0,
        most=MOST_UNDO_SECONDS,
        unit="seconds",
    )

    def __init__(self, data: QueryDict | None = None, *, brand: BrandAccount) -> None:
        initial = {name: getattr(brand, name) for name in SETTINGS}
        lists = {name: "\n".join(initial[name]) for name in LISTS}
        super().__init__(data, initial=initial | lists)

    def clean_public_details(self) -> list[str]:
        return lines_of(self.cleaned_data["public_details"])

    def clean_marketing_phrases(self) -> list[str]:
        return lines_of(self.cleaned_data["marketing_phrases"])

    def clean_link_hosts(self) -> list[str]:
        hosts = lines_of(self.cleaned_data["link_hosts"].lower())
        for host in hosts:
            if not HOST.fullmatch(host):
                raise ValidationError(f"“{host[:60]}” is no place such as acme.com.")
        return hosts

    def clean_keywords(self) -> list[str]:
        keywords = lines_of(self.cleaned_data["keywords"])
        if len(keywords) > MOST_KEYWORDS:
            raise ValidationError(f"Give at most {MOST_KEYWORDS} words and phrases.")
        for keyword in keywords:
            if flaw := flaw_of(keyword):
                raise ValidationError(f"“{keyword[:60]}”: {flaw}")
        return keywords


def lines_of(typed: str) -> list[str]:
    """Each line once, in its order, without what nobody sees."""
    lines = [" ".join(line.split()) for line in typed.splitlines()]
    return list(dict.fromkeys(line for line in lines if line))


def flaw_of(keyword: str) -> str:
    """Why X would not look for it, or for too much; "" when it would."""
    if keyword.startswith("@"):
        return "posts that name somebody come in by themselves. Leave the @ out to look for a word."
    if '"' in keyword:
        return "leave the quotation marks out; a line is looked for as it stands."
    if len(keyword) > LONGEST_KEYWORD:
        return f"a line has at most {LONGEST_KEYWORD} characters."
    if sum(letter.isalnum() for letter in keyword) < 2 and keyword.isascii():
        return "give at least two letters or digits."
    return ""


def dollars(label: str, *, places: int, least: str, most: int, **more: Any) -> forms.DecimalField:
    bounds = f"Give dollars from {least} to {most:,}, with at most {places} places."
    names = ("required", "invalid", "min_value", "max_value", "max_decimal_places", "max_digits")
    return forms.DecimalField(
        label=label,
        min_value=Decimal(least),
        max_value=most,
        decimal_places=places,
        error_messages=dict.fromkeys(names, bounds),
        **more,
    )


class PricesForm(forms.Form):
    """The cap, then a field for each kind that X bills, by its name."""

    def __init__(
        self, data: QueryDict | None = None, *, tags: Mapping[Kind, Tag], cap_usd: Decimal | None
    ) -> None:
        prices = {kind.value: tag.usd.normalize() for kind, tag in tags.items()}
        super().__init__(data, initial={"cap_usd": cap_usd, **prices})
        self.fields["cap_usd"] = dollars(
            "At most a month, in dollars",
            places=2,
            least="1",
            most=10_000_000,
            required=False,
            help_text="Near it Handled asks X for news less often; at it, not at all until the "
            "next month. What X pushes still comes in and is billed, and replies always go out. "
            "Empty: no limit. Set one at X as well.",
        )
        for kind in Kind:
            self.fields[kind.value] = dollars(kind.label, places=4, least="0", most=1_000)

    @property
    def price_fields(self) -> list[forms.BoundField]:
        return [self[kind.value] for kind in Kind]

    @property
    def prices(self) -> dict[Kind, Decimal]:
        """Only of a valid form."""
        return {kind: self.cleaned_data[kind.value] for kind in Kind}


class ColleagueForm(RoleForm):
    """Somebody who works on another handle of the reader's, and a role on this one."""

    field_order = ("person", "role")

    def __init__(self, data: QueryDict | None = None, *, people: QuerySet[User]) -> None:
        super().__init__(data, auto_id="add_%s")
        self.fields["person"] = forms.ModelChoiceField(people, empty_label=None)
        self.order_fields(self.field_order)


class InvitationForm(RoleForm):
    email = new_email()
    name = NameField(max_length=100, help_text="They can change it later.")
    field_order = ("email", "name", "role")


class EraseForm(forms.Form):
    """The handle, typed by hand: nobody erases by a slip."""

    typed = forms.CharField(
        label="Type the handle to confirm",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict | None = None, *, brand: BrandAccount) -> None:
        super().__init__(data)
        self.brand = brand

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip().removeprefix("@").casefold() != self.brand.handle.casefold():
            raise ValidationError(f"That is not {self.brand}. Nothing was erased.")
        return typed
