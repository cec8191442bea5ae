"""Programs that call the API with a token, and what they get."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from audit.services import Actor
from organizations.choices import TokenScope
from organizations.models import User
from organizations.services import create_token

ROOT = "/api/v1"


class Program:
    """Calls with a token of `user`, or with `secret`."""

    def __init__(self, user: User | None = None, *scopes: TokenScope, secret: str = "", **headers: str) -> None:
        self.secret = secret or (make_token(user, *scopes) if user else "")
        self.headers = headers
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        sent = {name.replace("_", "-"): value for name, value in (self.headers | headers).items()}
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        data = body if isinstance(body, bytes | str) else "" if body is None else json.dumps(body)
        return self.client.generic(method, ROOT + path, data, "application/json", headers=sent)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PUT", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, body, **headers)


def make_token(user: User, *scopes: TokenScope, name: str = "") -> str:
    name = name or f"token {user.api_tokens.count() + 1}"
    _, secret = create_token(actor=Actor(user=user), name=name, scopes=scopes or [TokenScope.WRITE])
    return secret


def problem_of(response: HttpResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    return document


def fields_of(response: HttpResponse) -> set[str]:
    """The fields that are named in a 422."""
    return {error["field"] for error in problem_of(response, 422)["errors"]}
