"""The create form, for programs: any provider may be named, and the rules say why not."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from environments.forms import EnvironmentForm
from environments.forms.create import row_of
from providers.models import WorkspaceProvider

NO_SUCH = "There is no such provider, or none of your organizations may use it."


class EnvironmentApiForm(EnvironmentForm):
    """As on the page, but a provider that is not offered is refused by the service, which names every rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = forms.ModelChoiceField(
            queryset=WorkspaceProvider.objects.visible_to(self.person),
            required=False,
            error_messages={"invalid_choice": NO_SUCH},
        )

    def clean_provider(self) -> WorkspaceProvider:
        named: WorkspaceProvider | None = self.cleaned_data["provider"]
        if named is not None:
            return named
        preselected = self.offer.preselected if self.offer else None
        if best := preselected and row_of(preselected):
            return best
        raise ValidationError("No provider takes new environments of this organization now. Ask why of one of them.")
