"""What envproxy asks about people: what a ticket is good for, and whether a session still is."""

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from environments.forms.envproxy import ticket_of, uses_of
from environments.models import Environment
from environments.services import check_uses, redeem_ticket
from environments.services.sessions import SESSION_LIFETIME
from providers.bearer import CallError, Document, envproxy_call
from providers.kube.environment_objects import PORT, object_name
from providers.services import provider_of_token

ASK_AGAIN_SECONDS = 10


@envproxy_call(limit_kib=16)
@sensitive_variables()
def envproxy_sessions(request: HttpRequest, token: str, document: Document) -> Document:
    provider = provider_of_token(token)
    redeemed = redeem_ticket(provider=provider, ticket=ticket_of(document))
    if redeemed is None:
        raise CallError(404, "not_found", "This ticket is unknown, was used, has expired or is of another provider.")
    session, row = redeemed
    expires_in = int(SESSION_LIFETIME.total_seconds())
    return {"session": session, "environment": str(row.environment_id), "expires_in": expires_in}


@envproxy_call(limit_kib=2048)  # 500 uses, each with all of a cookie header that a stranger may have sent
@sensitive_variables()
def envproxy_access(request: HttpRequest, token: str, document: Document) -> Document:
    provider = provider_of_token(token)
    verdicts = [_verdict(environment) for environment in check_uses(provider=provider, uses=uses_of(document))]
    return {"verdicts": verdicts, "ask_again_seconds": ASK_AGAIN_SECONDS}


def _verdict(environment: Environment | None) -> Document:
    if environment is None:
        return {"allowed": False}
    service = object_name(environment.name, environment.pk)
    return {"allowed": True, "state": environment.status, "service": service, "port": PORT}
