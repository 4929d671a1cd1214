"""The addresses of allauth that Purser opens, by the names allauth knows them by. There is none to register."""

from allauth.account import views
from allauth.socialaccount import views as provider_views
from django.urls import include, path, re_path

from core.views import sessions

urlpatterns = [
    path("sign-in/", sessions.sign_in, name="account_login"),
    path("sign-out/", sessions.sign_out, name="account_logout"),
    path("account/again/password/", views.reauthenticate, name="account_reauthenticate"),
    path("account/again/code/", views.request_reauthentication_code, name="account_request_reauthentication_code"),
    path("account/again/code/confirm/", views.confirm_reauthentication_code, name="account_confirm_reauthentication_code"),
    path("account/email/", views.email, name="account_email"),
    path("account/email/sent/", views.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^account/email/confirm/(?P<key>[-:\w]+)/$", views.confirm_email, name="account_confirm_email"),
    path("account/password/", views.password_change, name="account_change_password"),
    path("account/password/set/", views.password_set, name="account_set_password"),
    path("account/password/forgotten/", views.password_reset, name="account_reset_password"),
    path("account/password/forgotten/sent/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("account/password/new/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("account/oidc/cancelled/", provider_views.login_cancelled, name="socialaccount_login_cancelled"),
    path("account/oidc/error/", provider_views.login_error, name="socialaccount_login_error"),
]
