"""What people may type on the pages of accounts. Forms check, actions write."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import BrandAccount, Role, User

# Embeddings, overrides and isolates: they make one name look like another.
BIDI_CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
PASSWORD_HELP = "At least 10 characters. A few words you remember are better than odd signs."  # noqa: S105


@cache
def time_zones() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """UTC, then regions with their cities, as grouped choices."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(available_timezones()):
        region, _, city = zone.partition("/")
        if city and region not in {"Etc", "SystemV", "US", "posix", "right"}:
            regions.setdefault(region, []).append((zone, city.replace("_", " ")))
    return [("UTC", "UTC"), *regions.items()]


class ZoneSelect(forms.Select):
    """Drawn in one go: Django draws each option with a template, 100 ms for the world's zones."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        groups = format_html_join(
            "",
            "{}",
            ((self.drawn(label, zones, value),) for label, zones in time_zones()),
        )
        every = flatatt({**self.build_attrs(self.attrs, attrs), "name": name})
        return format_html("<select{}>{}</select>", every, groups)

    def drawn(self, label: str, zones: str | list[tuple[str, str]], value: Any) -> SafeString:
        if isinstance(zones, str):
            return self.option(label, zones, value)
        options = format_html_join("", "{}", ((self.option(z, c, value),) for z, c in zones))
        return format_html('<optgroup label="{}">{}</optgroup>', label, options)

    def option(self, zone: str, label: str, value: Any) -> SafeString:
        chosen = SafeString(" selected") if zone == value else ""
        return format_html('<option value="{}"{}>{}</option>', zone, chosen, label)


class NameField(forms.CharField):
    """One line, single spaces, nothing that disguises it."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        plain = (c for c in text if c not in BIDI_CONTROLS)
        words = "".join(" " if unicodedata.category(c) == "Cc" else c for c in plain).split()
        return " ".join(words)


class EmailField(forms.EmailField):
    """Addresses are compared in lower case everywhere."""

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


def new_email(autocomplete: str = "off") -> EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": autocomplete, "spellcheck": "false"})
    return EmailField(label="E-mail", max_length=254, widget=widget)


def password_field(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=500, strip=False, widget=widget, help_text=help_text
    )


class SignInForm(forms.Form):
    email = new_email("username")
    password = password_field("Password", "current-password")


class ForgottenForm(forms.Form):
    email = new_email("username")


class NewPasswordForm(forms.Form):
    """A password typed twice, judged against what is known of `person`."""

    password = password_field("New password", "new-password", PASSWORD_HELP)
    again = password_field("New password again", "new-password")

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("again")
        if password and again and password != again:
            self.add_error("again", "This is not the same as the first one.")
        if password:
            self.judge(password)
        return cleaned

    def judge(self, password: str) -> None:
        try:
            password_validation.validate_password(password, self.about())
        except ValidationError as error:
            self.add_error("password", error)

    def about(self) -> User | None:
        """Whose name and address a password must not resemble."""
        return self.person


class ChangePasswordForm(NewPasswordForm):
    current = password_field("Current password", "current-password")
    field_order = ["current", "password", "again"]

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if self.person is None or not self.person.check_password(current):
            raise ValidationError("This is not your current password.")
        return current


class ProfileForm(forms.Form):
    name = NameField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    time_zone = forms.ChoiceField(
        choices=time_zones,
        widget=ZoneSelect,
        help_text="Times on every page are shown on this clock.",
    )


class AcceptForm(ProfileForm, NewPasswordForm):
    field_order = ["name", "password", "again", "time_zone"]


class SetUpForm(AcceptForm):
    email = new_email("username")
    field_order = ["name", "email", "password", "again", "time_zone"]

    def about(self) -> User | None:
        typed = self.cleaned_data
        return User(email=typed.get("email", ""), name=typed.get("name", ""))


def brand_choice(brands: QuerySet[BrandAccount]) -> forms.ModelChoiceField[BrandAccount]:
    return forms.ModelChoiceField(brands, label="Handle", empty_label=None)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class MembershipForm(RoleForm):
    """A role on one of `brands`."""

    def __init__(self, *args: Any, brands: QuerySet[BrandAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["brand"] = brand_choice(brands)
        self.order_fields(["email", "name", "brand", "role"])


class InviteForm(MembershipForm):
    email = new_email()
    name = NameField(max_length=100, help_text="They can change it later.")


class NewTeamForm(forms.Form):
    name = NameField(max_length=60)

    def __init__(self, *args: Any, brands: QuerySet[BrandAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["brand"] = brand_choice(brands)


class PeopleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg] # not at run time
    """Disabled people keep their place, and are named as such."""

    def label_from_instance(self, person: User) -> str:
        return person.name if person.is_active else f"{person.name} (disabled)"


class TeamForm(forms.Form):
    name = NameField(max_length=60)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"] = PeopleField(
            people.order_by("name", "pk"), required=False, widget=forms.CheckboxSelectMultiple
        )
