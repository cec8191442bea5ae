"""Making somebody support staff, and no more."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from audit.services import actor_of
from organizations.confirmations import Confirmation
from organizations.models import User
from organizations.services import set_support_staff
from organizations.services.support import is_support_staff
from organizations.views.scope import ask_and_do, editable_user, user_refusal


class SupportStaffForm(forms.Form):
    """What was asked, so that sending it twice does not turn it round."""

    wanted = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], widget=forms.HiddenInput)


@ask_and_do
@user_refusal
def user_set_support_staff(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    is_one = is_support_staff(user)
    form = SupportStaffForm(
        request.POST if request.method == "POST" else None, initial={"wanted": "no" if is_one else "yes"}
    )
    if not form.is_valid():
        cancel_url = reverse("organizations:user_detail", args=[pk])
        context = vars(_leaving(user) if is_one else _joining(user)) | {"form": form, "cancel_url": cancel_url}
        return render(request, "confirm.html", context)
    wanted = form.cleaned_data["wanted"] == "yes"
    set_support_staff(actor=actor_of(request), user=user, wanted=wanted)
    messages.success(request, f"{user} is {'support staff now' if wanted else 'no support staff any more'}.")
    return redirect("organizations:user_detail", pk=pk)


def _joining(user: User) -> Confirmation:
    return Confirmation(
        title=f"Make {user} support staff",
        submit_label="Make support staff",
        effects=[
            f"{user} sees everything but secrets at /support/: people, organizations, environments, the audit log.",
            "Four things can be done there: check a provider, unlock a sign-in, send an invitation again, retry an "
            "operation that failed.",
            "The site role and the organizations stay as they are.",
        ],
    )


def _leaving(user: User) -> Confirmation:
    return Confirmation(
        title=f"{user} is support staff",
        submit_label="End it",
        effects=[f"{user} sees nothing at /support/ any more, from the next page on. Everything else stays."],
    )
