"""The pages of people and organizations."""

from organizations.views.account import account, home, password_change
from organizations.views.audit import audit_export_csv, audit_export_json, audit_list, organization_history
from organizations.views.command_line import command_line_token
from organizations.views.members import member_add, member_remove, member_set_role
from organizations.views.organizations import (
    organization_detail,
    organization_environments,
    organization_list,
    organization_providers,
    organization_set_default,
    organization_update,
)
from organizations.views.password_links import password_forgotten, password_link
from organizations.views.sign_in import sign_in_locked
from organizations.views.support import user_set_support_staff
from organizations.views.tokens import token_create, token_end, token_list, user_token_end, user_tokens
from organizations.views.user_changes import (
    user_activate,
    user_deactivate,
    user_invite,
    user_reset_password,
    user_set_organizations,
    user_set_site_role,
)
from organizations.views.users import user_create, user_detail, user_list

__all__ = [
    "account",
    "audit_export_csv",
    "audit_export_json",
    "audit_list",
    "command_line_token",
    "home",
    "member_add",
    "member_remove",
    "member_set_role",
    "organization_detail",
    "organization_environments",
    "organization_history",
    "organization_list",
    "organization_providers",
    "organization_set_default",
    "organization_update",
    "password_change",
    "password_forgotten",
    "password_link",
    "sign_in_locked",
    "token_create",
    "token_end",
    "token_list",
    "user_activate",
    "user_create",
    "user_deactivate",
    "user_detail",
    "user_invite",
    "user_list",
    "user_reset_password",
    "user_set_organizations",
    "user_set_site_role",
    "user_set_support_staff",
    "user_token_end",
    "user_tokens",
]
