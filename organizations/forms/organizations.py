"""Creating and editing an organization."""

from collections.abc import Collection
from typing import Any

from django import forms

from organizations import limits
from organizations.models import Organization
from organizations.services.organizations import EDITABLE
from organizations.text import clean_line, validate_line, validate_name

NO_LIMIT = "no limit"
QUOTAS = ("quota_cpu_cores", "quota_memory_gb", "quota_disk_gb", "quota_gpus")


def _limit(
    name: str, label: str, *, decimals: int = 0, placeholder: str = NO_LIMIT, help_text: str = ""
) -> forms.Field:
    low, high = limits.FIELDS[name]
    shown: dict[str, Any] = {
        "label": label,
        "required": False,
        "min_value": low,
        "max_value": high,
        "help_text": help_text or f"From {low} to {high}.",
        "widget": forms.NumberInput(attrs={"placeholder": placeholder}),
    }
    if decimals:
        return forms.DecimalField(max_digits=5, decimal_places=decimals, **shown)
    return forms.IntegerField(**shown)


class OrganizationForm(forms.Form):
    """Name, description, quotas per member, auto-off."""

    name = forms.CharField(max_length=64, validators=[validate_name], widget=forms.TextInput(attrs={"autofocus": True}))
    description = forms.CharField(
        max_length=255, required=False, validators=[validate_line], help_text="At most 255 characters."
    )
    quota_cpu_cores = _limit("quota_cpu_cores", "CPU cores", decimals=2)
    quota_memory_gb = _limit("quota_memory_gb", "Memory, GB")
    quota_disk_gb = _limit("quota_disk_gb", "Disk, GB")
    quota_gpus = _limit("quota_gpus", "GPUs", help_text="From 0, which means none, to 20.")
    auto_off_hours = _limit(
        "auto_off_hours",
        "Auto-off threshold, hours",
        placeholder="never",
        help_text="An environment that nobody used for so long is stopped. The person can postpone it.",
    )

    def __init__(self, *args: Any, organization: Organization | None = None, **kwargs: Any) -> None:
        if organization is not None:
            kwargs["initial"] = {name: getattr(organization, name) for name in EDITABLE}
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = organization is not None

    def clean_name(self) -> str:
        return clean_line(str(self.cleaned_data["name"]))

    @property
    def quota_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in QUOTAS]

    def shown(self) -> dict[str, Any]:
        """What stood in the fields when the page was opened; empty for a form that was not sent by the page."""
        sent = {name: self.data.get(self.add_initial_prefix(name)) for name in EDITABLE}
        try:
            return {name: self.fields[name].to_python(text) for name, text in sent.items() if text is not None}
        except forms.ValidationError:
            return {}

    def changes(self, among: Collection[str] = EDITABLE) -> dict[str, Any]:
        """For update_organization and create_organization: what the person entered, not what only stood there."""
        given = {name: self.cleaned_data[name] for name in EDITABLE if name in among}
        shown = self.shown()
        return {name: value for name, value in given.items() if name not in shown or shown[name] != value}


class OrganizationCreateForm(OrganizationForm):
    is_default = forms.BooleanField(
        label="Make it the default organization",
        required=False,
        help_text="The one that takes in the people and environments of a deleted organization.",
    )
