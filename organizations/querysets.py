"""How people and organizations are listed and found."""

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from organizations.choices import OrganizationRole
from organizations.usernames import username_base

if TYPE_CHECKING:
    from organizations.models import Organization, User

ORGANIZATION_SORTS = {
    "name": (Lower("name"),),
    "-name": (Lower("name").desc(),),
    "members": ("-member_count", Lower("name")),
    "environments": ("-environment_count", Lower("name")),
    "created": ("-created_at",),
}
USER_SORTS = {
    "email": ("email",),
    "-email": ("-email",),
    "role": ("site_role", "email"),
    "created": ("-created_at",),
    "last_login": (models.F("last_login").desc(nulls_last=True),),
}
COMPARED = 30  # characters of a username that decide whether a numbered one may be in its way


class UserQuerySet(models.QuerySet):
    def usernames_like(self, email: str) -> set[str]:
        """Those that may stand in the way of a username for `email`."""
        beginning = username_base(email)[:COMPARED].rstrip("-")
        return set(self.filter(username__startswith=beginning).values_list("username", flat=True))

    def search(self, text: str) -> Self:
        """Every word must occur in the e-mail, the name, the username or the name of an organization."""
        found = self
        for word in text.split():
            organizations = self.model._default_manager.filter(organizations__name__icontains=word).values("id")
            found = found.filter(
                Q(email__icontains=word)
                | Q(name__icontains=word)
                | Q(username__icontains=word)
                | Q(id__in=organizations)
            )
        return found

    def sorted_by(self, key: str) -> Self:
        """By one of USER_SORTS; an unknown key sorts by e-mail."""
        return self.order_by(*USER_SORTS.get(key, USER_SORTS["email"]), "id")

    def with_memberships(self) -> Self:
        """Adds `invitation`, and `memberships` with their organizations, sorted by name: one more query for all."""
        memberships = apps.get_model("organizations", "Membership").objects.select_related("organization")
        with_invitations = self.select_related("invitation")
        return with_invitations.prefetch_related(
            Prefetch("memberships", memberships.order_by(Lower("organization__name")))
        )


class MembershipQuerySet(models.QuerySet):
    def of_organization(self, organization: "Organization") -> Self:
        """With their people, who are sorted by e-mail."""
        return self.filter(organization=organization).select_related("user").order_by("user__email")

    def search(self, text: str) -> Self:
        """Every word must occur in the person's e-mail or name."""
        found = self
        for word in text.split():
            found = found.filter(Q(user__email__icontains=word) | Q(user__name__icontains=word))
        return found


class OrganizationQuerySet(models.QuerySet):
    def managed_by(self, user: "User", *, everything: bool) -> Self:
        """Those whose members `user` manages; `everything`: for a person whose site role opens all of them."""
        if everything:
            return self
        return self.filter(memberships__user=user, memberships__role=OrganizationRole.MANAGER)

    def of_member(self, user: "User", *, everything: bool) -> Self:
        """Those that `user` belongs to; `everything`: as above."""
        return self if everything else self.filter(memberships__user=user)

    def search(self, text: str) -> Self:
        """Every word must occur in the name or the description."""
        found = self
        for word in text.split():
            found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
        return found

    def sorted_by(self, key: str) -> Self:
        """By one of ORGANIZATION_SORTS, of a list `with_counts`; an unknown key sorts by name."""
        return self.order_by(*ORGANIZATION_SORTS.get(key, ORGANIZATION_SORTS["name"]), "id")

    def with_counts(self) -> Self:
        """Adds `member_count`, `environment_count` and `provider_count`, by subquery."""
        return self.annotate(
            member_count=_count(apps.get_model("organizations", "Membership").objects.all()),
            environment_count=_count(apps.get_model("environments", "Environment").objects.all()),
            provider_count=_count(apps.get_model("providers", "AllowlistEntry").objects.all()),
        )


def _count(rows: QuerySet) -> Coalesce:
    totals = rows.filter(organization=OuterRef("pk")).order_by().values("organization").annotate(total=Count("pk"))
    return Coalesce(Subquery(totals.values("total")), 0)
