"""People."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from pydantic import Field, SecretStr

from audit.services import actor_of, record
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import caller_of, person_of
from coderadmin.wire.bodies import Body, moment, read
from coderadmin.wire.routes import Routes
from organizations.choices import SiteRole, TokenScope
from organizations.errors import RefusedError
from organizations.forms import PasswordForm, SiteRoleForm, UserForm
from organizations.models import User
from organizations.policies import require, require_site_manager
from organizations.services import (
    activate_user,
    change_password,
    create_user,
    deactivate_user,
    reset_password,
    set_site_role,
)
from organizations.ssh_keys import ssh_key_of
from organizations.wire.locked import require_not_locked
from organizations.wire.scope import named_user, visible_people

ALL, ONE = "api/v0/users", "api/v0/users/<str:user>"
BUILT_IN = "built-in"
routes = Routes()


class NewUser(Body):
    email: str
    name: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    login_type: str = ""
    organizations: list[str] | None = None


class UserChange(Body):
    revoked: bool | None = None
    roles: list[SiteRole] | None = Field(default=None, min_length=1, max_length=1)
    old_password: SecretStr | None = None
    password: SecretStr | None = None
    temporary_password: bool | None = None
    name: str | None = None
    username: str | None = None
    email: str | None = None
    login_type: str | None = None
    dotfiles_git_uri: str | None = None


FIXED = ("name", "username", "email", "login_type", "dotfiles_git_uri")


@routes.add("GET", ALL)
def list_users(request: HttpRequest) -> list[dict[str, Any]]:
    return [user_shape(user) for user in visible_people(person_of(request)).order_by("email")]


@routes.add("GET", f"{ALL}/me", about_providers=True)
def get_me(request: HttpRequest) -> dict[str, Any]:
    return user_shape(person_of(request))


@routes.add("GET", f"{ALL}/me/sshkey")
@sensitive_variables()
def get_ssh_key(request: HttpRequest) -> dict[str, str]:
    """For `coder config-ssh`. Whoever has the key gets into environments: a token that only reads is not enough."""
    token = caller_of(request).token
    require(token is not None and TokenScope.WRITE in token.scopes, "A token that only reads does not get the SSH key.")
    key, person = ssh_key_of(person_of(request)), person_of(request)
    record(actor=actor_of(request), action="user.read_ssh_key", target=person, after={"public_key": key.public})
    return {"public_key": key.public, "private_key": key.private}


@routes.add("GET", ONE)
def get_user(request: HttpRequest, user: str) -> dict[str, Any]:
    return user_shape(named_user(request, user))


@routes.add("POST", ALL, status=HTTPStatus.CREATED)
@sensitive_variables()
def create_account(request: HttpRequest) -> dict[str, Any]:
    """The answer has the temporary password, this once."""
    require_site_manager(actor_of(request))
    sent = read(request, NewUser)
    if sent.password.get_secret_value():
        raise ValidationError({"password": "Leave it out: the answer has a temporary one."})
    if sent.login_type not in ("", BUILT_IN):
        raise ValidationError({"login_type": f"Only {BUILT_IN} is possible."})
    data = {"email": sent.email, "name": sent.name, "site_role": SiteRole.MEMBER, "organizations": sent.organizations}
    form = checked(UserForm(form_data(data), person=person_of(request)))
    chosen = form.cleaned_data | {"site_role": SiteRole(form.cleaned_data["site_role"])}
    user, password = create_user(actor=actor_of(request), **chosen)
    return user_shape(user) | {"password": password}


@routes.add("PATCH", f"{ALL}/me")
@routes.add("PATCH", ONE)
@sensitive_variables()
def change_user(request: HttpRequest, user: str = "me") -> dict[str, Any] | None:
    """All of it or nothing. A temporary password is made, not taken: the answer has it, this once."""
    account, sent, actor = named_user(request, user), read(request, UserChange), actor_of(request)
    _refuse_fixed(account, sent)
    own_password = _own_password(request, account, sent)
    answer = None
    with transaction.atomic():
        if sent.roles:
            require_site_manager(actor)
            form = checked(SiteRoleForm({"site_role": sent.roles[0]}, person=person_of(request), user=account))
            set_site_role(actor=actor, user=account, site_role=SiteRole(form.cleaned_data["site_role"]))
        if sent.revoked is not None:
            (deactivate_user if sent.revoked else activate_user)(actor=actor, user=account)
        if sent.temporary_password:
            answer = user_shape(account) | {"password": reset_password(actor=actor, user=account)}
        elif own_password:
            change_password(actor=actor, user=account, password=own_password)
    return answer


@routes.add("DELETE", ONE)
def delete_user(request: HttpRequest, user: str) -> None:
    require_site_manager(actor_of(request))
    account = named_user(request, user)
    raise RefusedError(
        f"{account.email} can't be deleted: accounts are kept, with what they did.",
        remedy="Deactivate the account, which ends its sessions and its tokens.",
    )


@routes.add("PUT", "api/private/users/<str:user>/ux-state")
def keep_ux_state(request: HttpRequest, user: str) -> None:
    """What clients want their web page to know. Ours shows none of it."""
    named_user(request, user)


def user_shape(user: User) -> dict[str, Any]:
    return {
        "id": str(user.pk),
        "email": user.email,
        "username": user.username,
        "name": user.name,
        "roles": [user.site_role],
        "temporary_password": user.must_change_password,
        "login_type": BUILT_IN,
        "key_regenerated_at": moment(None),
        "created_at": moment(user.created_at),
        "updated_at": moment(user.created_at),
    }


def _refuse_fixed(account: User, sent: UserChange) -> None:
    """Raises ValidationError for another value of what can't be changed here."""
    present = {"name": account.name, "username": account.username, "email": account.email, "login_type": BUILT_IN}
    present["dotfiles_git_uri"] = ""
    changed = [name for name in FIXED if getattr(sent, name) not in (None, present[name])]
    if changed:
        raise ValidationError(dict.fromkeys(changed, "This can't be changed."))


@sensitive_variables()
def _own_password(request: HttpRequest, account: User, sent: UserChange) -> str:
    """The new one, empty for none. Of others, only a temporary one can be made. Raises ValidationError, ProblemError.

    Not within a transaction: a wrong one is counted, whatever becomes of the request.
    """
    if sent.password is None or sent.temporary_password:
        return ""
    if account != person_of(request):
        raise ValidationError({"password": "Only the person sets it. Send temporary_password to have one made."})
    new, old = sent.password.get_secret_value(), sent.old_password.get_secret_value() if sent.old_password else ""
    form = PasswordForm({"current": old, "new": new, "confirmation": new}, user=account, request=request)
    if not form.is_valid():
        require_not_locked(request)
    return str(checked(form).cleaned_data["new"])
