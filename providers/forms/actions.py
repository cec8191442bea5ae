"""What an action asks for before it is done."""

from django import forms
from django.core.exceptions import ValidationError

from providers.models import WorkspaceProvider


class CordonForm(forms.Form):
    reason = forms.CharField(
        max_length=255,
        help_text="People who can't use this provider read it, such as: node upgrade until 18:00 UTC.",
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


class LeaveReleaseForm(forms.Form):
    """The typed confirmation of the one deletion that leaves something behind."""

    confirmation = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: object, provider: WorkspaceProvider, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.provider = provider
        self.fields["confirmation"].label = f"Type {provider.name} to confirm"

    def clean_confirmation(self) -> str:
        typed = str(self.cleaned_data["confirmation"])
        if typed != self.provider.name:
            raise ValidationError(f"This is not the provider's name. Type {self.provider.name}.")
        return typed
