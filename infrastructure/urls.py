"""Addresses of Manage > Admin > Infrastructure: one per action, state changes by POST only."""

from django.urls import URLPattern, URLResolver, include, path

from infrastructure import views

app_name = "infrastructure"

change_urls = [
    path("", views.change_detail, name="change_detail"),
    path("check/", views.change_check, name="change_check"),
    path("switch/", views.change_switch, name="change_switch"),
    path("finish/", views.change_finish, name="change_finish"),
    path("roll-back/", views.change_roll_back, name="change_roll_back"),
    path("drop/", views.change_drop, name="change_drop"),
]
rollout_urls = [
    path("", views.rollout_detail, name="rollout_detail"),
    path("pause/", views.rollout_pause, name="rollout_pause"),
    path("resume/", views.rollout_resume, name="rollout_resume"),
    path("retry/", views.rollout_retry, name="rollout_retry"),
    path("call-off/", views.rollout_call_off, name="rollout_call_off"),
    path("steps/<int:step>/retry/", views.step_retry, name="step_retry"),
    path("steps/<int:step>/skip/", views.step_skip, name="step_skip"),
]
admin_urls: list[URLPattern | URLResolver] = [
    path("", views.overview, name="overview"),
    path("access-url/new/", views.change_create, name="change_create"),
    path("access-url/<uuid:pk>/", include(change_urls)),
    path("rollouts/<uuid:pk>/", include(rollout_urls)),
    path("upgrades/", views.upgrade_board, name="upgrade_board"),
    path("upgrades/start/", views.upgrade_start, name="upgrade_start"),
]
urlpatterns = [path("manage/admin/infrastructure/", include(admin_urls))]
