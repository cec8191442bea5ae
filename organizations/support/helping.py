"""What support staff may do: each asks first, goes through a service and leaves a row in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse

from audit.services import Actor, actor_of
from organizations.confirmations import Confirmation
from organizations.errors import RefusedError
from organizations.views.scope import ask_and_do, say_refusal

if TYPE_CHECKING:
    from organizations.support.pages import ReadOnlyAdmin


@dataclass(frozen=True, kw_only=True)
class Help:
    """`name` stands in the address. `ask` raises RefusedError, `do` also PermissionDenied; `do` says what it did."""

    name: str
    label: str
    ask: Callable[[Any], Confirmation]
    do: Callable[[Actor, Any], str]


def addresses(page: "ReadOnlyAdmin") -> list[URLPattern]:
    return [
        path(
            f"<path:object_id>/{help_.name}/",
            page.admin_site.admin_view(_view(page, help_)),
            name=f"{page.opts.app_label}_{page.opts.model_name}_{help_.name}",
        )
        for help_ in page.helps
    ]


def address_of(thing: Model, name: str = "change") -> str:
    """Of the page of a row at /support/, or of something that can be done with it."""
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{name}", args=[quote(thing.pk)])


def _view(page: "ReadOnlyAdmin", help_: Help) -> Callable[..., HttpResponse]:
    @ask_and_do
    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        thing = page.get_object(request, unquote(object_id))
        if thing is None:
            return page.is_gone(request, object_id)
        if not page.has_view_permission(request, thing):
            raise PermissionDenied
        try:
            if request.method != "POST":
                context = vars(help_.ask(thing)) | {"cancel_url": address_of(thing)}
                return render(request, "confirm.html", context)
            messages.success(request, help_.do(actor_of(request), thing))
        except RefusedError as refusal:
            say_refusal(request, refusal)
        if page.get_object(request, unquote(object_id)) is None:
            return redirect(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
        return redirect(address_of(thing))

    return view
