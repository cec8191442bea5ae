"""Changes of the access URL and rollouts for support staff."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from infrastructure.choices import RolloutState
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from organizations.support.dashboard import Entry, Found, Panel, add_panels, newest
from organizations.support.helping import address_of
from organizations.support.pages import ReadOnlyAdmin

MOST_STEPS = 200


@admin.register(AccessURLChange)
class AccessURLChangeAdmin(ReadOnlyAdmin):
    list_display = ["requested_at", "old_url", "new_url", "state", "requested_by_name", "ended_at"]
    list_filter = ["state", "requested_at"]
    search_fields = ["new_url"]
    search_help_text = "Either address, or the id"
    readonly_fields = ["last_findings"]
    fields = [
        ("old_url", "new_url"),
        ("state", "requested_by_name"),
        ("requested_at", "switched_at", "confirmed_at", "ended_at"),
        ("checked_at", "last_findings"),
        "id",
    ]

    def find(self, rows: QuerySet[AccessURLChange], text: str) -> QuerySet[AccessURLChange]:
        return rows.filter(Q(old_url__icontains=text) | Q(new_url__icontains=text))

    @admin.display(description="findings of the last check")
    def last_findings(self, change: AccessURLChange) -> SafeString:
        rows = (
            tuple(each.get(name, "") for name in ("level", "label", "detail", "remedy")) for each in change.findings
        )
        return format_html('<ul class="listed">{}</ul>', format_html_join("", "<li>{}: {}. {} {}</li>", rows))


@admin.register(Rollout)
class RolloutAdmin(ReadOnlyAdmin):
    list_display = ["requested_at", "kind", "access_url", "state", "requested_by_name", "paused_at", "ended_at"]
    list_filter = ["kind", "state", "requested_at"]
    search_fields = ["steps"]
    search_help_text = "A provider in it, or the id"
    readonly_fields = ["steps_there"]
    fields = [
        ("kind", "change", "access_url"),
        ("state", "requested_by_name"),
        ("requested_at", "ended_at"),
        ("paused_at", "paused_by_name", "pause_reason"),
        "steps_there",
        "id",
    ]

    def find(self, rows: QuerySet[Rollout], text: str) -> QuerySet[Rollout]:
        return rows.filter(pk__in=RolloutStep.objects.filter(provider_name__icontains=text).values("rollout"))

    @admin.display(description="steps")
    def steps_there(self, rollout: Rollout) -> SafeString:
        steps = rollout.steps.all()[:MOST_STEPS]
        rows = ((each.provider_name, each.get_state_display(), each.failure or each.skip_reason) for each in steps)
        return format_html('<ol class="listed">{}</ol>', format_html_join("", "<li>{}: {} {}</li>", rows))


def _paused() -> Found:
    rows = Rollout.objects.filter(state=RolloutState.PAUSED).order_by("-paused_at")
    return newest(
        rows,
        lambda rollout: Entry(
            name=str(rollout),
            url=address_of(rollout),
            why=rollout.pause_reason or f"Paused by {rollout.paused_by_name}",
            since=rollout.paused_at,
        ),
    )


add_panels(
    Panel(
        title="Paused rollouts of an access URL or an upgrade",
        calm="No change of the access URL and no upgrade is paused",
        model=Rollout,
        url=lambda: f"{reverse('admin:infrastructure_rollout_changelist')}?state__exact=paused",
        find=_paused,
    )
)
