"""The forms of core."""

from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.forms import formset_factory

from core.adapters import let_in_or_shut
from core.models import Entity, Role, RoleAssignment, User
from core.services.lockout import forgive

NEW_PASSWORD = forms.PasswordInput(attrs={"autocomplete": "new-password"})
CHOOSING = "At least 8 characters, not only digits, and not a password that everybody knows."


class SignInForm(LoginForm):  # type: ignore[misc]
    """An e-mail address and a password. One sentence for every failure, so that it tells nobody who has an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail"
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autofocus": False}
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}
        self.fields["password"].help_text = ""


class SecondFactorForm(AuthenticateForm):  # type: ignore[misc]
    """A code of the authenticator app, or a recovery code. Failures count against the account as wrong passwords do."""

    def clean_code(self) -> str:
        """Count first, look then."""
        let_in_or_shut(email=self.user.email, address="")
        code = str(super().clean_code())
        forgive(email=self.user.email)
        return code


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey: one that signs in by itself, unless its owner wants it as a second factor only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "Such as the device it lives on. It tells your passkeys apart."
        self.fields["passwordless"].label = "Sign in with it alone"
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = "The device asks for its PIN, your finger or your face. Off: after a password."


class ProfileForm(forms.ModelForm[User]):
    """What a person says about themselves."""

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def clean_time_zone(self) -> str:
        """Take a zone that exists, or none."""
        zone: str = self.cleaned_data["time_zone"].strip()
        if zone and zone not in available_timezones():
            raise forms.ValidationError("There is no such time zone. Use a name such as Europe/Amsterdam.")
        return zone


class InviteForm(forms.Form):
    """Whom to invite."""

    email = forms.EmailField(label="E-mail")
    name = forms.CharField(max_length=200)
    title = forms.CharField(max_length=200, required=False)


class InvitedRoleForm(forms.Form):
    """A role that the person will hold, and where."""

    role = forms.ModelChoiceField(queryset=Role.objects.none(), required=False)
    entity = forms.ModelChoiceField(queryset=Entity.objects.none(), required=False, label="Organization")
    cost_centre = forms.ModelChoiceField(
        queryset=Role.objects.none(), required=False, label="Cost centre", empty_label="The whole organization"
    )

    def __init__(self, *args: Any, entities: list[Entity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("role", Role.objects.all())
        self._offer("entity", Entity.objects.filter(pk__in=[entity.pk for entity in entities]))
        centres = RoleAssignment._meta.get_field("cost_centre").related_model
        self._offer("cost_centre", centres._default_manager.filter(entity__in=entities))
        if len(entities) == 1:
            self.fields["entity"].initial = entities[0]

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        """Want an organization with each role, and a cost centre of that organization."""
        data = super().clean() or {}
        if data.get("role") and not data.get("entity"):
            self.add_error("entity", "Say in which organization.")
        centre, entity = data.get("cost_centre"), data.get("entity")
        if centre and entity and centre.entity_id != entity.pk:
            self.add_error("cost_centre", f"Choose one of {entity}.")
        return data


class GiveRoleForm(InvitedRoleForm):
    """A role for a person who is here, where, and up to what amount."""

    person = forms.ModelChoiceField(queryset=User.objects.none(), empty_label="Choose")
    limit = forms.DecimalField(
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        label="Up to",
        help_text="What the person decides on or commits at once, in the organization's currency. Blank: no limit.",
    )
    field_order = ("person", "role", "entity", "cost_centre", "limit")

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("person", people)
        for name in ("role", "entity"):
            self.fields[name].required = True


InvitedRoles = formset_factory(InvitedRoleForm, extra=3, max_num=3, absolute_max=3)


class _NewPassword(forms.Form):
    """A name and a new password that holds to the rules of the house."""

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(strip=False, widget=NEW_PASSWORD, help_text=CHOOSING)

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_email = email

    def clean(self) -> dict[str, Any]:
        """Hold the password to the rules, as this person's."""
        data = super().clean() or {}
        if data.get("password"):
            person = User(email=data.get("email") or self.known_email, name=data.get("name", ""))
            try:
                validate_password(data["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class AcceptForm(_NewPassword):
    """Accepting an invitation: a password now, or a passkey on the next page."""

    password = forms.CharField(strip=False, required=False, widget=NEW_PASSWORD, help_text=CHOOSING)

    def clean(self) -> dict[str, Any]:
        """Want a password, unless a passkey comes next."""
        data = super().clean()
        if not data.get("password") and "password" not in self.errors and "passkey" not in self.data:
            self.add_error("password", "Choose a password, or go on with a passkey.")
        return data


class FirstAdministratorForm(_NewPassword):
    """Who the first administrator is."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    field_order = ("name", "email", "password")


class ActForm(forms.Form):
    """Why an administrator wants to see Purser as somebody else does."""

    reason = forms.CharField(max_length=500, help_text="The person reads this, and it stays in the audit trail.")
