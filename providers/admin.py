"""Providers and their work for support staff. Credentials and tokens have no page here at all."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import ReadOnlyAdmin, ReadOnlyInline
from providers.models import AllowlistEntry, Operation, OperationLine, StatusChange, WorkspaceProvider
from providers.scheduling import SCHEDULING


class AllowlistInline(ReadOnlyInline):
    model = AllowlistEntry
    fields = readonly_fields = ("organization", "closing", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllowlistEntry]:
        return super().get_queryset(request).select_related("organization", "provider")


class LineInline(ReadOnlyInline):
    model = OperationLine
    fields = readonly_fields = ("at", "level", "text", "remedy")


@admin.register(WorkspaceProvider)
class WorkspaceProviderAdmin(ReadOnlyAdmin):
    list_display = ["name", "hostname", "status", "reason", "is_default", "built_in", "cordoned_at", "last_check_at"]
    list_filter = ["status", "built_in", "is_default", "credential_kind", "reason"]
    search_fields = ["name", "hostname", "cluster_address", "namespace"]
    fields = [
        ("name", "hostname", "devurl_host"),
        ("built_in", "is_default", "ssh_enabled"),
        ("cluster_address", "namespace", "credential_kind"),
        ("storage_class", "envproxy_image", "envproxy_replicas"),
        *SCHEDULING,
        ("status", "reason", "status_since"),
        "message",
        ("cordoned_at", "cordoned_by", "cordon_reason"),
        ("last_check_at", "last_check_ms", "next_check_at", "failed_checks", "failing_since"),
        ("kubernetes_version", "chart_version", "release_revision", "deployed_at"),
        ("last_beat_at", "last_beat_access_url"),
        "evidence",
        ("created_at", "revision"),
    ]
    inlines = [AllowlistInline]


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ["requested_at", "kind", "provider_name", "state", "requested_by_name", "error_code", "attempts"]
    list_filter = ["kind", "state", "requested_at"]
    search_fields = ["provider_name", "requested_by_name", "error_code"]
    fields = [
        ("kind", "provider_name", "requested_by_name"),
        ("state", "attempts", "cancel_requested"),
        ("requested_at", "started_at", "finished_at", "lease_expires_at"),
        ("error_code", "error_text"),
    ]
    inlines = [LineInline]


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "provider", "kind", "old", "new", "reason", "actor_name"]
    list_filter = ["kind", "new", "reason", "at"]
    list_select_related = ["provider"]
    search_fields = ["provider__name", "actor_name", "message"]
    fields = ["at", "provider", "kind", ("old", "new"), "reason", "message", "actor_name"]
