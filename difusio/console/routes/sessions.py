"""Proving who one is: passwords, codes, passkeys.  allauth's views under our addresses; what is not here is nowhere."""

from allauth.account.views import (
    LoginView,
    LogoutView,
    PasswordChangeView,
    PasswordResetDoneView,
    PasswordResetFromKeyDoneView,
    ReauthenticateView,
)
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView, RemoveWebAuthnView
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path, reverse_lazy

from difusio.console.pages import account, forgotten

_HERE = "console/sessions/"
_sign_out = LogoutView.as_view(template_name="console/sign_out.html")
_code = AuthenticateView.as_view(template_name=f"{_HERE}code.html")
_passkey = LoginWebAuthnView.as_view()
_again = ReauthenticateView.as_view(template_name=f"{_HERE}again.html")
_sent = PasswordResetDoneView.as_view(template_name=f"{_HERE}forgotten_sent.html")
_done = PasswordResetFromKeyDoneView.as_view(template_name=f"{_HERE}new_password_done.html")
_password = PasswordChangeView.as_view(template_name=f"{_HERE}password.html")
_app = ActivateTOTPView.as_view(template_name=f"{_HERE}app.html")
_no_app = DeactivateTOTPView.as_view(template_name=f"{_HERE}no_app.html")
_add_passkey = AddWebAuthnView.as_view(template_name=f"{_HERE}add_passkey.html")
_remove_passkey = RemoveWebAuthnView.as_view(
    template_name=f"{_HERE}remove_passkey.html", success_url=reverse_lazy("mfa_index")
)
_codes = ViewRecoveryCodesView.as_view(template_name=f"{_HERE}recovery_codes.html")
_new_codes = GenerateRecoveryCodesView.as_view(template_name=f"{_HERE}new_recovery_codes.html")

urlpatterns: list[URLPattern] = [
    path("sign-in/", LoginView.as_view(template_name="console/sign_in.html"), name="account_login"),
    path("sign-in/code/", login_not_required(_code), name="mfa_authenticate"),
    path("sign-in/passkey/", login_not_required(_passkey), name="mfa_login_webauthn"),
    path("sign-in/again/", _again, name="account_reauthenticate"),
    path("sign-in/forgotten/", forgotten.forgotten, name="account_reset_password"),
    path("sign-in/forgotten/sent/", login_not_required(_sent), name="account_reset_password_done"),
    path("sign-in/new-password/", login_not_required(_done), name="account_reset_password_from_key_done"),
    path(
        "sign-in/new-password/<str:uidb36>-<str:key>/",
        forgotten.new_password,
        name="account_reset_password_from_key",
    ),
    path("sign-out/", login_not_required(_sign_out), name="account_logout"),
    path("account/", account.show, name="mfa_index"),
    path("account/sessions/", account.end_sessions, name="account_sessions"),
    path("account/password/", _password, name="account_change_password"),
    path("account/app/", _app, name="mfa_activate_totp"),
    path("account/app/remove/", _no_app, name="mfa_deactivate_totp"),
    path("account/passkeys/new/", _add_passkey, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", _remove_passkey, name="mfa_remove_webauthn"),
    path("account/recovery-codes/", _codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", _new_codes, name="mfa_generate_recovery_codes"),
]
