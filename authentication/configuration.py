"""The rows about how people sign in to this deployment."""

from typing import Self

from django.db import models
from django.utils import timezone

from authentication.limits import LONGEST_CLIENT_ID, LONGEST_ISSUER, LONGEST_LABEL, LONGEST_SCOPES, LONGEST_VALUE
from coderadmin.encryption import EncryptedTextField
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization

CLAIMED_SITE_ROLES = [SiteRole.MANAGER, SiteRole.AUDITOR, SiteRole.MEMBER]


class Configuration(models.Model):
    """How people sign in: one row, made when it is first asked for.

    `revision` counts its changes, so that of two admins at once the second is told; `connection_changed_at` is when
    the provider or the client was another one.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)
    built_in = models.BooleanField("built-in sign-in", default=True)
    openid_connect = models.BooleanField("OpenID Connect", default=False)
    issuer = models.CharField(max_length=LONGEST_ISSUER, blank=True)
    client_id = models.CharField("client ID", max_length=LONGEST_CLIENT_ID, blank=True)
    client_secret = EncryptedTextField(blank=True)
    scopes = models.CharField(max_length=LONGEST_SCOPES, default="openid email profile")
    groups_claim = models.CharField(max_length=LONGEST_VALUE, blank=True)
    button_label = models.CharField(max_length=LONGEST_LABEL, default="Sign in with single sign-on")
    creates_accounts = models.BooleanField("makes accounts at the first sign-in", default=False)
    connection_changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="configuration_one_row"),
            models.CheckConstraint(
                condition=models.Q(built_in=True) | models.Q(openid_connect=True), name="configuration_has_a_way_in"
            ),
            models.CheckConstraint(
                condition=models.Q(openid_connect=False) | ~models.Q(issuer=""), name="configuration_on_has_an_issuer"
            ),
        ]

    def __str__(self) -> str:
        return "authentication"

    @classmethod
    def load(cls) -> Self:
        """As it is now; what a new deployment has while nobody has changed anything. One query."""
        return cls.objects.filter(pk=1).first() or cls()

    @classmethod
    def locked(cls) -> Self:
        """The row, nobody else's until the transaction ends."""
        cls.objects.bulk_create([cls()], ignore_conflicts=True)
        return cls.objects.select_for_update().get(pk=1)


def has_built_in() -> bool:
    """Whether built-in sign-in is on. One query."""
    return Configuration.load().built_in


class ClaimRule(models.Model):
    """Whoever has `value` in the claim of groups has a site role (never the admin's), or one in an organization."""

    value = models.CharField(max_length=LONGEST_VALUE)
    site_role = models.CharField(max_length=16, choices=SiteRole, blank=True)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="claim_rules"
    )
    organization_role = models.CharField(max_length=24, choices=OrganizationRole, blank=True)

    class Meta:
        ordering = ["value", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["value", "site_role", "organization", "organization_role"],
                name="claim_rule_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(site_role__in=CLAIMED_SITE_ROLES, organization=None, organization_role="")
                | models.Q(site_role="", organization__isnull=False, organization_role__in=OrganizationRole.values),
                name="claim_rule_gives_one_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value}: {self.role_in_words}"

    @property
    def role_in_words(self) -> str:
        """`Site manager`, `Member of Platform`."""
        if self.organization is None:
            return str(self.get_site_role_display())
        return f"{'Manager' if self.organization_role == OrganizationRole.MANAGER else 'Member'} of {self.organization}"
