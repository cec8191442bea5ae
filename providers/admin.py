"""Providers and their work for support staff. Credentials and tokens have no page here at all."""

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from audit.services import Actor
from organizations.confirmations import Confirmation
from organizations.support.dashboard import Entry, Found, Panel, add_panels, newest
from organizations.support.helping import Help, address_of
from organizations.support.pages import ReadOnlyAdmin, listed
from providers import services
from providers.choices import OperationState, ProviderStatus
from providers.freshness import unchecked
from providers.models import Operation, StatusChange, WorkspaceProvider
from providers.reasons import reason_for
from providers.scheduling import SCHEDULING
from providers.services.operations import require_retriable
from providers.services.targets import require_credential
from providers.support import (
    AbstractOperationAdmin,
    confirmation_of_retry,
    failed_entry,
    failed_lately,
    stuck,
    stuck_entry,
)

MOST_ALLOWED = 50
LONGEST = settings.DEPLOY_TIMEOUT + timedelta(minutes=5)


def _ask_to_check(provider: WorkspaceProvider) -> Confirmation:
    """Raises RefusedError."""
    require_credential(provider)
    return Confirmation(
        title=f"Check {provider.name} now",
        submit_label="Check now",
        effects=[
            f"The cluster at {provider.cluster_address} is asked for its state; nothing on it changes.",
            "The outcome is stored as that of every check: the status may change by it.",
        ],
    )


def _check(actor: Actor, provider: WorkspaceProvider) -> str:
    services.request_check(actor=actor, provider=provider)
    return f"{provider.name} is being checked now. Load the page again in a few seconds."


def _ask_to_retry(operation: Operation) -> Confirmation:
    """Raises RefusedError."""
    provider = require_retriable(operation)
    return confirmation_of_retry(operation, [f"A worker does it on the cluster of {provider.name}."])


def _retry(actor: Actor, operation: Operation) -> str:
    again = services.retry_operation(actor=actor, operation=operation)
    return f"{again} is queued again."


@admin.register(WorkspaceProvider)
class WorkspaceProviderAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "hostname",
        "status",
        "reason",
        "status_since",
        "is_default",
        "cordoned_at",
        "last_check_at",
    ]
    list_filter = ["status", "built_in", "is_default", "credential_kind", "status_since"]
    search_fields = ["name"]
    search_help_text = "Name, address, namespace, organization, or the id"
    readonly_fields = ["cause", "allowed"]
    fields = [
        ("name", "hostname", "devurl_host"),
        ("built_in", "is_default", "ssh_enabled"),
        ("cluster_address", "namespace", "credential_kind"),
        ("storage_class", "envproxy_image", "envproxy_replicas"),
        *SCHEDULING,
        ("status", "status_since"),
        "cause",
        ("cordoned_at", "cordoned_by", "cordon_reason"),
        ("last_check_at", "last_check_ms", "next_check_at", "failed_checks", "failing_since"),
        ("kubernetes_version", "chart_version", "release_revision", "deployed_at"),
        ("last_beat_at", "last_beat_access_url"),
        "allowed",
        ("created_at", "revision", "id"),
    ]
    helps = (Help(name="check", label="Check now", ask=_ask_to_check, do=_check),)

    @admin.display(description="cause and remedy")
    def cause(self, provider: WorkspaceProvider) -> str:
        if not provider.reason:
            return ""
        reason = reason_for(provider.reason)
        return f"{reason.title}. {provider.message} {reason.remedy}"

    @admin.display(description="allowed organizations")
    def allowed(self, provider: WorkspaceProvider) -> SafeString:
        entries = provider.allowlist.select_related("organization").order_by("organization__name")
        shown = list(entries[: MOST_ALLOWED + 1])
        rows = [(each.organization, "closing" if each.closing else "") for each in shown[:MOST_ALLOWED]]
        return listed(rows, more=entries.count() - len(rows) if len(shown) > MOST_ALLOWED else 0)


@admin.register(Operation)
class OperationAdmin(AbstractOperationAdmin):
    list_display = ["requested_at", "kind", "provider_name", "state", "requested_by_name", "error_code", "attempts"]
    list_filter = ["kind", "state", "requested_at", "finished_at"]
    date_hierarchy = "requested_at"
    search_fields = ["provider_name"]
    search_help_text = "Provider, person, error code, or the id"
    fields = [
        ("kind", "provider", "provider_name", "requested_by_name"),
        ("state", "attempts", "cancel_requested"),
        ("requested_at", "started_at", "finished_at", "lease_expires_at"),
        ("error_code", "error_text"),
        "log",
        "id",
    ]
    helps = (Help(name="retry", label="Retry", ask=_ask_to_retry, do=_retry),)

    def helps_for(self, thing: Operation) -> tuple[Help, ...]:
        return self.helps if thing.state == OperationState.FAILED else ()

    def find(self, rows: QuerySet[Operation], text: str) -> QuerySet[Operation]:
        for word in text.split():
            by_name = Q(provider_name__icontains=word) | Q(requested_by_name__icontains=word)
            rows = rows.filter(by_name | Q(error_code=word))
        return rows


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "provider", "kind", "old", "new", "reason", "actor_name"]
    list_filter = ["kind", "at"]
    list_select_related = ["provider"]
    date_hierarchy = "at"
    search_fields = ["provider"]
    search_help_text = "The provider, as in the list of providers"
    fields = ["at", "provider", "kind", ("old", "new"), "reason", "message", "actor_name"]

    def find(self, rows: QuerySet[StatusChange], text: str) -> QuerySet[StatusChange]:
        return rows.filter(provider__in=WorkspaceProvider.objects.search(text).values("pk"))


def _in_error() -> Found:
    rows = WorkspaceProvider.objects.filter(status=ProviderStatus.ERROR).order_by("-status_since")
    return newest(
        rows,
        lambda provider: Entry(
            name=provider.name,
            url=address_of(provider),
            why=provider.message or reason_for(provider.reason).title,
            since=provider.status_since,
        ),
    )


def _unchecked() -> Found:
    return newest(
        unchecked(WorkspaceProvider.objects.all()),
        lambda provider: Entry(
            name=provider.name,
            url=address_of(provider),
            why="No scheduler or no worker for checks may be running, or the broker does not answer.",
            since=provider.last_check_at,
        ),
    )


def _operations(query: str) -> str:
    return f"{reverse('admin:providers_operation_changelist')}?{query}"


add_panels(
    Panel(
        title="Providers in Error",
        calm="No provider is in Error",
        model=WorkspaceProvider,
        url=lambda: f"{reverse('admin:providers_workspaceprovider_changelist')}?status__exact=error",
        find=_in_error,
    ),
    Panel(
        title="Providers not checked lately",
        calm="Every provider is checked in time",
        model=WorkspaceProvider,
        url=lambda: f"{reverse('admin:providers_workspaceprovider_changelist')}?o=8",
        find=_unchecked,
    ),
    Panel(
        title="Operations on providers that are stuck",
        calm="No operation on a provider is stuck",
        model=Operation,
        url=lambda: _operations("state__exact=running"),
        find=lambda: newest(stuck(Operation.objects.all(), longest=LONGEST), stuck_entry),
    ),
    Panel(
        title="Operations on providers that failed in the last day",
        calm="No operation on a provider failed in the last day",
        model=Operation,
        url=lambda: _operations("state__exact=failed"),
        find=lambda: newest(failed_lately(Operation.objects.all()), failed_entry),
    ),
)
