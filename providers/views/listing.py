"""The list of providers, one provider, and the marks that keep both fresh."""

from functools import cache
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling, reswap, trigger_client_event

from coderadmin.htmx import path_of_page, wants_partial
from providers.cards import Card, digest, for_cards, for_closed_cards, make_cards, marks_state
from providers.choices import ProviderStatus
from providers.filters import SORT_LABELS, ProviderFilter, facets_of
from providers.models import WorkspaceProvider
from providers.policies import can_manage, require_view
from providers.querysets import WorkspaceProviderQuerySet
from providers.tally import CountedPaginator, Overview, load_overview
from providers.views.scope import person_of

PAGE_SIZE = 50
ALL = "all"


@require_safe
def provider_list(request: HttpRequest) -> HttpResponse:
    visible = _visible(request)
    wanted = ProviderFilter.from_query(request.GET)
    everything = cache(load_overview)  # a search asks it for a whole page only; whoever may see one sees all
    tally, found = wanted.find(visible, everything)  # an index alone leads to the last page
    opened = None if request.GET.get("expand") == ALL else set(_ids(request.GET, "expanded"))
    page = CountedPaginator(found, PAGE_SIZE, count=tally.count(wanted.status)).get_page(request.GET.get("page"))
    rows = WorkspaceProvider.objects.filter(pk__in=page.object_list).sorted_by(wanted.sort)
    cards = for_closed_cards(rows) if opened == set() else for_cards(rows)
    context = {
        "page": page,
        "filter": wanted,
        "facets": facets_of(tally),
        "sorts": SORT_LABELS.items(),
        "can_manage": can_manage(request.user),
        **_cards_context(make_cards(list(cards), user=request.user, opened=opened)),
    }
    if wants_partial(request):
        return render(request, "providers/partials/provider_results.html", context)
    return render(request, "providers/provider_list.html", context | {"totals": _totals(everything())})


@require_safe
def provider_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page of one provider, or the body of its card. `waiting`: only once a requested check is done."""
    provider = _visible(request).filter(pk=pk).first()
    if provider is None and wants_partial(request):
        return _gone(request, pk)
    if provider is None:
        raise Http404
    cards = make_cards([provider], user=request.user, with_year=_is_on_own_page(request))
    if not wants_partial(request):
        return render(request, "providers/provider_detail.html", _cards_context(cards) | {"card": cards[0]})
    if "waiting" in request.GET and cards[0].check_state == "waiting":
        return HttpResponse(status=204)
    response = render(request, "providers/partials/provider_body.html", {"card": cards[0], "swap": True})
    if "waiting" in request.GET:
        response.status_code = HttpResponseStopPolling.status_code
    return response


def _is_on_own_page(request: HttpRequest) -> bool:
    """Whether it is the page of this provider, or a fragment for it; else the card is one of a list."""
    return not wants_partial(request) or path_of_page(request) == request.path


def _gone(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What an open page hears about a provider that was deleted: the card says so, and nothing is asked any more."""
    response = render(request, "providers/partials/provider_chips.html", {"gone": [pk]})
    response.status_code = HttpResponseStopPolling.status_code
    return reswap(response, "none")


@require_safe
def provider_chips(request: HttpRequest) -> HttpResponse:
    """The marks of the cards on a page, unless it says by If-None-Match that it shows them: then 304, as HTTP has it.

    `state` is what it shows of each card, so that only those are told to load again that have changed.
    """
    visible = _visible(request)
    ids = _ids(request.GET, "ids")[:PAGE_SIZE]
    rows = for_closed_cards(visible).in_bulk(ids)
    cards = make_cards([rows[pk] for pk in ids if pk in rows], user=request.user, opened=set())
    gone = [pk for pk in ids if pk not in rows]
    shown = request.GET.get("state", "")
    context = _cards_context(cards) | {"gone": gone}
    if request.headers.get("If-None-Match") == f'"{context["mark"]}"' and not gone:
        return HttpResponseNotModified()
    response = render(request, "providers/partials/provider_chips.html", context)
    response.status_code = 200 if cards else HttpResponseStopPolling.status_code
    before = dict(zip(ids, shown.split("."), strict=False))
    for card in cards:
        if before.get(card.provider.pk) != card.state:
            trigger_client_event(response, f"provider-changed-{card.provider.pk}")
    return response


def _visible(request: HttpRequest) -> WorkspaceProviderQuerySet:
    """The providers that this person may see. Raises PermissionDenied for those to whom these pages are closed."""
    person = person_of(request)
    require_view(person)
    return WorkspaceProvider.objects.visible_to(person)


def _cards_context(cards: list[Card]) -> dict[str, Any]:
    ids = ",".join(str(card.provider.pk) for card in cards)
    state = marks_state(cards)
    return {"cards": cards, "ids": ids, "state": state, "mark": digest((state,))}


def _totals(everything: Overview) -> dict[str, int]:
    """Numbers for the subtitle."""
    return {
        "providers": everything.tally.count(),
        "troubled": everything.tally.count(ProviderStatus.ERROR),
        "environments": everything.environments,
    }


def _ids(query: QueryDict, name: str) -> list[UUID]:
    """The ids of a parameter that may be repeated and hold several with commas between; others are passed over."""
    texts = ",".join(query.getlist(name)).split(",")
    return [UUID(text) for text in texts if _is_uuid(text)]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
