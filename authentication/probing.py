"""A configuration is tried before it is saved."""

from dataclasses import dataclass, field

import requests

from authentication.discovery import ProviderError, read_keys, read_metadata, trouble
from authentication.http import GuardedSession

BOGUS_CODE = "coderadmin-tries-whether-the-client-is-known"
UNKNOWN_CLIENT = "The provider does not know this client ID with this secret. Compare both with what it shows."


@dataclass(frozen=True, kw_only=True)
class Client:
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


def prove(client: Client) -> None:
    """The provider is there, is who it should be, has keys, and knows the client: a code that it never gave is refused
    as such, and not for the client's sake. Raises ProviderError.
    """
    metadata = read_metadata(client.issuer)
    supported = metadata.get("response_types_supported")
    if isinstance(supported, list) and "code" not in supported:
        raise ProviderError("issuer", "The provider does not offer the authorization code flow, which is needed here.")
    read_keys(metadata)
    error = _answer_to_bogus_code(client, metadata)
    match error:
        case "invalid_grant":
            return
        case "invalid_client":
            raise ProviderError("client_secret", UNKNOWN_CLIENT)
        case "unauthorized_client":
            raise ProviderError("client_id", "The provider does not let this client use authorization codes. Allow it.")
        case _:
            says = f"“{error}”" if error else "nothing that could be understood"
            text = f"The client could not be tried: the token endpoint answers {says}."
            raise ProviderError("client_id", f"{text} Check the settings of the client there.")


def uses_basic(metadata: dict[str, object]) -> bool:
    """How the client says who it is: in the form where that is offered, else as the specification has it by default."""
    methods = metadata.get("token_endpoint_auth_methods_supported")
    return not isinstance(methods, list) or "client_secret_post" not in methods


def _answer_to_bogus_code(client: Client, metadata: dict[str, object]) -> str:
    """The code of the error; empty when there was none."""
    url = str(metadata["token_endpoint"])
    sent = {"grant_type": "authorization_code", "code": BOGUS_CODE, "redirect_uri": client.redirect_uri}
    auth: tuple[str, str] | None = None
    if uses_basic(metadata):
        auth = (client.client_id, client.client_secret)
    else:
        sent |= {"client_id": client.client_id, "client_secret": client.client_secret}
    try:
        response = GuardedSession().post(url, data=sent, auth=auth, headers={"Accept": "application/json"})
        answer = response.json()
    except requests.exceptions.JSONDecodeError:
        return "invalid_client" if response.status_code == requests.codes.unauthorized else ""
    except requests.RequestException as error:
        raise ProviderError("issuer", trouble(url, error)) from error
    code = answer.get("error") if isinstance(answer, dict) else None
    return code[:60] if isinstance(code, str) else ""
