"""The audit trail for support staff, and the read-only base of every page at /support/."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from audit.models import AuditEvent


class ReadOnlyAdmin(admin.ModelAdmin):
    """Support staff look at everything that is not a secret and change nothing. Name the fields to show in `fields`."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Raises SuspiciousOperation for a filter that no database takes; Django would fail on it."""
        if any("\0" in text for _, texts in request.GET.lists() for text in texts):
            raise SuspiciousOperation("A filter holds a NUL character.")
        return super().changelist_view(request, extra_context)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_active and bool(getattr(request.user, "is_staff", False))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows below the page of what they belong to. Name the fields to show in `fields`."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # the page around it has asked

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "action", "target_type", "target_name", "outcome", "address"]
    list_filter = ["outcome", "target_type", "at"]
    search_fields = ["actor_name", "action", "target_name", "target_id", "address"]
    fields = [
        ("at", "outcome"),
        ("actor_name", "address"),
        "action",
        ("target_type", "target_name", "target_id"),
        ("before", "after"),
    ]
