"""A new API token."""

from django import forms

from organizations.choices import TokenScope
from organizations.services.tokens import MOST_DAYS, USUAL_DAYS
from organizations.text import validate_name


class ApiTokenForm(forms.Form):
    name = forms.CharField(
        max_length=64,
        validators=[validate_name],
        help_text="What it is for, such as: nightly report.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=TokenScope.choices,
        initial=[TokenScope.READ],
        widget=forms.CheckboxSelectMultiple,
        help_text="Never more than you may yourself.",
    )
    days = forms.IntegerField(
        label="Ends after, days",
        min_value=1,
        max_value=MOST_DAYS,
        initial=USUAL_DAYS,
        help_text=f"From 1 to {MOST_DAYS}. You can end it at any time before.",
    )
