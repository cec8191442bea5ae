"""How providers look to programs. What is not named here is not sent: no credential, no token."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from coderadmin.api.bodies import Body, Named
from providers.choices import CredentialKind, LineLevel, OperationKind, OperationState, ProviderStatus
from providers.freshness import unchecked_since
from providers.models import Operation, WorkspaceProvider
from providers.reasons import reason_for


class Cordon(Schema):
    reason: str
    since: datetime


class ReasonOut(Schema):
    code: str
    title: str
    message: str
    remedy: str


class ProviderDetails(Schema):
    """For those who manage providers, and for auditors."""

    revision: int = Field(description="The ETag, too.")
    reason: ReasonOut | None
    status_since: datetime
    cordoned_by: str
    cluster_address: str
    namespace: str
    credential_kind: CredentialKind
    storage_class: str
    tolerations: list[Any]
    node_selector: dict[str, Any]
    affinity: dict[str, Any]
    service_account_annotations: dict[str, Any]
    envproxy_image: str
    envproxy_replicas: int
    kubernetes_version: str
    chart_version: str
    release_revision: int | None
    deployed_at: datetime | None
    check_requested_at: datetime | None
    last_check_at: datetime | None
    last_check_ms: int | None
    unchecked_since: datetime | None = Field(
        description="The last check, if later ones should have been made since: no scheduler or no worker may run."
    )
    last_beat_at: datetime | None
    last_beat_access_url: str
    environment_count: int
    running_count: int
    active_operation: OperationKind | None
    created_at: datetime


class ProviderOut(Schema):
    id: UUID
    name: str
    status: ProviderStatus
    built_in: bool
    is_default: bool
    cordon: Cordon | None
    hostname: str
    envproxy_access_url: str
    devurl_host: str
    ssh_enabled: bool
    details: ProviderDetails | None = Field(description="Null for those who only use the provider.")


def provider_out(provider: WorkspaceProvider, *, in_full: bool) -> dict[str, Any]:
    """ProviderOut of a provider of `visible_providers`."""
    plain = ProviderOut.model_fields.keys() - {"cordon", "details"}
    cordon = {"reason": provider.cordon_reason, "since": provider.cordoned_at} if provider.is_cordoned else None
    details = _details(provider) if in_full else None
    return {name: getattr(provider, name) for name in plain} | {"cordon": cordon, "details": details}


def _details(provider: WorkspaceProvider) -> dict[str, Any]:
    plain = ProviderDetails.model_fields.keys() - {"reason", "active_operation", "unchecked_since"}
    active: Any = getattr(provider, "active_kind", None)
    return {name: getattr(provider, name) for name in plain} | {
        "reason": _reason(provider) if provider.reason else None,
        "active_operation": active,
        "unchecked_since": unchecked_since(provider),
    }


def _reason(provider: WorkspaceProvider) -> dict[str, str]:
    reason = reason_for(provider.reason)
    return {
        "code": provider.reason,
        "title": reason.title,
        "message": provider.message,
        "remedy": reason.remedy,
    }


class ProviderFields(Body):
    """What registering and editing share. How the cluster is reached depends on `way`."""

    hostname: str | None = Field(None, description="A subdomain of the access URL. Left out: made from the name.")
    devurl_host: str | None = None
    ssh_enabled: bool | None = None
    cluster_address: str | None = Field(None, description="https, with the ways fields and enrolment.")
    namespace: str | None = None
    kubeconfig: str | None = Field(None, description="With the way kubeconfig: YAML with everything inline.")
    context: str | None = Field(None, description="Of a kubeconfig that has several.")
    ca_pem: str | None = None
    token: str | None = Field(None, description="With the way fields: of a service account. Never shown again.")
    storage_class: str | None = None
    tolerations: list[Any] | None = None
    node_selector: dict[str, Any] | None = None
    affinity: dict[str, Any] | None = None
    service_account_annotations: dict[str, Any] | None = None
    envproxy_image: str | None = None
    envproxy_replicas: int | None = None


class ProviderIn(ProviderFields):
    name: str
    way: CredentialKind = Field(description="kubeconfig, fields or enrolment.")
    ssh_enabled: bool = True
    envproxy_replicas: int = 1


class ProviderPatch(ProviderFields):
    name: str | None = None
    way: CredentialKind | None = Field(None, description="With another credential: kubeconfig or fields.")


class Handover(Schema):
    """For an admin who runs Helm himself. Shown this once."""

    token: str
    command: str = Field(description="It reads the values file, and holds no secret itself.")
    values_file: str
    values_file_name: str


class RegisteredOut(ProviderOut):
    enrolment: Handover | None = Field(description="With the way enrolment: the token and the Helm command, this once.")


class CommandOut(Schema):
    command: str
    values_file_name: str


class EnvproxyTokenOut(Schema):
    id: int
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_address: str | None


class CordonIn(Body):
    reason: str


class OperationOut(Schema):
    id: UUID
    kind: OperationKind
    state: OperationState
    is_active: bool
    provider: Named | None = Field(description="Null once it is deleted.")
    provider_name: str
    requested_by_name: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    error_code: str
    error_text: str


def operation_out(operation: Operation) -> dict[str, Any]:
    """OperationOut of an operation with its provider loaded."""
    return {name: getattr(operation, name) for name in OperationOut.model_fields}


class LineOut(Schema):
    id: int
    at: datetime
    level: LineLevel
    text: str
    remedy: str


class LogOut(Schema):
    """`last` is what to send as `after` next time."""

    items: list[LineOut]
    last: int
    state: OperationState
    is_active: bool


class ChangeOut(Schema):
    at: datetime
    kind: str
    old: str
    new: str
    reason: str
    message: str
    actor_name: str


class AvailabilityOut(Schema):
    """Shares of ready time, 0 to 1; null when not known yet. The strip: half hours, oldest first.

    Of the last 24 hours, 30 days and 365 days.
    """

    day: float | None
    month: float | None
    year: float | None
    since: datetime
    strip: list[str]


class ImpactOut(Schema):
    """What a change would mean for people."""

    summary: str
    warning: str
    organizations: list[Named]
    people: int
    running: int
    stopped: int
    stranded: list[Named] = Field(description="Organizations that could place environments somewhere no more.")
