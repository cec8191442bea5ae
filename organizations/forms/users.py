"""Creating a person, the site role, and the organizations of a person."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from organizations.choices import SiteRole
from organizations.models import Organization, User
from organizations.policies import roles_to_give
from organizations.text import validate_line
from organizations.ways_in import has_built_in

ROLE_WORDS = {
    SiteRole.MEMBER: "Member: may use what the organizations allow",
    SiteRole.AUDITOR: "Auditor: also sees the providers, and changes nothing",
    SiteRole.MANAGER: "Site manager: runs this deployment",
}
WITHOUT_BUILT_IN = (
    "It says how to sign in with single sign-on. Otherwise you get a temporary password, which is not taken while "
    "built-in sign-in is switched off."
)


def _organizations() -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        queryset=Organization.objects.order_by(Lower("name")),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _offer_roles(field: forms.Field, person: User) -> None:
    field.choices = [(role, ROLE_WORDS[role]) for role in roles_to_give(person)]  # type: ignore[attr-defined]


class UserForm(forms.Form):
    """`person` creates the account, and offers the roles that may be given."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="The person signs in with it.",
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    name = forms.CharField(
        max_length=150,
        required=False,
        validators=[validate_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    site_role = forms.ChoiceField(widget=forms.RadioSelect, initial=SiteRole.MEMBER)
    organizations = _organizations()
    invite = forms.BooleanField(
        label="Send an invitation by e-mail",
        required=False,
        help_text="It has a link to choose a password. Otherwise you get a temporary password to hand over.",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        by_default = {"organizations": Organization.objects.filter(is_default=True), "invite": settings.SENDS_MAIL}
        kwargs.setdefault("initial", by_default)
        super().__init__(*args, **kwargs)
        _offer_roles(self.fields["site_role"], person)
        if not has_built_in():
            self.fields["invite"].help_text = WITHOUT_BUILT_IN

    def clean_invite(self) -> bool:
        if self.cleaned_data["invite"] and not settings.SENDS_MAIL:
            raise ValidationError("This deployment sends no mail: leave it out.")
        return bool(self.cleaned_data["invite"])


class SiteRoleForm(forms.Form):
    site_role = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, *args: Any, person: User, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": {"site_role": user.site_role}})
        _offer_roles(self.fields["site_role"], person)


class UserOrganizationsForm(forms.Form):
    organizations = _organizations()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": {"organizations": user.organizations.all()}})
