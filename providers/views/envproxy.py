"""Where envproxy calls home. It shows its own token; cookies of people mean nothing here."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from audit.services import client_address
from providers.access_urls import answering_urls
from providers.forms.beat import BeatForm
from providers.services import receive_beat

BODY_LIMIT = 64 * 1024  # bytes; a beat with a token and a CA has about 4 KiB
INTERVAL_SECONDS = 15


@csrf_exempt
@login_not_required
@never_cache
@require_POST
@sensitive_variables()
def envproxy_beat(request: HttpRequest) -> JsonResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _unauthorized("Send the header Authorization: Bearer, with the provider's token.")
    body = request.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        return _error(413, "too_large", f"A beat has at most {BODY_LIMIT // 1024} KiB.")
    document = _document(body)
    if document is None:
        return _error(400, "not_json", "Send one JSON object.")
    form = BeatForm(document)
    if not form.is_valid():
        return _invalid(*form.first_error())
    try:
        urls = answering_urls()
        through = urls.matching(host=request.get_host())
        provider = receive_beat(token=token.strip(), beat=form.beat(), address=client_address(request), through=through)
    except PermissionDenied as error:
        return _unauthorized(str(error))
    except ValidationError as error:
        return _invalid("cluster_address", error.messages[0])
    return JsonResponse({"provider": provider.name, "access_url": urls.current, "interval_seconds": INTERVAL_SECONDS})


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _unauthorized(message: str) -> JsonResponse:
    response = _error(401, "unauthorized", message)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _invalid(field: str, message: str) -> JsonResponse:
    return _error(422, "invalid", message, field=field)


def _error(status: int, code: str, message: str, **more: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "msg": message, **more}}, status=status)
