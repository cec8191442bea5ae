"""Image and size: what creating and rebuilding ask for alike."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from environments.errors import PlacementRefusedError
from environments.models import Environment
from organizations.forms.errors import add_service_errors

TYPED_TEXT = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
QUOTA = "quota"
LIMITS = (RegexValidator, MinValueValidator, MaxValueValidator)


def of_model(name: str, **options: Any) -> Any:
    """The model's own form field, with the model's own limits: form and service refuse the same."""
    field: models.Field = Environment._meta.get_field(name)  # type: ignore[assignment]
    limits = [validator for validator in field.validators if isinstance(validator, LIMITS)]
    if not isinstance(field, models.CharField):
        options |= {"min_value": None, "max_value": None}  # said by `limits` already
    return field.formfield(validators=limits, **options)


class PlanForm(forms.Form):
    """`quota` is no input: it is where a quota that leaves no room is told."""

    image = of_model(
        "image",
        widget=forms.TextInput(attrs={"placeholder": "codercom/enterprise-base", "list": "images", **TYPED_TEXT}),
    )
    tag = of_model("tag", widget=forms.TextInput(attrs=TYPED_TEXT))
    cpu_cores = of_model("cpu_cores", widget=forms.NumberInput(attrs={"min": "0.1", "max": 128, "step": "any"}))
    memory_gb = of_model(
        "memory_gb", label="Memory, GB", widget=forms.NumberInput(attrs={"min": "0.25", "max": 256, "step": "any"})
    )
    disk_gb = of_model("disk_gb", label="Disk, GB", widget=forms.NumberInput(attrs={"min": 1, "max": 8192}))
    gpus = of_model("gpus", label="GPUs", widget=forms.NumberInput(attrs={"min": 0, "max": 20}))
    quota = forms.Field(required=False, widget=forms.HiddenInput)

    @property
    def size_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("cpu_cores", "memory_gb", "disk_gb", "gpus")]

    def add_service_errors(self, error: ValidationError) -> None:
        add_service_errors(self, error)

    def add_refusals(self, error: PlacementRefusedError) -> None:
        """Each rule that forbids it, in words: the quota at the quota, all others at the provider."""
        for rule in error.rules:
            place = QUOTA if rule.code == QUOTA or "provider" not in self.fields else "provider"
            self.add_error(place, f"{rule.text} {rule.remedy}".strip())
