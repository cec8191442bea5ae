"""Secrets of a provider: how we reach its cluster, and how its envproxy reaches us."""

from django.db import models
from django.utils import timezone

from coderadmin.encryption import EncryptedTextField, unseal
from providers.models.provider import WorkspaceProvider
from providers.querysets import EnvproxyTokenQuerySet
from providers.target import ClusterTarget


class ClusterCredential(models.Model):
    """Service-account token or client certificate, with the CA; apart from the provider, so that no list loads it."""

    provider = models.OneToOneField(
        WorkspaceProvider, on_delete=models.CASCADE, primary_key=True, related_name="credential"
    )
    ca_pem = models.TextField(blank=True)
    token = EncryptedTextField(blank=True)
    client_certificate_pem = models.TextField(blank=True)
    client_key_pem = EncryptedTextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"credential of {self.provider_id}"

    def target(self) -> ClusterTarget:
        """What the cluster modules need; a query unless the provider is loaded. Raises UndecryptableError."""
        return ClusterTarget(
            address=self.provider.cluster_address,
            namespace=self.provider.namespace,
            ca_pem=self.ca_pem,
            token=unseal(self.token),
            client_certificate_pem=self.client_certificate_pem,
            client_key_pem=unseal(self.client_key_pem),
        )


class EnvproxyToken(models.Model):
    """The shared secret of one provider, as a SHA-256 digest; several are valid while one replaces another.

    Made by a deploy (`minted_by`) or for an admin's own Helm. A row outlives its end: we know whose it was.
    Once it is superseded, only pods show it that end with the connections they still have: it may ask, but not beat.
    """

    provider = models.ForeignKey(WorkspaceProvider, on_delete=models.CASCADE, related_name="envproxy_tokens")
    digest = models.CharField(max_length=64, unique=True)
    minted_by = models.ForeignKey("providers.Operation", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    objects = EnvproxyTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"token {self.pk}"

    @property
    def is_alive(self) -> bool:
        return self.expires_at is None or self.expires_at > timezone.now()

    @property
    def may_beat(self) -> bool:
        return self.is_alive and self.superseded_at is None

    @property
    def waits_for_use(self) -> bool:
        """Whether its first use takes its end away."""
        return self.minted_by_id is None and self.last_used_at is None and self.is_alive
