"""Pages of accounts, included at the root; of allauth's pages two are our own and must come first."""

from django.urls import include, path

from accounts.views import account, audit_log, contacts, keys, login, people, profile, usage

_of_an_account = [
    path("settings/", account.account, name="account_settings"),
    path("people/", people.people, name="account_people"),
    path("keys/", keys.keys, name="account_keys"),
    path("keys/<int:key_id>/revoke/", keys.revoke_key, name="account_key_revoke"),
    path("contacts/", contacts.contacts, name="account_contacts"),
    path("contacts/email/", contacts.add_email, name="account_contact_email"),
    path("contacts/phone/", contacts.add_phone, name="account_contact_phone"),
    path("contacts/<int:contact_id>/confirm/", contacts.confirm, name="account_contact_confirm"),
    path("contacts/<int:contact_id>/send/", contacts.send, name="account_contact_send"),
    path("contacts/<int:contact_id>/remove/", contacts.remove, name="account_contact_remove"),
    path("usage/", usage.usage, name="account_usage"),
    path("audit/", audit_log.audit_log, name="account_audit_log"),
]

urlpatterns = [
    path("accounts/signup/", login.sign_up, name="account_signup"),
    path("accounts/email/", login.addresses, name="account_email"),
    path("accounts/", include("allauth.account.urls")),
    path("profile/", profile.profile, name="profile"),
    path("profile/theme/", profile.theme, name="profile_theme"),
    path("a/<int:account_id>/", include(_of_an_account)),
]
