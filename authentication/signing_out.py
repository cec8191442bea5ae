"""Signing out at the sign-in service, too: the session of whoever came in by it knows where.

No ID token is kept for it, which would be one more secret in the database: the service knows the client by its id and
asks the person.
"""

from urllib.parse import urlencode

from django.http import HttpRequest

from authentication.addresses import signed_out_uri
from authentication.configuration import Configuration

KEY = "sign_out_there"


def remember(request: HttpRequest, configuration: Configuration, endpoint: str) -> None:
    """`endpoint`: empty where the service has none. Before the person is signed in, which keeps what is noted."""
    if endpoint:
        request.session[KEY] = {"endpoint": endpoint, "client_id": configuration.client_id}


def address(request: HttpRequest) -> str:
    """For a link. Empty for whoever came in another way."""
    noted = request.session.get(KEY)
    if not noted:
        return ""
    query = urlencode({"client_id": noted["client_id"], "post_logout_redirect_uri": signed_out_uri(request)})
    return f"{noted['endpoint']}{'&' if '?' in noted['endpoint'] else '?'}{query}"
