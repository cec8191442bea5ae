"""The two baselines of the pages: A is the admin at /admin/, F the bare view at /bare/.

/bare/six/ is F for comparison, with no column but the six that it writes.
"""

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from providers.models import WorkspaceProvider

PAGE_SIZE = 50
COLUMNS = ("name", "hostname", "cluster_address", "namespace", "status", "created_at")
MINIMAL = """<!doctype html><title>Providers</title><table>{% for row in rows %}
<tr><td>{{ row.name }}<td>{{ row.hostname }}<td>{{ row.cluster_address }}<td>{{ row.namespace }}<td>{{ row.status }}
<td>{{ row.created_at }}{% endfor %}</table>"""
_template = Template(MINIMAL)


class ProviderAdmin(ModelAdmin):
    list_display = COLUMNS
    list_per_page = PAGE_SIZE


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """Whole rows, as Django reads them where nobody says otherwise, and as the admin does."""
    return _written(WorkspaceProvider.objects.all())


@login_required
def bare_six(request: HttpRequest) -> HttpResponse:
    return _written(WorkspaceProvider.objects.only(*COLUMNS))


def _written(rows: QuerySet[WorkspaceProvider]) -> HttpResponse:
    return HttpResponse(_template.render(Context({"rows": rows[:PAGE_SIZE]})))


class Open(AdminSite):
    """To the site admin, who is not support staff."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active


site = Open()
site.register(WorkspaceProvider, ProviderAdmin)
urlpatterns = [path("admin/", site.urls), path("bare/", bare), path("bare/six/", bare_six)]
