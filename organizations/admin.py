"""People and organizations for support staff."""

import django.contrib.auth.admin  # noqa: F401 - registers Group, so that it can be taken out below
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from audit.admin import ReadOnlyAdmin, ReadOnlyInline
from organizations.models import Membership, Organization, User

admin.site.unregister(Group)  # roles are our own


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ["user", "organization", "role"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "organization")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["email", "name", "username", "site_role", "is_active", "is_staff", "last_login"]
    list_filter = ["site_role", "is_active", "is_staff", "must_change_password"]
    search_fields = ["email", "name", "username"]
    fields = [
        ("email", "name", "username"),
        "site_role",
        ("is_active", "is_staff", "must_change_password"),
        ("created_at", "last_login"),
    ]
    inlines = [MembershipInline]


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ["name", "description", "is_default", "people", "created_at"]
    list_filter = ["is_default"]
    search_fields = ["name", "description"]
    fields = [
        "name",
        "description",
        ("is_default", "created_at"),
        ("quota_cpu_cores", "quota_memory_gb", "quota_disk_gb", "quota_gpus"),
        "auto_off_hours",
    ]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return super().get_queryset(request).annotate(people=Count("memberships"))

    @admin.display(ordering="people")
    def people(self, organization: Organization) -> int:
        return organization.people  # type: ignore[attr-defined]
