"""What the pages of the infrastructure ask for."""

from collections.abc import Sequence
from uuid import UUID

from django import forms

from infrastructure.addresses import normalise_access_url
from infrastructure.services.rollouts import choose_canary, is_by_hand
from providers.access_urls import access_url
from providers.models import WorkspaceProvider

NO_CANARY = [("", "No canary: none of them is Ready")]


class AccessURLForm(forms.Form):
    new_url = forms.CharField(
        label="New access URL",
        max_length=280,
        help_text="Such as https://coder.example.com. People and all providers will use it.",
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_new_url(self) -> str:
        return normalise_access_url(str(self.cleaned_data["new_url"]), present=access_url())


class RolloutForm(forms.Form):
    """Which provider goes first, and when to stop. `providers`: those to be redeployed. One query."""

    canary = forms.TypedChoiceField(
        coerce=UUID,
        empty_value=None,
        help_text="It is redeployed first. The others begin when it is confirmed.",
    )
    failure_limit = forms.IntegerField(
        label="Pause at this many failures",
        min_value=1,
        max_value=1000,
        initial=1,
        help_text="A canary that fails pauses it at once.",
    )

    def __init__(self, *args: object, providers: Sequence[WorkspaceProvider], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        ours = sorted((each for each in providers if not is_by_hand(each)), key=lambda each: each.name)
        if not ours:
            del self.fields["canary"]
            return
        canary = self.fields["canary"]
        assert isinstance(canary, forms.TypedChoiceField)  # noqa: S101 - for the type checker
        canary.initial = choose_canary(providers)
        canary.required = canary.initial is not None
        choices = [(str(each.pk), f"{each.name} ({each.get_status_display()})") for each in ours]
        canary.choices = choices if canary.required else [*NO_CANARY, *choices]


class SwitchForm(RolloutForm):
    """`has_warnings`: somebody must say that they were read."""

    warnings_read = forms.BooleanField(
        label="I have read the warnings, and want to switch in spite of them",
        error_messages={"required": "Tick this once you have read the warnings above."},
    )

    def __init__(self, *args: object, has_warnings: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not has_warnings:
            del self.fields["warnings_read"]


class SkipForm(forms.Form):
    reason = forms.CharField(
        max_length=255,
        help_text="Colleagues read it, such as: its cluster is shut down until Monday.",
        widget=forms.TextInput(attrs={"autofocus": True}),
    )
