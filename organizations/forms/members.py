"""Adding a member to an organization, and the role in it."""

from django import forms
from django.core.exceptions import ValidationError

from organizations.choices import OrganizationRole
from organizations.models import User

ROLES = [
    (OrganizationRole.MEMBER, "Organization member"),
    (OrganizationRole.MANAGER, "Organization manager, who also manages the members and their environments"),
]


class MemberForm(forms.Form):
    """People are named by their whole e-mail: the form of an organization manager lists nobody."""

    email = forms.EmailField(label="E-mail", max_length=254, help_text="Of somebody who has an account here.")
    role = forms.ChoiceField(choices=ROLES, initial=OrganizationRole.MEMBER)

    def clean_email(self) -> User:
        email = str(self.cleaned_data["email"]).lower()
        user = User.objects.filter(email=email).first()
        if user is None:
            raise ValidationError("Nobody has an account with this e-mail. A site manager can create one.")
        return user


class MemberRoleForm(forms.Form):
    role = forms.ChoiceField(choices=OrganizationRole.choices)
