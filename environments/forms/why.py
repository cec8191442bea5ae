"""“Why can't I?”: the person, the organization, the provider and the size that are asked about."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from environments.forms.create import find_person
from environments.forms.plan import TYPED_TEXT, of_model
from environments.offers import organizations_for
from environments.placement import UNITS, Placement, place, plain
from environments.policies import can_ask_for_anyone
from environments.querysets import SIZES
from environments.services import Plan
from organizations.models import Organization, User
from providers.models import WorkspaceProvider

USUAL = Plan(name="", image="").size()


class WhyForm(forms.Form):
    """Members ask about themselves, their organizations, and the providers that these are offered."""

    person = forms.EmailField(
        max_length=254,
        help_text="The e-mail of the account.",
        widget=forms.EmailInput(attrs={"list": "people", **TYPED_TEXT}),
    )
    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), empty_label="Choose one")
    provider = forms.ModelChoiceField(queryset=WorkspaceProvider.objects.none(), empty_label="Choose one")
    cpu_cores = of_model("cpu_cores", required=False)
    memory_gb = of_model("memory_gb", required=False, label="Memory, GB")
    disk_gb = of_model("disk_gb", required=False, label="Disk, GB")
    gpus = of_model("gpus", required=False, label="GPUs")

    def __init__(self, *args: Any, asker: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": USUAL | {"person": asker.email}} | kwargs)
        self.asker = asker
        self.for_anyone = can_ask_for_anyone(asker)
        organizations = Organization.objects.order_by("name") if self.for_anyone else organizations_for(asker)
        providers = WorkspaceProvider.objects.sorted_by("name")
        if self.for_anyone:
            self.fields["person"].required = False
        else:
            del self.fields["person"]
            offered = Q(allowlist__organization__in=organizations.values("pk")) | Q(is_default=True)
            providers = providers.filter(pk__in=WorkspaceProvider.objects.filter(offered).values("pk"))
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        self.fields["provider"].queryset = providers  # type: ignore[attr-defined]

    @property
    def size_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in SIZES]

    def clean_person(self) -> User:
        email = str(self.cleaned_data["person"])
        person = find_person(email, User.objects.all()) if email else self.asker
        if person is None:
            raise ValidationError("Nobody has an account with this e-mail.")
        return person

    @property
    def person_asked_about(self) -> User:
        found = self.cleaned_data.get("person")
        return found if isinstance(found, User) else self.asker

    @property
    def size_is_open(self) -> bool:
        return any(field.errors for field in self.size_fields)

    @property
    def size_in_words(self) -> str:
        return ", ".join(f"{plain(number)} {UNITS[name]}" for name, number in self.size().items())

    def size(self) -> dict[str, Decimal | int]:
        cleaned = self.cleaned_data if self.is_bound and hasattr(self, "cleaned_data") else {}
        given = {name: cleaned.get(name) for name in SIZES}
        return {name: USUAL[name] if value is None else value for name, value in given.items()}

    def answer(self) -> Placement:
        return place(
            self.person_asked_about, self.cleaned_data["organization"], self.cleaned_data["provider"], self.size()
        )
