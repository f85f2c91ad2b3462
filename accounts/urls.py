"""Pages of accounts, included at the root; of allauth's pages two are our own and must come first."""

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("accounts/signup/", views.sign_up, name="account_signup"),
    path("accounts/email/", views.addresses, name="account_email"),
    path("accounts/", include("allauth.account.urls")),
    path("a/<int:account_id>/keys/", views.keys, name="account_keys"),
    path("a/<int:account_id>/keys/<int:key_id>/revoke/", views.revoke_key, name="account_key_revoke"),
]
