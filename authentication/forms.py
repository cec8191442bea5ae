"""What the pages of Manage > Admin > Authentication ask for."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models.functions import Lower

from authentication.claims import Rule
from authentication.configuration import CLAIMED_SITE_ROLES, ClaimRule, Configuration
from authentication.discovery import is_acceptable
from authentication.limits import (
    LONGEST_CLIENT_ID,
    LONGEST_ISSUER,
    LONGEST_LABEL,
    LONGEST_SCOPES,
    LONGEST_SECRET,
    LONGEST_VALUE,
    MOST_RULES,
)
from organizations.choices import OrganizationRole
from organizations.models import Organization
from organizations.text import validate_line

EXTRA_RULES = 3
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
visible_ascii = RegexValidator(r"\A[!-~]*\Z", "Only letters, digits and signs of ASCII, without spaces.")
scope_names = RegexValidator(r"\A[!#-\[\]-~]+( [!#-\[\]-~]+)*\Z", "Names with one space between them.")


class OpenIDConnectForm(forms.Form):
    """`stored`: what is to be changed. The secret may stay empty while one is stored."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    issuer = forms.CharField(
        max_length=LONGEST_ISSUER,
        validators=[visible_ascii],
        help_text="Exactly as the provider names it, such as https://login.example.com/realms/staff.",
        widget=forms.TextInput(attrs=PLAIN | {"inputmode": "url"}),
    )
    client_id = forms.CharField(
        label="Client ID", max_length=LONGEST_CLIENT_ID, validators=[visible_ascii], widget=forms.TextInput(attrs=PLAIN)
    )
    client_secret = forms.CharField(
        max_length=LONGEST_SECRET,
        strip=False,
        validators=[visible_ascii],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    scopes = forms.CharField(
        max_length=LONGEST_SCOPES,
        validators=[scope_names],
        help_text="With a space between them. openid and email are needed.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    button_label = forms.CharField(
        max_length=LONGEST_LABEL, validators=[validate_line], help_text="On the sign-in page."
    )
    creates_accounts = forms.BooleanField(
        label="Make an account at the first sign-in",
        required=False,
        help_text="Otherwise only people who have an account here can sign in.",
    )
    groups_claim = forms.CharField(
        label="Claim of groups",
        max_length=LONGEST_VALUE,
        required=False,
        validators=[visible_ascii],
        help_text="Its values give roles. A dot leads into a claim: realm_access.roles.",
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(self, *args: Any, stored: Configuration, **kwargs: Any) -> None:
        initial = {name: getattr(stored, name) for name in self.base_fields if name != "client_secret"}
        super().__init__(*args, **kwargs | {"initial": initial})
        self.stored = stored
        if stored.client_secret:
            self.fields["client_secret"].required = False
            self.fields["client_secret"].help_text = "Leave it empty to keep the present one, which is not shown."

    def clean_issuer(self) -> str:
        issuer = str(self.cleaned_data["issuer"])
        if not is_acceptable(issuer) or "?" in issuer or "#" in issuer:
            raise ValidationError("Enter an address that begins with https://, without ? and #.")
        return issuer

    def clean_scopes(self) -> str:
        scopes = str(self.cleaned_data["scopes"])
        missing = {"openid", "email"} - set(scopes.split())
        if missing:
            raise ValidationError(f"Add {' and '.join(sorted(missing))}.")
        return scopes

    def clean(self) -> dict[str, Any]:
        """Another provider, or another client, is not sent the secret of the present one."""
        values = super().clean() or {}
        moved = [name for name in ("issuer", "client_id") if values.get(name) != getattr(self.stored, name)]
        if "client_secret" in values and not values["client_secret"] and moved:
            self.add_error("client_secret", "Enter the secret of this client: the present one belongs to another one.")
        return values

    def values(self) -> dict[str, Any]:
        """For the service."""
        kept = {name: value for name, value in self.cleaned_data.items() if name != "revision"}
        if not kept["client_secret"]:
            del kept["client_secret"]
        return kept


class RuleForm(forms.Form):
    """One line of the table; one without a value is no rule."""

    value = forms.CharField(
        max_length=LONGEST_VALUE,
        required=False,
        validators=[validate_line],
        widget=forms.TextInput(attrs=PLAIN),
    )
    role = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, roles: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("value") and "role" in values and not values["role"]:
            self.add_error("role", "Choose what it gives, or empty the value.")
        return values

    def rule(self) -> Rule | None:
        value, role = self.cleaned_data["value"], self.cleaned_data["role"]
        if not value:
            return None
        organization, _, of_it = role.rpartition(":")
        if organization:
            return Rule(value=value, organization=UUID(organization), organization_role=of_it)
        return Rule(value=value, site_role=role)


RuleFormSet = forms.formset_factory(
    RuleForm, extra=EXTRA_RULES, max_num=MOST_RULES, validate_max=True, absolute_max=MOST_RULES + 10
)


def rules_form(data: Any = None) -> Any:
    """The stored rules, and some empty lines. Two queries."""
    rows = [{"value": rule.value, "role": _key(rule)} for rule in ClaimRule.objects.all()]
    return RuleFormSet(data, prefix="rules", initial=rows, form_kwargs={"roles": _roles()})


def rules_in(formset: Any) -> list[Rule]:
    return [rule for form in formset.forms if form.has_changed() or form.initial if (rule := form.rule())]


class WayInForm(forms.Form):
    """Asked for only where it is not known that the person gets in."""

    way_in = forms.CharField(
        label="How you would get in",
        max_length=255,
        validators=[validate_line],
        help_text="You have not signed in by OpenID Connect yet. Colleagues read this in the audit log.",
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


def _key(rule: ClaimRule) -> str:
    return rule.site_role or f"{rule.organization_id}:{rule.organization_role}"


def _roles() -> list[Any]:
    site = [(role.value, str(role.label)) for role in CLAIMED_SITE_ROLES]
    organizations = [
        (name, [(f"{pk}:{role.value}", f"{word} of {name}") for role, word in WORDS])
        for pk, name in Organization.objects.order_by(Lower("name")).values_list("pk", "name")
    ]
    return [("", "Choose"), ("Site role", site), *organizations]


WORDS = ((OrganizationRole.MEMBER, "Member"), (OrganizationRole.MANAGER, "Manager"))
