"""Environments, their images and the work on them for support staff."""

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from audit.services import Actor
from environments.choices import EnvironmentStatus
from environments.models import Environment, EnvironmentOperation, EnvironmentSession, Image
from environments.services import retry_environment_operation
from environments.services.operations import require_retriable
from organizations.confirmations import Confirmation
from organizations.support.dashboard import Entry, Found, Panel, add_panels, newest
from organizations.support.helping import Help, address_of
from organizations.support.pages import ReadOnlyAdmin
from providers.choices import OperationState
from providers.support import (
    AbstractOperationAdmin,
    confirmation_of_retry,
    failed_entry,
    failed_lately,
    stuck,
    stuck_entry,
)

LONGEST = settings.BUILD_TIMEOUT + settings.DEPLOY_TIMEOUT + timedelta(minutes=5)  # a build may wait for a deploy
TROUBLE = (EnvironmentStatus.FAILED, EnvironmentStatus.UNKNOWN)


def _ask_to_retry(operation: EnvironmentOperation) -> Confirmation:
    """Raises RefusedError."""
    require_retriable(operation)
    environment = operation.environment
    home = f"A worker does it on {environment.provider}. The home of {environment.name} stays."
    return confirmation_of_retry(operation, [home, "What runs in it may end, if anything does."])


def _retry(actor: Actor, operation: EnvironmentOperation) -> str:
    return f"{retry_environment_operation(actor=actor, operation=operation)} is queued again."


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    list_display = ["name", "owner", "organization", "provider", "status", "status_since"]
    list_filter = ["status", "status_since"]
    list_select_related = ["owner", "organization", "provider"]
    search_fields = ["name"]
    search_help_text = "Name, e-mail or name of the owner, image, or the id"
    fields = [
        ("name", "owner"),
        ("organization", "provider"),
        ("image", "tag"),
        ("cpu_cores", "memory_gb", "disk_gb", "gpus"),
        ("status", "status_since"),
        "message",
        ("active_at", "next_observation_at"),
        ("created_at", "revision", "id"),
    ]


@admin.register(EnvironmentOperation)
class EnvironmentOperationAdmin(AbstractOperationAdmin):
    list_display = ["requested_at", "kind", "environment", "state", "requested_by_name", "error_code", "attempts"]
    list_filter = ["kind", "state", "requested_at", "finished_at"]
    list_select_related = ["environment__owner"]
    date_hierarchy = "requested_at"
    search_fields = ["environment"]
    search_help_text = "The environment, as in the list of environments, or the id"
    fields = [
        ("kind", "environment", "requested_by_name"),
        ("state", "attempts", "cancel_requested"),
        ("requested_at", "started_at", "finished_at", "lease_expires_at"),
        ("error_code", "error_text"),
        "log",
        "id",
    ]
    helps = (Help(name="retry", label="Retry", ask=_ask_to_retry, do=_retry),)

    def helps_for(self, thing: EnvironmentOperation) -> tuple[Help, ...]:
        return self.helps if thing.state == OperationState.FAILED else ()

    def find(self, rows: QuerySet[EnvironmentOperation], text: str) -> QuerySet[EnvironmentOperation]:
        return rows.filter(environment__in=Environment.objects.search(text).values("pk"))


@admin.register(EnvironmentSession)
class EnvironmentSessionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "environment", "last_used_at", "expires_at"]
    list_filter = ["created_at", "expires_at"]
    list_select_related = ["user", "environment__owner"]
    ordering = ["-id"]
    search_fields = ["environment"]
    search_help_text = "The environment, as in the list of environments"
    fields = [("user", "environment"), ("created_at", "last_used_at", "expires_at")]

    def find(self, rows: QuerySet[EnvironmentSession], text: str) -> QuerySet[EnvironmentSession]:
        return rows.filter(environment__in=Environment.objects.search(text).values("pk"))


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    list_display = ["repository", "organization", "deprecated", "updated_at"]
    list_filter = ["deprecated", "created_at"]
    list_select_related = ["organization"]
    search_fields = ["repository"]
    search_help_text = "Repository or organization, or the id"
    readonly_fields = ["tags_there"]
    fields = [
        ("repository", "organization"),
        ("description", "url"),
        ("default_cpu_cores", "default_memory_gb", "default_disk_gb"),
        "tags_there",
        ("deprecated", "created_at", "updated_at"),
    ]

    def find(self, rows: QuerySet[Image], text: str) -> QuerySet[Image]:
        for word in text.split():
            rows = rows.filter(Q(repository__icontains=word) | Q(organization__name__icontains=word))
        return rows

    @admin.display(description="tags")
    def tags_there(self, image: Image) -> SafeString:
        tags = ((f"{each.tag} (default)" if each.is_default else each.tag,) for each in image.tags.all())
        return format_html_join(", ", "{}", tags)


def _in_trouble() -> Found:
    rows = Environment.objects.filter(status__in=TROUBLE).select_related("owner").order_by("-status_since")
    return newest(
        rows,
        lambda environment: Entry(
            name=str(environment),
            url=address_of(environment),
            why=f"{environment.get_status_display()}: {environment.message}".removesuffix(": "),
            since=environment.status_since,
        ),
    )


def _work() -> QuerySet[EnvironmentOperation]:
    return EnvironmentOperation.objects.select_related("environment__owner")


def _operations(query: str) -> str:
    return f"{reverse('admin:environments_environmentoperation_changelist')}?{query}"


add_panels(
    Panel(
        title="Environments failed or unknown",
        calm="No environment is failed or unknown",
        model=Environment,
        url=lambda: f"{reverse('admin:environments_environment_changelist')}?status__in={','.join(TROUBLE)}",
        find=_in_trouble,
    ),
    Panel(
        title="Operations on environments that are stuck",
        calm="No operation on an environment is stuck",
        model=EnvironmentOperation,
        url=lambda: _operations("state__in=queued,running"),
        find=lambda: newest(stuck(_work(), longest=LONGEST), stuck_entry),
    ),
    Panel(
        title="Operations on environments that failed in the last day",
        calm="No operation on an environment failed in the last day",
        model=EnvironmentOperation,
        url=lambda: _operations("state__exact=failed"),
        find=lambda: newest(failed_lately(_work()), failed_entry),
    ),
)
