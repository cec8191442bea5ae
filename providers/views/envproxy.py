"""Where envproxy calls home."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from audit.services import client_address
from providers.access_urls import answering_urls
from providers.bearer import Document, envproxy_call, invalid
from providers.forms.beat import BeatForm
from providers.services import receive_beat

INTERVAL_SECONDS = 15


@envproxy_call(limit_kib=64)  # a beat with a token and a CA has about 4 KiB
@sensitive_variables()
def envproxy_beat(request: HttpRequest, token: str, document: Document) -> Document:
    form = BeatForm(document)
    if not form.is_valid():
        raise invalid(*form.first_error())
    urls = answering_urls()
    through = urls.matching(host=request.get_host())
    try:
        provider = receive_beat(token=token, beat=form.beat(), address=client_address(request), through=through)
    except ValidationError as error:
        raise invalid("cluster_address", error.messages[0]) from None
    return {"provider": provider.name, "access_url": urls.current, "interval_seconds": INTERVAL_SECONDS}
