"""Accounts, for those who run the deployment."""

from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_variables
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data, sent_fields
from coderadmin.api.callers import ANYBODY, person_of
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from organizations import services
from organizations.api.schemas import NewUserOut, PasswordOut, TokenOut, UserIn, UserOut, UserPatch, user_out
from organizations.api.scope import editable_user, fresh_user, managed_user, require_users
from organizations.choices import SiteRole
from organizations.filters import UserFilter, words_of
from organizations.forms import SiteRoleForm, UserForm, UserOrganizationsForm
from organizations.models import Organization, User
from organizations.policies import require_end_tokens, require_site_manager

router = Router(auth=ANYBODY, tags=["Users"])


class UserQuery(PageQuery):
    q: SearchText = ""
    role: SiteRole | None = None
    state: Literal["active", "deactivated"] | None = None


@router.get("", response=Page[UserOut])
def list_users(request: HttpRequest, asked: Query[UserQuery]) -> dict[str, Any]:
    """By e-mail."""
    require_users(request)
    wanted = UserFilter(text=words_of(request.GET), role=asked.role or "", state=asked.state or "")
    page, cursor = page_of(wanted.narrowed(User.objects.with_memberships()), asked, by="email")
    return answer_page(([user_out(user) for user in page], cursor))


@router.post("", response={201: NewUserOut})
@sensitive_variables()
def create_user(request: HttpRequest, body: UserIn) -> dict[str, Any]:
    """The answer has a temporary password, this once, unless the person is invited by mail."""
    require_site_manager(actor_of(request))
    sent = body.model_dump()
    if sent["invite"] is None:
        sent["invite"] = settings.SENDS_MAIL
    if sent["organizations"] is None:
        sent["organizations"] = list(Organization.objects.filter(is_default=True).values_list("pk", flat=True))
    form = checked(UserForm(form_data(sent), person=person_of(request)))
    wanted = form.cleaned_data | {"site_role": SiteRole(form.cleaned_data["site_role"])}
    user, password = services.create_user(actor=actor_of(request), **wanted)
    return user_out(fresh_user(user.pk)) | {"temporary_password": password or None}


@router.get("/{uuid:user_id}", response=UserOut)
def get_user(request: HttpRequest, user_id: UUID) -> dict[str, Any]:
    return user_out(managed_user(request, user_id))


@router.patch("/{uuid:user_id}", response=UserOut)
def update_user(request: HttpRequest, user_id: UUID, body: UserPatch) -> dict[str, Any]:
    """Site role, organizations, or both; all or nothing."""
    user, sent, actor = managed_user(request, user_id), sent_fields(body), actor_of(request)
    with transaction.atomic():
        if sent.get("site_role"):
            user = editable_user(request, user_id)
            role = checked(SiteRoleForm(form_data(sent), person=person_of(request), user=user))
            services.set_site_role(actor=actor, user=user, site_role=SiteRole(role.cleaned_data["site_role"]))
        if sent.get("organizations") is not None:
            chosen = checked(UserOrganizationsForm(form_data(sent), user=user))
            services.set_organizations(actor=actor, user=user, organizations=chosen.cleaned_data["organizations"])
    return user_out(fresh_user(user_id))


@router.post("/{uuid:user_id}/deactivate", response=UserOut)
def deactivate_user(request: HttpRequest, user_id: UUID) -> dict[str, Any]:
    """Ends sessions and tokens at once. Environments and memberships stay."""
    services.deactivate_user(actor=actor_of(request), user=editable_user(request, user_id))
    return user_out(fresh_user(user_id))


@router.post("/{uuid:user_id}/activate", response=UserOut)
def activate_user(request: HttpRequest, user_id: UUID) -> dict[str, Any]:
    services.activate_user(actor=actor_of(request), user=editable_user(request, user_id))
    return user_out(fresh_user(user_id))


@router.post("/{uuid:user_id}/reset-password", response=PasswordOut)
@sensitive_variables()
def reset_password(request: HttpRequest, user_id: UUID) -> dict[str, str]:
    """Ends every session. The answer has a temporary password, this once."""
    password = services.reset_password(actor=actor_of(request), user=editable_user(request, user_id))
    return {"temporary_password": password}


@router.post("/{uuid:user_id}/invite", response=UserOut)
def invite_user(request: HttpRequest, user_id: UUID) -> dict[str, Any]:
    """Sends the invitation again, while it is not accepted; at most once a minute."""
    services.resend_invitation(actor=actor_of(request), user=editable_user(request, user_id))
    return user_out(fresh_user(user_id))


@router.get("/{uuid:user_id}/tokens", response=Page[TokenOut])
def list_user_tokens(request: HttpRequest, user_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    return answer_page(page_of(_person_with_tokens(request, user_id).api_tokens.all(), asked, by="name"))


@router.delete("/{uuid:user_id}/tokens/{uuid:token_id}", response={204: None})
def end_user_token(request: HttpRequest, user_id: UUID, token_id: UUID) -> None:
    tokens = _person_with_tokens(request, user_id).api_tokens.select_related("user")
    services.end_token(actor=actor_of(request), token=get_object_or_404(tokens, pk=token_id))


def _person_with_tokens(request: HttpRequest, pk: UUID) -> User:
    """Raises PermissionDenied, Http404."""
    user = managed_user(request, pk)
    require_end_tokens(actor_of(request), user)
    return user
