"""What is sent: JSON that is read strictly, and checked by the same forms as on the pages."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Schema
from ninja.parser import Parser
from pydantic import ConfigDict

from coderadmin.api.problems import ProblemError

FormType = TypeVar("FormType", bound=forms.BaseForm)


class Body(Schema):
    """What is sent and not known is an error: a misspelt field would change nothing and say nothing."""

    model_config = ConfigDict(extra="forbid")


class Named(Schema):
    """Something else, by id and name."""

    id: UUID
    name: str


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        """Refuses what no database takes, and what Python's reader would take although it is no JSON."""
        try:
            document = json.loads(request.body, parse_constant=_refuse)
            json.dumps(document, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ProblemError(HTTPStatus.BAD_REQUEST, "unreadable", "The body is no JSON in UTF-8.") from None
        if r"\u0000" in json.dumps(document):
            raise ProblemError(HTTPStatus.BAD_REQUEST, "unreadable", "The body holds a NUL, which no text may.")
        return document


def checked(form: FormType) -> FormType:
    """The form, valid. Raises ValidationError with each error at its field."""
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    return form


def form_data(sent: Mapping[str, Any], *, over: Mapping[str, Any] | None = None, as_json: Iterable[str] = ()) -> dict:
    """As a browser would send it: what was `sent` over what is stored, without nulls; fields of JSON as text."""
    data = {**(over or {}), **sent}
    data |= {name: json.dumps(data[name]) for name in as_json if data.get(name) not in (None, "")}
    return {name: value for name, value in data.items() if value is not None}


def sent_fields(body: Schema) -> dict[str, Any]:
    """What was sent, not what is there by default."""
    return body.model_dump(exclude_unset=True)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
