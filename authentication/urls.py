"""Addresses of signing in beyond a password: Manage > Admin > Authentication, second factors, sessions."""

from django.urls import path

from authentication import views

app_name = "authentication"
USER = "manage/users/<uuid:pk>/sessions/"
CONFIGURATION = "manage/admin/authentication/"
urlpatterns = [
    path("sign-in/admin/", views.admin_sign_in, name="admin_sign_in"),
    path("sign-in/openid-connect/", views.openid_connect_start, name="openid_connect_start"),
    path("oidc/callback", views.openid_connect_callback, name="openid_connect_callback"),  # as of the original
    path("account/link/", views.account_link, name="account_link"),
    path("account/link/start/", views.account_link_start, name="account_link_start"),
    path("account/link/end/", views.account_unlink, name="account_unlink"),
    path("manage/users/<uuid:pk>/unlink/", views.user_unlink, name="user_unlink"),
    path(CONFIGURATION, views.configuration, name="configuration"),
    path(f"{CONFIGURATION}built-in/", views.built_in_switch, name="built_in_switch"),
    path(f"{CONFIGURATION}openid-connect/", views.openid_connect_update, name="openid_connect_update"),
    path(f"{CONFIGURATION}openid-connect/switch/", views.openid_connect_switch, name="openid_connect_switch"),
    path(f"{CONFIGURATION}openid-connect/try/", views.openid_connect_try, name="openid_connect_try"),
    path(f"{CONFIGURATION}openid-connect/tried/", views.openid_connect_tried, name="openid_connect_tried"),
    path("account/sessions/", views.session_list, name="session_list"),
    path("account/sessions/end/", views.session_end_others, name="session_end_others"),
    path("account/sessions/<uuid:pk>/end/", views.session_end, name="session_end"),
    path("account/who/", views.who, name="who"),
    path("account/second-factors/", views.factor_list, name="factor_list"),
    path("account/second-factors/app/", views.app_add, name="app_add"),
    path("account/second-factors/passkey/", views.passkey_add, name="passkey_add"),
    path("account/second-factors/codes/", views.recovery_codes_make, name="recovery_codes_make"),
    path("account/second-factors/<int:pk>/rename/", views.factor_rename, name="factor_rename"),
    path("account/second-factors/<int:pk>/remove/", views.factor_remove, name="factor_remove"),
    path("manage/users/<uuid:pk>/second-factors/", views.user_factors_reset, name="user_factors_reset"),
    path(f"{CONFIGURATION}second-factors/", views.factor_demand, name="factor_demand"),
    path(USER, views.user_sessions, name="user_sessions"),
    path(f"{USER}end/", views.user_sessions_end, name="user_sessions_end"),
    path(f"{USER}<uuid:session>/end/", views.user_session_end, name="user_session_end"),
]

named_by_allauth = [  # it looks for these names, outside any namespace
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-in/second-factor/", views.second_factor, name="mfa_authenticate"),
]

people = [  # in the namespace of people and organizations, where everything looks for it
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
