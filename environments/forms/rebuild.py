"""Rebuilding an environment, with another image or size."""

from typing import Any

from django import forms

from environments.forms.plan import PlanForm
from environments.models import Environment
from environments.placement import plain
from environments.services.operations import CHANGEABLE


class RebuildForm(PlanForm):
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, environment: Environment, **kwargs: Any) -> None:
        initial = {name: plain(getattr(environment, name)) for name in (*CHANGEABLE, "revision")}
        super().__init__(*args, **{"initial": initial} | kwargs)
        self.environment = environment
        self.fields["disk_gb"].widget.attrs["min"] = environment.disk_gb
        self.fields["disk_gb"].help_text = f"It never shrinks: {environment.disk_gb} GB or more."

    def changes(self) -> dict[str, Any]:
        """For rebuild_environment."""
        return {name: self.cleaned_data[name] for name in CHANGEABLE}

    def lost_input(self) -> list[tuple[str, str]]:
        """Label and text of what was typed and differs from the stored values: for a form that somebody overtook."""
        typed = [self[name] for name in self.changed_data if name in CHANGEABLE]
        return [(str(field.label), str(field.value())) for field in typed]
