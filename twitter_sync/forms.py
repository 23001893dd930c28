"""The forms of the pages of handles."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import BrandAccount, User


class ConnectForm(forms.Form):
    """Starts a consent at X: for a new handle, or for the `brand` to connect again."""

    brand = forms.ModelChoiceField(
        BrandAccount.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brands = BrandAccount.objects.administered_by(by)
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]
