"""The forms of people and organizations."""

from organizations.forms.accounts import FirstPasswordForm, ForgottenPasswordForm, PasswordForm, SignInForm
from organizations.forms.members import MemberForm, MemberRoleForm
from organizations.forms.organizations import OrganizationCreateForm, OrganizationForm
from organizations.forms.tokens import ApiTokenForm
from organizations.forms.users import SiteRoleForm, UserForm, UserOrganizationsForm

__all__ = [
    "ApiTokenForm",
    "FirstPasswordForm",
    "ForgottenPasswordForm",
    "MemberForm",
    "MemberRoleForm",
    "OrganizationCreateForm",
    "OrganizationForm",
    "PasswordForm",
    "SignInForm",
    "SiteRoleForm",
    "UserForm",
    "UserOrganizationsForm",
]
