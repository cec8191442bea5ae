"""How people and organizations look to programs. What is not named here is not sent."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from coderadmin.api.bodies import Body
from organizations.choices import InvitationState, OrganizationRole, SiteRole, TokenScope
from organizations.models import User


class MembershipOut(Schema):
    id: UUID = Field(description="Of the organization.")
    name: str
    role: OrganizationRole


class InvitationOut(Schema):
    state: InvitationState
    asked_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    problem: str = Field(description="Why the last attempt to send it failed; while it waits, it is tried again.")


class UserOut(Schema):
    id: UUID
    email: str
    name: str
    username: str
    site_role: SiteRole
    is_active: bool
    created_at: datetime
    last_login: datetime | None
    invitation: InvitationOut | None = Field(None, description="Null for a person who was not invited by mail.")
    organizations: list[MembershipOut]


def user_out(user: User) -> dict[str, Any]:
    """UserOut of a person `with_memberships`."""
    names = UserOut.model_fields.keys() - {"organizations", "invitation"}
    organizations = [
        {"id": each.organization.pk, "name": each.organization.name, "role": each.role}
        for each in user.memberships.all()
    ]
    invitation = getattr(user, "invitation", None)
    return {name: getattr(user, name) for name in names} | {"organizations": organizations, "invitation": invitation}


class NewUserOut(UserOut):
    temporary_password: str | None = Field(
        description="Shown this once, to be changed at the first sign-in. Null when an invitation is sent instead."
    )


class PasswordOut(Schema):
    temporary_password: str = Field(description="Shown this once. It must be changed at the next sign-in.")


class UserIn(Body):
    email: str
    name: str = ""
    site_role: SiteRole = SiteRole.MEMBER
    organizations: list[UUID] | None = Field(None, description="Ids. Left out: the default organization.")
    invite: bool | None = Field(
        None, description="Send an invitation instead of making a temporary password. Left out: if mail is set up here."
    )


class UserPatch(Body):
    site_role: SiteRole | None = None
    organizations: list[UUID] | None = Field(None, description="Ids of all: others are left. Kept ones keep the role.")


class TokenOut(Schema):
    id: UUID
    name: str
    scopes: list[TokenScope]
    made_with: UUID | None = Field(alias="made_with_id", description="The token that made it, and ends it with itself.")
    created_at: datetime
    expires_at: datetime
    is_expired: bool
    last_used_at: datetime | None
    last_used_address: str | None


class NewTokenOut(TokenOut):
    token: str = Field(description="Shown this once.")


class TokenIn(Body):
    name: str
    scopes: list[TokenScope]
    days: int = 90


class MeOut(UserOut):
    token: TokenOut | None = Field(description="The one that this request came with; null for a session.")


class OrganizationOut(Schema):
    id: UUID
    name: str
    description: str
    is_default: bool
    quota_cpu_cores: float | None
    quota_memory_gb: int | None
    quota_disk_gb: int | None
    quota_gpus: int | None
    auto_off_hours: int | None
    created_at: datetime
    member_count: int
    environment_count: int
    provider_count: int


class OrganizationPatch(Body):
    name: str | None = None
    description: str | None = None
    quota_cpu_cores: Decimal | None = Field(None, description="Per member. Null: no limit.")
    quota_memory_gb: int | None = None
    quota_disk_gb: int | None = None
    quota_gpus: int | None = None
    auto_off_hours: int | None = Field(None, description="Null: never.")


class OrganizationIn(OrganizationPatch):
    name: str
    is_default: bool = False


class Person(Schema):
    id: UUID
    email: str
    name: str
    is_active: bool


class MemberOut(Schema):
    user: Person
    role: OrganizationRole


class MemberIn(Body):
    email: str
    role: OrganizationRole = OrganizationRole.MEMBER


class MemberPatch(Body):
    role: OrganizationRole


class AuditActor(Schema):
    id: UUID | None
    name: str


class AuditTarget(Schema):
    type: str
    id: str
    name: str


class AuditEventOut(Schema):
    id: int
    at: datetime
    actor: AuditActor
    token: str = Field(description="The name of the API token that the actor asked with; empty for a browser.")
    address: str | None
    action: str
    target: AuditTarget
    before: dict[str, Any]
    after: dict[str, Any]
    outcome: str
