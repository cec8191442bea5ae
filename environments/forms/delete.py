"""The typed confirmation of a deletion, which takes the home along."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from environments.forms.plan import TYPED_TEXT
from environments.models import Environment


class DeleteForm(forms.Form):
    confirmation = forms.CharField(max_length=100, widget=forms.TextInput(attrs=TYPED_TEXT))

    def __init__(self, *args: Any, environment: Environment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.environment = environment
        self.fields["confirmation"].label = f"Type {environment.name} to confirm"

    def clean_confirmation(self) -> str:
        typed = str(self.cleaned_data["confirmation"])
        if typed != self.environment.name:
            raise ValidationError(f"This is not the environment's name. Type {self.environment.name}.")
        return typed
