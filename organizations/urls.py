"""Addresses of people and organizations; environments.organization_urls adds those that create and delete one,
authentication.urls the pages of signing in and out.
"""

from django.urls import path

from organizations import views

app_name = "organizations"
ORGANIZATION = "manage/organizations/<uuid:pk>/"
USER = "manage/users/<uuid:pk>/"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/password/", views.password_forgotten, name="password_forgotten"),
    path("sign-in/password/<str:uidb64>/<str:token>/", views.password_link, name="password_link"),
    path("account/", views.account, name="account"),
    path("account/password/", views.password_change, name="password_change"),
    path("account/tokens/", views.token_list, name="token_list"),
    path("account/tokens/new/", views.token_create, name="token_create"),
    path("internal-auth", views.command_line_token, name="command_line_token"),  # the original program opens this
    path("account/tokens/<uuid:pk>/end/", views.token_end, name="token_end"),
    path("manage/organizations/", views.organization_list, name="organization_list"),
    path(ORGANIZATION, views.organization_detail, name="organization_detail"),
    path(f"{ORGANIZATION}environments/", views.organization_environments, name="organization_environments"),
    path(f"{ORGANIZATION}providers/", views.organization_providers, name="organization_providers"),
    path(f"{ORGANIZATION}history/", views.organization_history, name="organization_history"),
    path(f"{ORGANIZATION}edit/", views.organization_update, name="organization_update"),
    path(f"{ORGANIZATION}default/", views.organization_set_default, name="organization_set_default"),
    path(f"{ORGANIZATION}members/add/", views.member_add, name="member_add"),
    path(f"{ORGANIZATION}members/<uuid:user>/role/", views.member_set_role, name="member_set_role"),
    path(f"{ORGANIZATION}members/<uuid:user>/remove/", views.member_remove, name="member_remove"),
    path("manage/audit/", views.audit_list, name="audit_list"),
    path("manage/audit/export.csv", views.audit_export_csv, name="audit_export_csv"),
    path("manage/audit/export.jsonl", views.audit_export_json, name="audit_export_json"),
    path("manage/users/", views.user_list, name="user_list"),
    path("manage/users/new/", views.user_create, name="user_create"),
    path(USER, views.user_detail, name="user_detail"),
    path(f"{USER}role/", views.user_set_site_role, name="user_set_site_role"),
    path(f"{USER}organizations/", views.user_set_organizations, name="user_set_organizations"),
    path(f"{USER}deactivate/", views.user_deactivate, name="user_deactivate"),
    path(f"{USER}activate/", views.user_activate, name="user_activate"),
    path(f"{USER}reset-password/", views.user_reset_password, name="user_reset_password"),
    path(f"{USER}invite/", views.user_invite, name="user_invite"),
    path(f"{USER}support-staff/", views.user_set_support_staff, name="user_set_support_staff"),
    path(f"{USER}tokens/", views.user_tokens, name="user_tokens"),
    path(f"{USER}tokens/<uuid:token>/end/", views.user_token_end, name="user_token_end"),
]
