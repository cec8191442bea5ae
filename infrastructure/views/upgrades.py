"""The upgrade board, and the question before many providers are redeployed."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import actor_of
from infrastructure import confirmations, services
from infrastructure.board import board_of, outdated_of
from infrastructure.choices import ACTIVE_ROLLOUTS, RolloutKind
from infrastructure.forms import RolloutForm
from infrastructure.models import Rollout
from infrastructure.panels import make_panels, url_of_rollout
from infrastructure.policies import can_manage
from infrastructure.querysets import deployed_providers
from infrastructure.views.scope import ask_and_do, confirm, require_manager, require_reader
from organizations.views.scope import refusal_leads_to
from providers.access_urls import access_url
from providers.helm.package import chart_version
from providers.models import WorkspaceProvider

PAGE_SIZE = 50
MOST_PAST = 10
ALL_OUTDATED = "outdated"


@never_cache
@require_safe
def upgrade_board(request: HttpRequest) -> HttpResponse:
    require_reader(request)
    present, managed = access_url(), can_manage(request.user)
    rows = board_of(deployed_providers(), access_url=present)
    active = Rollout.objects.filter(state__in=ACTIVE_ROLLOUTS).first()
    panels = make_panels([active], managed=managed, present_url=present) if active else []
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "outdated": len(outdated_of(rows)),
        "version": chart_version(),
        "panel": panels[0] if panels else None,
        "panel_url": url_of_rollout(active) if active else "",
        "past": Rollout.objects.filter(kind=RolloutKind.UPGRADE).exclude(state__in=ACTIVE_ROLLOUTS)[:MOST_PAST],
        "can_manage": managed,
    }
    return render(request, "infrastructure/upgrade_board.html", context)


def _board(request: HttpRequest) -> HttpResponse:
    return redirect("infrastructure:upgrade_board")


@ask_and_do
@refusal_leads_to(_board)
def upgrade_start(request: HttpRequest) -> HttpResponse:
    """GET asks, with each `provider` by its id, or with `all=outdated`; POST begins."""
    require_manager(request)
    providers = _chosen(request)
    form = RolloutForm(request.POST if request.method == "POST" else None, providers=providers)
    if not form.is_valid():
        services.require_possible(providers)
        asked = confirmations.of_upgrade(providers, chart_version())
        board = reverse("infrastructure:upgrade_board")
        return confirm(request, asked, cancel_url=board, form=form, chosen=providers)
    rollout = services.start_upgrade(
        actor=actor_of(request),
        providers=[provider.pk for provider in providers],
        canary=form.cleaned_data.get("canary"),
        failure_limit=form.cleaned_data["failure_limit"],
    )
    return redirect("infrastructure:rollout_detail", pk=rollout.pk)


def _chosen(request: HttpRequest) -> list[WorkspaceProvider]:
    """Ids that are none, and providers that are gone, are passed over."""
    asked = request.POST if request.method == "POST" else request.GET
    if asked.get("all") == ALL_OUTDATED:
        return outdated_of(board_of(deployed_providers(), access_url=""))
    ids = [pk for text in asked.getlist("provider") if (pk := _uuid(text))]
    return list(deployed_providers().filter(pk__in=ids).order_by("name"))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
