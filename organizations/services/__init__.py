"""The verbs on people, organizations and memberships: each checks, changes and audits, in one transaction.

Creating and deleting an organization reach into the apps above: `environments.services.organizations`.
"""

from organizations.services.accounts import (
    activate_user,
    change_password,
    create_user,
    deactivate_user,
    ensure_site_admin,
    reset_password,
    set_site_role,
)
from organizations.services.command_line import make_sign_in_token, regenerate_token
from organizations.services.invitations import accept_invitation, due_invitations, resend_invitation, send_invitation
from organizations.services.memberships import add_member, remove_member, set_member_role, set_organizations
from organizations.services.organizations import set_default_organization, update_organization
from organizations.services.passwords import ask_for_link, choose_password, send_password_link
from organizations.services.support import set_support_staff
from organizations.services.tokens import create_token, end_token, find_token

__all__ = [
    "accept_invitation",
    "activate_user",
    "add_member",
    "ask_for_link",
    "change_password",
    "choose_password",
    "create_token",
    "create_user",
    "deactivate_user",
    "due_invitations",
    "end_token",
    "ensure_site_admin",
    "find_token",
    "make_sign_in_token",
    "regenerate_token",
    "remove_member",
    "resend_invitation",
    "reset_password",
    "send_invitation",
    "send_password_link",
    "set_default_organization",
    "set_member_role",
    "set_organizations",
    "set_site_role",
    "set_support_staff",
    "update_organization",
]
