"""Creating an environment."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES
from django.db.models import QuerySet
from django.http import QueryDict

from environments.filters import uuid_of
from environments.forms.plan import TYPED_TEXT, PlanForm, of_model
from environments.models import Image
from environments.offers import Offer, can_name_owner, make_offer, organizations_for, own_role
from environments.placement import Placement, role_of
from environments.services import Plan
from organizations.models import Organization, User
from organizations.policies import is_site_manager
from providers.kube.environment_objects import LONGEST_NAME
from providers.models import WorkspaceProvider

PLAN_FIELDS = ("name", "image", "tag", "cpu_cores", "memory_gb", "disk_gb", "gpus")
OF_IMAGE = {
    "tag": "tag",
    "cpu_cores": "default_cpu_cores",
    "memory_gb": "default_memory_gb",
    "disk_gb": "default_disk_gb",
}
"""What may be left out, and what of the image counts then."""
KEPT_FIELDS = ("organization", "owner", *PLAN_FIELDS, "provider")


class EnvironmentForm(PlanForm):
    """Its `offer` is about the organization and the owner that are named in it."""

    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), empty_label=None)
    owner = forms.EmailField(
        required=False,
        max_length=254,
        help_text="The e-mail of a member. Empty: it is yours.",
        widget=forms.EmailInput(attrs={"list": "people", **TYPED_TEXT}),
    )
    name = of_model(
        "name",
        max_length=LONGEST_NAME,
        help_text=f"At most {LONGEST_NAME} lowercase letters, digits and hyphens; unique among those of its owner.",
        widget=forms.TextInput(attrs={"placeholder": "dev", **TYPED_TEXT}),
    )
    provider = forms.CharField(
        label="Workspace provider",
        help_text="Where it runs. The nearest one, with the lowest latency, feels fastest.",
        error_messages={
            "invalid_choice": "This provider is not offered to the organization. Choose one of these.",
            "required": "Choose where the environment runs.",
        },
    )

    size_help = (
        f"What is left empty is as the image has it; for an image that is new here {Plan.cpu_cores} CPU cores, "
        f"{Plan.memory_gb} GB of memory and {Plan.disk_gb} GB of disk, with the tag {Plan.tag}."
    )
    field_order = ["organization", "owner", "name", "image", "tag"]

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["organization"].queryset = organizations_for(person)  # type: ignore[attr-defined]
        if not self.may_choose_owner:
            del self.fields["owner"]
        for name in OF_IMAGE:
            self.fields[name].required, self.fields[name].initial = False, None
            self.fields[name].widget.attrs["placeholder"] = "as the image"
        for name in PLAN_FIELDS:  # what is typed while the form comes anew stays
            self.fields[name].widget.attrs["hx-preserve"] = "true"

    @classmethod
    def keeping(cls, typed: QueryDict, *, person: User) -> "EnvironmentForm":
        """The form anew, with what was typed into it and nothing said about it yet."""
        return cls(initial={name: typed[name] for name in KEPT_FIELDS if name in typed}, person=person)

    @cached_property
    def organizations(self) -> list[Organization]:
        """Those to choose from, by name, without what the form doesn't show. One query."""
        return list(organizations_for(self.person).defer("description", "created_at"))

    @cached_property
    def chosen_organization(self) -> Organization | None:
        """The named one, else the first of one's own, else the default one."""
        named = uuid_of(str(self["organization"].value()))
        wishes: tuple[Callable[[Organization], Any], ...] = (
            lambda organization: organization.pk == named,
            own_role,
            lambda organization: organization.is_default,
            lambda organization: True,
        )
        return next((each for is_wanted in wishes for each in self.organizations if is_wanted(each)), None)

    @cached_property
    def may_choose_owner(self) -> bool:
        return bool(self.chosen_organization and can_name_owner(self.person, self.chosen_organization))

    @cached_property
    def chosen_owner(self) -> User:
        """Whoever it will belong to, as far as that can be told yet."""
        email = str(self["owner"].value() or "") if "owner" in self.fields else ""
        return self._find(email) or self.person

    def _find(self, email: str) -> User | None:
        """Those who manage an organization find its members; who else has an account is not theirs to know."""
        people = User.objects.all()
        if not is_site_manager(self.person):
            people = people.filter(memberships__organization=self.chosen_organization)
        return find_person(email, people)

    @cached_property
    def offer(self) -> Offer | None:
        """None for whoever is in no organization."""
        owner, organization = self.chosen_owner, self.chosen_organization
        if organization is None:
            return None
        role = own_role(organization) if owner == self.person else role_of(owner, organization)
        return make_offer(owner, organization, role=role)

    @cached_property
    def chosen_provider(self) -> Placement | None:
        """The named one, unless it can't be; else the preselected one."""
        if self.offer is None:
            return None
        named = self.offer.answer_of(self["provider"].value())
        return named if named and named.allowed else self.offer.preselected

    def clean_owner(self) -> User:
        email = str(self.cleaned_data["owner"])
        owner = self._find(email) if email else self.person
        if owner is None:
            site = is_site_manager(self.person)
            raise ValidationError(
                "Nobody has an account with this e-mail." if site else "No member of the organization has this e-mail."
            )
        return owner

    def clean_provider(self) -> WorkspaceProvider:
        answer = self.offer.answer_of(self.cleaned_data["provider"]) if self.offer else None
        if provider := answer and row_of(answer):
            return provider
        raise ValidationError(self.fields["provider"].error_messages["invalid_choice"])

    def plan(self) -> Plan:
        """What is left out is as the image of the organization has it. One query."""
        chosen = self.cleaned_data
        images = Image.objects.filter(organization=chosen["organization"], repository=chosen["image"])
        image = images.with_default_tag().first()
        typed = {name: chosen[name] for name in PLAN_FIELDS if chosen[name] not in EMPTY_VALUES}
        of_image = {name: getattr(image, source) for name, source in OF_IMAGE.items()} if image else {}
        return Plan(**of_image | typed)


def row_of(answer: Placement) -> WorkspaceProvider | None:
    """One query."""
    return WorkspaceProvider.objects.filter(pk=answer.provider.pk).first()


def find_person(email: str, people: QuerySet[User]) -> User | None:
    """The one of `people` with this e-mail. One query, none for an empty text."""
    email = email.strip().lower()
    if not email or "\0" in email:
        return None
    return people.filter(email=email).first()
