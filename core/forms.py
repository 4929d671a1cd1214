"""The forms of core."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest

from core.models import User


class SignInForm(forms.Form):
    """An e-mail address and a password. One sentence for every failure, so that it tells nobody who has an account."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Check the password; the address is compared without regard to case."""
        data = super().clean() or {}
        if not (data.get("email") and data.get("password")):
            return data
        known = User.objects.filter(email__iexact=data["email"]).first()
        email = known.email if known else data["email"]
        self.user = authenticate(self.request, username=email, password=data["password"])
        if self.user is None:
            raise forms.ValidationError(
                "No active account has this e-mail address and password. Check both, or ask an administrator for a new password."
            )
        return data
