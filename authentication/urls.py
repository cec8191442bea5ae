"""Addresses of signing in beyond a password: Manage > Admin > Authentication, second factors, sessions."""

from django.urls import path

from authentication import views
from organizations.views import sign_in

app_name = "authentication"
USER = "manage/users/<uuid:pk>/sessions/"
urlpatterns = [
    path("account/sessions/", views.session_list, name="session_list"),
    path("account/sessions/end/", views.session_end_others, name="session_end_others"),
    path("account/sessions/<uuid:pk>/end/", views.session_end, name="session_end"),
    path(USER, views.user_sessions, name="user_sessions"),
    path(f"{USER}end/", views.user_sessions_end, name="user_sessions_end"),
    path(f"{USER}<uuid:session>/end/", views.user_session_end, name="user_session_end"),
]

named_by_allauth = [  # it looks for these names, outside any namespace
    path("sign-in/", sign_in, name="account_login"),
]
