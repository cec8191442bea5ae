"""Which audit events somebody wants to see: the form above the list, and its address."""

from functools import cache
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from audit.models import AuditEvent
from audit.querysets import AuditEventQuerySet
from audit.words import SIGN_IN, SIGN_IN_ACTIONS, action_choices
from organizations.filters import LONGEST_SEARCH, MOST_WORDS
from organizations.forms.widgets import LongSelect, NameChoiceField
from organizations.models import Organization

MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]
OBJECT = RegexValidator(r"\A[a-z]{1,64}:[\w-]{1,64}\Z", "Follow a link to the history of an object.")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    widget = MomentInput
    default_error_messages = {"invalid": "Write a day and a time, such as 2026-11-26 08:30."}

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, required=False, input_formats=MOMENTS)


@cache
def _any_or_one() -> list[tuple[str, Any]]:
    return [("", "Any action"), *action_choices()]


class AuditFilterForm(forms.Form):
    """Every field may be empty. `object` is a type and an id, and comes from links only."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Person, action, object, id, address"}),
    )
    person = forms.CharField(
        label="Person", required=False, max_length=254, widget=forms.TextInput(attrs={"placeholder": "E-mail"})
    )
    action = forms.ChoiceField(label="Action", required=False, choices=_any_or_one, widget=LongSelect)
    outcome = forms.ChoiceField(
        label="Outcome", required=False, choices=[("", "Any outcome"), *AuditEvent.Outcome.choices]
    )
    organization = NameChoiceField(
        label="Organization",
        required=False,
        queryset=Organization.objects.order_by("name"),
        empty_label="Any organization",
    )
    since = MomentField(label="From, UTC")
    until = MomentField(label="To, UTC")
    object = forms.CharField(label="Object", required=False, validators=[OBJECT], widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        wanted = self.cleaned_data
        since, until = wanted.get("since"), wanted.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the beginning.")
        return wanted

    @property
    def narrows(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def events(self) -> AuditEventQuerySet:
        """Of a form that is valid, in no order."""
        wanted = self.cleaned_data
        found = AuditEvent.objects.search(" ".join(wanted["q"].split()[:MOST_WORDS]))
        if wanted["object"]:
            found = found.about(*wanted["object"].split(":"))
        exact = {
            "actor_name": wanted["person"].lower(),
            "outcome": wanted["outcome"],
            "organization_id": str(wanted["organization"].pk) if wanted["organization"] else "",
            "at__gte": wanted["since"],
            "at__lte": wanted["until"],
            **_action(wanted["action"]),
        }
        return found.filter(**{name: value for name, value in exact.items() if value})


def _action(action: str) -> dict[str, Any]:
    if action == SIGN_IN:
        return {"action__in": SIGN_IN_ACTIONS}
    return {"action" if "." in action else "area": action}
