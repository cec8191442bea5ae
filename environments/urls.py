"""Addresses of the environment pages: one per action, state changes by POST only."""

from django.urls import include, path

from environments import views

app_name = "environments"

environment_urls = [
    path("", views.environment_detail, name="environment_detail"),
    path("open/", views.environment_open, name="environment_open"),
    path("start/", views.environment_start, name="environment_start"),
    path("stop/", views.environment_stop, name="environment_stop"),
    path("rebuild/", views.environment_rebuild, name="environment_rebuild"),
    path("postpone/", views.environment_postpone, name="environment_postpone"),
    path("delete/", views.environment_delete, name="environment_delete"),
    path("delete/anyway/", views.environment_delete_anyway, name="environment_delete_anyway"),
]
operation_urls = [
    path("", views.operation_detail, name="operation_detail"),
    path("log/", views.operation_log, name="operation_log"),
    path("cancel/", views.operation_cancel, name="operation_cancel"),
]
urlpatterns = [
    path("environments/", views.environment_list, name="environment_list"),
    path("environments/new/", views.environment_create, name="environment_create"),
    path("environments/new/form/", views.environment_form, name="environment_form"),
    path("environments/chips/", views.environment_chips, name="environment_chips"),
    path("environments/names/", views.names, name="names"),
    path("environments/people/", views.people, name="people"),
    path("environments/operations/<uuid:pk>/", include(operation_urls)),
    path("environments/<uuid:pk>/", include(environment_urls)),
    path("why/", views.why, name="why"),
    path("api/envproxy/v1/sessions", views.envproxy_sessions, name="envproxy_sessions"),
    path("api/envproxy/v1/access", views.envproxy_access, name="envproxy_access"),
]
