"""Pages of accounts, included at the root; of allauth's pages some are our own and must come first."""

from django.urls import include, path, re_path

from accounts.views import (
    account,
    audit_log,
    closing,
    contacts,
    invitations,
    keys,
    login,
    own_accounts,
    people,
    profile,
    transfers,
)

_of_an_account = [
    path("settings/", account.account, name="account_settings"),
    path("close/", closing.close, name="account_close"),
    path("transfer/", transfers.question, name="account_transfer"),
    path("transfer/offer/", transfers.offer, name="account_transfer_offer"),
    path("transfer/withdraw/", transfers.withdraw, name="account_transfer_withdraw"),
    path("transfer/accept/", transfers.accept, name="account_transfer_accept"),
    path("transfer/decline/", transfers.decline, name="account_transfer_decline"),
    path("people/", people.people, name="account_people"),
    path("people/<int:person_id>/role/", people.change_role, name="account_person_role"),
    path("people/<int:person_id>/remove/", people.remove, name="account_person_remove"),
    path("leave/", people.leave, name="account_leave"),
    path("invitations/<int:invitation_id>/resend/", invitations.resend, name="account_invitation_resend"),
    path("invitations/<int:invitation_id>/withdraw/", invitations.withdraw, name="account_invitation_withdraw"),
    path("keys/", keys.keys, name="account_keys"),
    path("keys/<int:key_id>/rename/", keys.rename_key, name="account_key_rename"),
    path("keys/<int:key_id>/replace/", keys.replace_key, name="account_key_replace"),
    path("keys/<int:key_id>/revoke/", keys.revoke_key, name="account_key_revoke"),
    path("contacts/", contacts.contacts, name="account_contacts"),
    path("contacts/email/", contacts.add_email, name="account_contact_email"),
    path("contacts/phone/", contacts.add_phone, name="account_contact_phone"),
    path("contacts/<int:contact_id>/confirm/", contacts.confirm, name="account_contact_confirm"),
    path("contacts/<int:contact_id>/send/", contacts.send, name="account_contact_send"),
    path("contacts/<int:contact_id>/remove/", contacts.remove, name="account_contact_remove"),
    path("audit/", audit_log.audit_log, name="account_audit_log"),
    path("audit.csv", audit_log.audit_csv, name="account_audit_csv"),
]

urlpatterns = [
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", login.confirmation, name="account_confirm_email"),
    path("accounts/email/", login.address, name="account_email"),
    path("accounts/sessions/", login.sessions, name="usersessions_list"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("profile/", profile.profile, name="profile"),
    path("profile/theme/", profile.theme, name="profile_theme"),
    path("your-accounts/", own_accounts.own_accounts, name="accounts"),
    path("your-accounts/<int:account_id>/reopen/", own_accounts.reopen, name="account_reopen"),
    path("invitations/<str:secret>/", invitations.follow, name="invitation"),
    path("a/<int:account_id>/", include(_of_an_account)),
]
