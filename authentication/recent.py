"""Things that a stolen session shall not do: they ask who it is unless somebody has just signed in."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

RECENT = timedelta(minutes=10)


def is_recent(request: HttpRequest) -> bool:
    """Whether a password, a factor or the sign-in service said in this session, not long ago, who it is."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < RECENT.total_seconds()


def asks_who_it_is(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A decorator. What was sent is not kept: the page is asked for anew afterwards."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_recent(request):
            return view(request, *args, **kwargs)
        return redirect(f"{reverse('authentication:who')}?{urlencode({'next': request.path})}")

    return wrapped
