"""Addresses of the provider pages: one per action, state changes by POST only."""

from django.urls import URLPattern, URLResolver, include, path

from providers import views

app_name = "providers"

provider_urls = [
    path("", views.provider_detail, name="provider_detail"),
    path("edit/", views.provider_update, name="provider_update"),
    path("preflight/", views.provider_preflight, name="provider_preflight"),
    path("deploy/", views.provider_deploy, name="provider_deploy"),
    path("check/", views.provider_check, name="provider_check"),
    path("default/", views.provider_set_default, name="provider_set_default"),
    path("cordon/", views.provider_cordon, name="provider_cordon"),
    path("uncordon/", views.provider_uncordon, name="provider_uncordon"),
    path("rotate-token/", views.provider_rotate_token, name="provider_rotate_token"),
    path("tokens/revoke/", views.provider_revoke_token, name="provider_revoke_tokens"),
    path("tokens/<int:token>/revoke/", views.provider_revoke_token, name="provider_revoke_token"),
    path("command/", views.provider_command, name="provider_command"),
    path("allowlist/", views.provider_allowlist, name="provider_allowlist"),
    path("allowlist/save/", views.provider_allowlist_save, name="provider_allowlist_save"),
    path("delete/", views.provider_delete, name="provider_delete"),
    path("delete/anyway/", views.provider_delete_anyway, name="provider_delete_anyway"),
]
operation_urls = [
    path("", views.operation_detail, name="operation_detail"),
    path("log/", views.operation_log, name="operation_log"),
    path("cancel/", views.operation_cancel, name="operation_cancel"),
]
admin_urls: list[URLPattern | URLResolver] = [
    path("", views.provider_list, name="provider_list"),
    path("new/", views.provider_create, name="provider_create"),
    path("chips/", views.provider_chips, name="provider_chips"),
    path("reasons/<slug:code>/", views.reason_detail, name="reason_detail"),
    path("operations/<uuid:pk>/", include(operation_urls)),
    path("<uuid:pk>/", include(provider_urls)),
]
organization_urls = [
    path("", views.organization_allowlist, name="organization_allowlist"),
    path("save/", views.organization_allowlist_save, name="organization_allowlist_save"),
]
urlpatterns = [
    path("manage/admin/access/", views.access_matrix, name="access_matrix"),
    path("manage/admin/access/save/", views.access_matrix_save, name="access_matrix_save"),
    path("manage/organizations/<uuid:pk>/allowlist/", include(organization_urls)),
    path("manage/admin/workspace-providers/", include(admin_urls)),
    path("charts/index.yaml", views.chart_index, name="chart_index"),
    path("charts/<slug:chart>-<str:version>.tgz", views.chart_download, name="chart_download"),
    path("api/envproxy/v1/beat", views.envproxy_beat, name="envproxy_beat"),
]
