"""The access URL, and who uses which."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from infrastructure.overview import load_overview
from infrastructure.policies import can_manage
from infrastructure.querysets import remote_providers
from infrastructure.views.scope import page_at_new_url, require_reader
from providers.access_urls import answering_urls

PAGE_SIZE = 50


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    require_reader(request)
    page = Paginator(remote_providers(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "overview": load_overview(),
        "page": page,
        "can_manage": can_manage(request.user),
        "page_at_new_url": page_at_new_url(request, answering_urls()),
    }
    return render(request, "infrastructure/overview.html", context)
