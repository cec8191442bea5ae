"""Sessions: one's own, and, for those who may edit an account, those of its person."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.services import actor_of
from authentication import confirmations
from authentication.models import Session
from authentication.services import end_session, end_sessions
from organizations.confirmations import Confirmation
from organizations.views.scope import ask_and_do, editable_user, person_of, user_refusal


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    sessions = Session.objects.live_of(person_of(request))
    context = {"sessions": sessions, "own": request.session.row_id}  # type: ignore[attr-defined]
    return render(request, "authentication/session_list.html", context)


@ask_and_do
def session_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    session = get_object_or_404(Session.objects.live_of(person_of(request)), pk=pk)
    return _end(request, session, reverse("authentication:session_list"))


@ask_and_do
def session_end_others(request: HttpRequest) -> HttpResponse:
    back = reverse("authentication:session_list")
    if request.method != "POST":
        return _confirm(request, confirmations.of_other_sessions_end(), back)
    user = end_sessions(actor=actor_of(request), user=person_of(request))
    update_session_auth_hash(request, user)
    messages.success(request, "You are signed out everywhere else.")
    return redirect(back)


@require_safe
def user_sessions(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    context = {"account": user, "sessions": Session.objects.live_of(user)}
    return render(request, "authentication/user_sessions.html", context)


@ask_and_do
def user_session_end(request: HttpRequest, pk: UUID, session: UUID) -> HttpResponse:
    row = get_object_or_404(Session.objects.live_of(editable_user(request, pk)), pk=session)
    return _end(request, row, _page_of_sessions(pk))


@ask_and_do
@user_refusal
def user_sessions_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    if request.method != "POST":
        return _confirm(request, confirmations.of_all_sessions_end(user), _page_of_sessions(pk))
    end_sessions(actor=actor_of(request), user=user)
    messages.success(request, f"{user} is signed out everywhere.")
    return redirect(_page_of_sessions(pk))


def _page_of_sessions(pk: UUID) -> str:
    return reverse("authentication:user_sessions", args=[pk])


def _end(request: HttpRequest, session: Session, back: str) -> HttpResponse:
    if request.method != "POST":
        return _confirm(request, confirmations.of_session_end(session), back)
    end_session(actor=actor_of(request), session=session)
    messages.success(request, f"The session on {session.device} has ended.")
    return redirect(back)


def _confirm(request: HttpRequest, confirmation: Confirmation, back: str) -> HttpResponse:
    return render(request, "confirm.html", confirmation.__dict__ | {"cancel_url": back})
