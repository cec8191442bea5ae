"""The pages that explain each reason."""

from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from providers.policies import require_view
from providers.reasons import REASONS

FOLDER = settings.BASE_DIR / "docs" / "reasons"


@require_safe
def reason_detail(request: HttpRequest, code: str) -> HttpResponse:
    require_view(request.user)
    if code not in REASONS:
        raise Http404("There is no such reason.")
    return render(request, "providers/reason_detail.html", {"reason": REASONS[code], "code": code, "text": _text(code)})


@cache
def _text(code: str) -> SafeString:
    """What stands below the title of a known code, as HTML. Our own text; HTML in it is switched off all the same."""
    from markdown_it import MarkdownIt  # 1 MB, for the first who reads one

    _, _, body = (FOLDER / f"{code}.md").read_text(encoding="utf-8").partition("\n")
    return mark_safe(MarkdownIt("js-default").render(body))  # noqa: S308
