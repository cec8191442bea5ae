"""What is sent and what is answered: JSON whatever the content type, times that Go reads, integer milliseconds."""

from datetime import datetime
from typing import Any, TypeVar

from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict

from coderadmin.api.bodies import StrictParser

Sent = TypeVar("Sent", bound="Body")

NEVER = "0001-01-01T00:00:00Z"
HOUR = 3_600_000  # milliseconds


class Body(BaseModel):
    """Clients of all versions send it: keys that we do not know are left aside, and null means unchanged."""

    model_config = ConfigDict(extra="ignore")


def read(request: HttpRequest, model: type[Sent]) -> Sent:
    """An empty body is an empty object. Raises ProblemError for what is no JSON, pydantic.ValidationError."""
    document: Any = StrictParser().parse_body(request) if request.body.strip() else {}
    return model.model_validate(document)


def moment(value: datetime | None) -> str:
    return value.isoformat() if value else NEVER
