"""A request with an Idempotency-Key is done once: sent again within a day, it gets the same answer.

Row, change and answer are one transaction. Of two at once the second waits for the first, and then finds its answer.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from coderadmin.api.callers import Caller
from coderadmin.api.problems import ProblemError
from organizations.models import StoredAnswer

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255
KEY_PURPOSE = b"coderadmin idempotent answer"
KEPT_HEADERS = ("Content-Type", "ETag", "Location")


@sensitive_variables()
def once(request: HttpRequest, caller: Caller | None, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """What `answer` gives, or gave. Only a success is kept: what was refused may be tried again with the same key."""
    key = request.headers.get(HEADER, "")
    if request.method != "POST" or caller is None or not key:
        return answer()
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        detail = f"{HEADER} has at most {LONGEST_KEY} printable ASCII characters."
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_idempotency_key", detail)
    digest, asked = _digest(key.encode()), _digest(_asker(request, caller), request.body)
    StoredAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    with transaction.atomic():
        row, is_new = StoredAnswer.objects.get_or_create(
            user=caller.user, key_digest=digest, defaults={"request_digest": asked}
        )
        if not is_new:
            return _again(row, asked, _cipher(caller, key))
        response = answer()
        if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            row.status, row.body = response.status_code, _cipher(caller, key).encrypt(response.content).decode()
            row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
            row.save(update_fields=["status", "body", "headers"])
        else:
            transaction.set_rollback(True)
    return response


def _again(row: StoredAnswer, asked: str, cipher: Fernet) -> HttpResponse:
    if row.request_digest != asked:
        detail = f"This {HEADER} was used for another request. Take a new one for each request."
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
    try:
        body = cipher.decrypt(row.body.encode())
    except InvalidToken:  # SECRET_KEY is another one by now
        detail = "This request was done, but its answer can't be read any more. Look at what it has made."
        raise ProblemError(HTTPStatus.CONFLICT, "answer_lost", detail) from None
    return HttpResponse(body, status=row.status, headers=row.headers | {"Idempotency-Replayed": "true"})


def _asker(request: HttpRequest, caller: Caller) -> bytes:
    """Another token of the person may do less: it gets no answer that this one got."""
    return f"{caller.token.pk if caller.token else ''}\n{request.get_full_path()}\n".encode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _cipher(caller: Caller, key: str) -> Fernet:
    """Whoever has the database alone can't open it: that takes the caller's key."""
    material = HKDF(algorithm=SHA256(), length=32, salt=caller.user.pk.bytes, info=KEY_PURPOSE)
    return Fernet(base64.urlsafe_b64encode(material.derive(f"{settings.SECRET_KEY}\n{key}".encode())))
