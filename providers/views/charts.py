"""Our chart as a repository that any Helm can read. It holds no secret, so that nobody signs in for it."""

import hashlib

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from providers.helm.package import archive, chart_version, index
from providers.helm.release import CHART_NAME

HELM_MAY_KEEP = 300  # seconds; after an upgrade of this deployment the same address may hold another chart


def _etag(*_: object, **__: object) -> str:
    return f'"{hashlib.sha256(archive()).hexdigest()}"'


@login_not_required
@require_safe
@cache_control(public=True, max_age=HELM_MAY_KEEP)
@condition(etag_func=_etag)
def chart_index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(index(), content_type="application/yaml")


@login_not_required
@require_safe
@cache_control(public=True, max_age=HELM_MAY_KEEP)
@condition(etag_func=_etag)
def chart_download(request: HttpRequest, chart: str, version: str) -> HttpResponse:
    if (chart, version) != (CHART_NAME, chart_version()):
        raise Http404
    return HttpResponse(archive(), content_type="application/gzip")
