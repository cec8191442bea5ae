"""Environments and their work for support staff."""

from django.contrib import admin

from audit.admin import ReadOnlyAdmin, ReadOnlyInline
from environments.models import (
    Environment,
    EnvironmentOperation,
    EnvironmentOperationLine,
    EnvironmentSession,
    Image,
    ImageTag,
)


class LineInline(ReadOnlyInline):
    model = EnvironmentOperationLine
    fields = readonly_fields = ("at", "level", "text", "remedy")


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    list_display = ["name", "owner", "organization", "provider", "status", "status_since"]
    list_filter = ["status", "status_since"]
    list_select_related = ["owner", "organization", "provider"]
    search_fields = ["name", "owner__email", "organization__name", "provider__name", "image"]
    fields = [
        ("name", "owner"),
        ("organization", "provider"),
        ("image", "tag"),
        ("cpu_cores", "memory_gb", "disk_gb", "gpus"),
        ("status", "status_since"),
        "message",
        ("active_at", "next_observation_at"),
        ("created_at", "revision"),
    ]


@admin.register(EnvironmentOperation)
class EnvironmentOperationAdmin(ReadOnlyAdmin):
    list_display = ["requested_at", "kind", "environment", "state", "requested_by_name", "error_code", "attempts"]
    list_filter = ["kind", "state", "requested_at"]
    list_select_related = ["environment__owner"]
    search_fields = ["environment__name", "environment__owner__email", "requested_by_name", "error_code"]
    fields = [
        ("kind", "environment", "requested_by_name"),
        ("state", "attempts", "cancel_requested"),
        ("requested_at", "started_at", "finished_at", "lease_expires_at"),
        ("error_code", "error_text"),
    ]
    inlines = [LineInline]


@admin.register(EnvironmentSession)
class EnvironmentSessionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "environment", "last_used_at", "expires_at"]
    list_filter = ["created_at", "expires_at"]
    list_select_related = ["user", "environment__owner"]
    search_fields = ["user__email", "environment__name"]
    fields = [("user", "environment"), ("created_at", "last_used_at", "expires_at")]


class TagInline(ReadOnlyInline):
    model = ImageTag
    fields = readonly_fields = ("tag", "is_default", "created_at")


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    list_display = ["repository", "organization", "deprecated", "updated_at"]
    list_filter = ["deprecated", "created_at"]
    list_select_related = ["organization"]
    search_fields = ["repository", "organization__name"]
    fields = [
        ("repository", "organization"),
        ("description", "url"),
        ("default_cpu_cores", "default_memory_gb", "default_disk_gb"),
        ("deprecated", "created_at", "updated_at"),
    ]
    inlines = [TagInline]
