"""The workspace provider and its allowlist."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Upper

from organizations.models import Organization
from providers.addresses import ENVPROXY_PATH, validate_name, validate_namespace
from providers.choices import CredentialKind, ProviderStatus
from providers.querysets import WorkspaceProviderQuerySet
from providers.scheduling import SCHEDULING, problems_of


class WorkspaceProvider(models.Model):
    """One cluster address + one namespace, where environments are placed (DESIGN 3).

    Of the release: `deployed_*` is what we deployed last, `release_*` what the cluster has; values without the token.
    Of the beat: the access URL that envproxy is set to, and the one by which its request came.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=63, validators=[validate_name])
    built_in = models.BooleanField(default=False, editable=False)
    is_default = models.BooleanField(default=False, editable=False)
    hostname = models.CharField("provider hostname", max_length=300)
    devurl_host = models.CharField("devurl host", max_length=255, blank=True)
    ssh_enabled = models.BooleanField("SSH", default=True)
    cluster_address = models.CharField(max_length=300)
    namespace = models.CharField(max_length=63, validators=[validate_namespace])
    storage_class = models.CharField(max_length=253, blank=True)
    tolerations = models.JSONField(default=list, blank=True)
    node_selector = models.JSONField(default=dict, blank=True)
    affinity = models.JSONField(default=dict, blank=True)
    service_account_annotations = models.JSONField(default=dict, blank=True)
    envproxy_image = models.CharField(max_length=255, blank=True)
    envproxy_replicas = models.PositiveSmallIntegerField(default=1)
    credential_kind = models.CharField(max_length=16, choices=CredentialKind)

    status = models.CharField(max_length=8, choices=ProviderStatus, default=ProviderStatus.PENDING)
    reason = models.CharField(max_length=32, blank=True)
    message = models.TextField(blank=True)
    status_since = models.DateTimeField(auto_now_add=True)
    cordoned_at = models.DateTimeField(null=True, blank=True)
    cordoned_by = models.CharField(max_length=254, blank=True)
    cordon_reason = models.CharField(max_length=255, blank=True)

    next_check_at = models.DateTimeField(null=True, blank=True)
    check_claimed_at = models.DateTimeField(null=True, blank=True)
    check_requested_at = models.DateTimeField(null=True, blank=True)
    last_check_at = models.DateTimeField(null=True, blank=True)
    last_check_ms = models.PositiveIntegerField(null=True, blank=True)
    verbs_checked_at = models.DateTimeField(null=True, blank=True)
    failed_checks = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    storage_classes = models.JSONField(default=list, blank=True)
    kubernetes_version = models.CharField(max_length=64, blank=True)
    chart_version = models.CharField(max_length=64, blank=True)
    release_revision = models.PositiveIntegerField(null=True, blank=True)
    deployed_at = models.DateTimeField(null=True, blank=True)
    last_beat_at = models.DateTimeField(null=True, blank=True)
    last_beat_access_url = models.CharField(max_length=300, blank=True)
    last_beat_through = models.CharField(max_length=300, blank=True)
    deployed_values = models.JSONField(default=dict, blank=True)
    deployed_revision = models.PositiveIntegerField(null=True, blank=True)
    release_values = models.JSONField(default=dict, blank=True)
    release_values_revision = models.PositiveIntegerField(null=True, blank=True)

    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    organizations: "models.ManyToManyField[Organization, AllowlistEntry]" = models.ManyToManyField(
        Organization, through="AllowlistEntry", related_name="providers"
    )

    objects = WorkspaceProviderQuerySet.as_manager()

    class Meta:
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="provider_name_unique",
                violation_error_code="name_taken",
                violation_error_message="Another provider has this name.",
            ),
            models.UniqueConstraint(
                fields=["cluster_address", "namespace"],
                name="provider_place_unique",
                violation_error_code="place_taken",
                violation_error_message="Another provider uses this namespace of this cluster.",
            ),
            models.UniqueConstraint(
                fields=["built_in"], condition=models.Q(built_in=True), name="provider_one_built_in"
            ),
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="provider_one_default"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ProviderStatus.values), name="provider_status_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(cordoned_at=None) | ~models.Q(cordon_reason=""), name="provider_cordon_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], name="provider_due"),
            models.Index(fields=["status", "chart_version", "cordoned_at"], name="provider_kinds"),
            models.Index(Lower("name"), "id", include=["name"], name="provider_by_name"),
            GinIndex(
                *(
                    OpClass(Upper(name), "gin_trgm_ops")
                    for name in ("name", "hostname", "cluster_address", "namespace")
                ),
                name="provider_words",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The scheduling settings, each error at its field. Raises ValidationError."""
        super().clean()
        problems = {name: problems_of(name, getattr(self, name)) for name in SCHEDULING}
        if errors := {name: found for name, found in problems.items() if found}:
            raise ValidationError(errors)

    @property
    def envproxy_access_url(self) -> str:
        return self.hostname + ENVPROXY_PATH

    @property
    def served_envproxy_access_url(self) -> str:
        """Where envproxy answers now: a hostname that we have not deployed yet leads nowhere."""
        deployed: str = self.deployed_values.get("envproxy", {}).get("accessURL", "")
        return deployed or self.envproxy_access_url

    @property
    def is_cordoned(self) -> bool:
        return self.cordoned_at is not None

    @property
    def is_remote(self) -> bool:
        return not self.built_in

    @property
    def effective_envproxy_image(self) -> str:
        return self.envproxy_image or settings.ENVPROXY_IMAGE


class AllowlistEntry(models.Model):
    """An organization that may use a provider. `closing`: existing environments go on, no new ones."""

    provider = models.ForeignKey(WorkspaceProvider, on_delete=models.CASCADE, related_name="allowlist")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="allowlist")
    closing = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "organization"], name="allowlist_entry_unique")]
        indexes = [models.Index(fields=["organization", "provider"], name="allowlist_of_organization")]

    def __str__(self) -> str:
        return f"{self.organization} on {self.provider}"
