"""People, organizations, locked sign-ins and the audit log for support staff."""

from datetime import datetime
from ipaddress import ip_address
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from audit.models import AuditEvent
from audit.services import Actor
from audit.words import AREAS, action_in_words
from organizations.actions import waits_for_invited
from organizations.confirmations import Confirmation, of_invitation
from organizations.models import Organization, User
from organizations.services.invitations import require_open, resend_invitation
from organizations.services.locks import Lock, locks, require_locked, unlock_sign_in
from organizations.support.dashboard import Entry, Found, Panel, add_panels, first_of
from organizations.support.helping import Help
from organizations.support.pages import ReadOnlyAdmin, listed

MOST_MEMBERSHIPS = 50


def _ask_to_unlock(email: str) -> Confirmation:
    """Raises RefusedError."""
    addresses = ", ".join(lock.address for lock in require_locked(email))
    return Confirmation(
        title=f"Unlock {email}",
        submit_label="Unlock",
        effects=[
            f"{email} may try to sign in again at once, also from {addresses}.",
            "The wrong passwords so far are forgotten; nobody learns a password or gets a new one.",
            f"After {settings.AXES_FAILURE_LIMIT} more wrong passwords it is locked again.",
        ],
    )


def _unlock(actor: Actor, email: str) -> str:
    unlock_sign_in(actor=actor, email=email)
    return f"{email} can sign in again."


def _ask_to_invite(user: User) -> Confirmation:
    """Raises RefusedError."""
    require_open(user)
    return of_invitation(user)


def _invite(actor: Actor, user: User) -> str:
    resend_invitation(actor=actor, user=user)
    return f"The invitation is sent to {user.email} again."


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["email", "name", "username", "site_role", "is_active", "is_staff", "last_login"]
    list_filter = ["site_role", "is_active", "is_staff", "must_change_password"]
    search_fields = ["email"]
    search_help_text = "E-mail, name, username, organization, or the id"
    readonly_fields = ["invitation_there", "organizations_there"]
    fields = [
        ("email", "name", "username"),
        "site_role",
        ("is_active", "is_staff", "must_change_password"),
        ("created_at", "last_login"),
        "invitation_there",
        "organizations_there",
        "id",
    ]
    helps = (
        Help(
            name="unlock",
            label="Unlock sign-in",
            ask=lambda user: _ask_to_unlock(user.email),
            do=lambda actor, user: _unlock(actor, user.email),
        ),
        Help(name="invite", label="Send the invitation again", ask=_ask_to_invite, do=_invite),
    )

    def helps_for(self, thing: User) -> list[Help]:
        return [each for each in self.helps if each.name != "invite" or waits_for_invited(thing)]

    @admin.display(description="invitation")
    def invitation_there(self, user: User) -> str:
        """What became of it."""
        context = {"invitation": getattr(user, "invitation", None)}
        return render_to_string("organizations/partials/invitation.html", context) if context["invitation"] else "none"

    @admin.display(description="organizations")
    def organizations_there(self, user: User) -> SafeString:
        memberships = user.memberships.select_related("organization").order_by("organization__name")
        return listed((each.organization, each.get_role_display()) for each in memberships)


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ["name", "description", "is_default", "people", "environments", "created_at"]
    list_filter = ["is_default"]
    search_fields = ["name"]
    search_help_text = "Name, description, or the id"
    readonly_fields = ["people", "environments", "members_there"]
    fields = [
        "name",
        "description",
        ("is_default", "created_at"),
        ("quota_cpu_cores", "quota_memory_gb", "quota_disk_gb", "quota_gpus"),
        "auto_off_hours",
        ("people", "environments"),
        "members_there",
        "id",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return super().get_queryset(request).with_counts()  # type: ignore[attr-defined]

    @admin.display(ordering="member_count")
    def people(self, organization: Organization) -> int:
        return organization.member_count  # type: ignore[attr-defined]

    @admin.display(ordering="environment_count")
    def environments(self, organization: Organization) -> int:
        return organization.environment_count  # type: ignore[attr-defined]

    @admin.display(description="members")
    def members_there(self, organization: Organization) -> SafeString:
        memberships = organization.memberships.select_related("user").order_by("user__email")[:MOST_MEMBERSHIPS]
        rows = [(each.user, each.get_role_display()) for each in memberships]
        return listed(rows, more=self.people(organization) - len(rows))


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """What axes keeps of wrong passwords. What was sent with them is not shown."""

    list_display = ["username", "ip_address", "failures_since_start", "attempt_time", "counts_until"]
    list_filter = ["attempt_time"]
    search_fields = ["username"]
    search_help_text = "The whole e-mail, or the address"
    ordering = ["-attempt_time"]
    readonly_fields = ["counts_until"]
    fields = [
        ("username", "ip_address"),
        ("failures_since_start", "attempt_time", "counts_until"),
        "user_agent",
    ]
    helps = (
        Help(
            name="unlock",
            label="Unlock sign-in",
            ask=lambda attempt: _ask_to_unlock(attempt.username),
            do=lambda actor, attempt: _unlock(actor, attempt.username),
        ),
    )

    @admin.display(ordering="attempt_time")
    def counts_until(self, attempt: AccessAttempt) -> datetime:
        end: datetime = attempt.attempt_time + settings.AXES_COOLOFF_TIME
        return end

    def find(self, rows: QuerySet[AccessAttempt], text: str) -> QuerySet[AccessAttempt]:
        """An address holds digits and dots or colons, an e-mail an @."""
        return rows.filter(username=text.lower()) if "@" in text else _from_address(rows, text)


def _from_address(rows: QuerySet[AccessAttempt], text: str) -> QuerySet[AccessAttempt]:
    try:
        return rows.filter(ip_address=str(ip_address(text)))
    except ValueError:
        return rows.none()


class AreaFilter(admin.SimpleListFilter):
    """By what an event is about. Django's own would look through the whole table for the choices."""

    title = "area"
    parameter_name = "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(AREAS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(area=self.value()) if self.value() in AREAS else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "what", "target_type", "target_name", "outcome", "address"]
    list_filter = ["outcome", AreaFilter, "at"]
    search_fields = ["words"]
    search_help_text = "Person, action, object, its id, or the address"
    ordering = ["-at", "-id"]
    sortable_by = ["at"]
    readonly_fields = ["what"]
    fields = [
        ("at", "outcome"),
        ("actor_name", "address"),
        ("what", "action"),
        ("target_type", "target_name", "target_id"),
        ("before", "after"),
    ]

    @admin.display(description="action")
    def what(self, event: AuditEvent) -> str:
        return action_in_words(event.action)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The id of an object finds what happened to it."""
        return (self.find(queryset, search_term) if search_term.strip() else queryset), False


def _locked() -> Found:
    return first_of(_lock_entry(lock) for lock in locks())


def _lock_entry(lock: Lock) -> Entry:
    return Entry(
        name=lock.email,
        url=reverse("admin:axes_accessattempt_change", args=[lock.attempt_id]),
        why=f"{lock.failures} wrong passwords from {lock.address}; locked until {lock.ends_at:%H:%M} UTC",
        since=None,
    )


add_panels(
    Panel(
        title="Locked sign-ins",
        calm="No sign-in is locked",
        model=AccessAttempt,
        url=lambda: reverse("admin:axes_accessattempt_changelist"),
        find=_locked,
    )
)
