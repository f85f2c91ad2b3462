"""Who may call what: every route with every method that it knows, and what becomes of each kind of caller.

`ok` is whatever the route has for those whom it lets in: also a form that was filled in wrongly, a way on, or the
notice that the engine is away. `login` is the way to the log-in page, a number the status of a refusal. A method that a
route does not name is refused to everybody; HEAD goes with GET.

A new route needs a line here and, for objects that its path names, one in `tests/accounts/tenants.py`.
"""

# The stranger owns an account of the same name. The former caller owned an account that is closed, and asks for it.
# Programs send keys of Acme as `Authorization: Bearer`: one that was revoked, one that reads, one that sends.
CALLERS = ("anonymous", "stranger", "viewer", "member", "owner", "former", "revoked", "read", "ingest")
Answers = dict[str, str]


def _answers(line: str) -> Answers:
    """What each of the `CALLERS` gets, in their order."""
    return dict(zip(CALLERS, line.split(), strict=True))


# fmt: off
#                    anonymous stranger viewer member owner former revoked read  ingest
OPEN     = _answers("ok        ok       ok     ok     ok    ok     ok      ok    ok")
NOTHING  = _answers("404       404      404    404    404   404    404     404   404")
PERSON   = _answers("login     ok       ok     ok     ok    ok     login   login login")
NONE_YET = _answers("login     404      404    404    404   404    login   login login")  # of what he has not set up
LOOK     = _answers("login     404      ok     ok     ok    404    login   login login")
CHANGE   = _answers("login     404      403    ok     ok    404    login   login login")
OWN      = _answers("login     404      403    403    ok    404    login   login login")
TAKER    = _answers("login     404      404    ok     404   404    login   login login")  # offered to the member
FORMER   = _answers("login     404      404    404    404   ok     login   login login")
SIGNED   = _answers("403       403      403    403    403   403    403     403   403")  # by a provider
API_LOOK = _answers("401       404      ok     ok     ok    404    401     ok    403")
API_CHANGE = _answers("401     404      403    ok     ok    404    401     403   403")
API_OWN  = _answers("401       404      403    403    ok    404    401     403   403")
API_PERSON = _answers("401     404      ok     ok     ok    404    401     403   403")
API_SEND = _answers("401       401      401    401    401   401    401     403   ok")

ROUTES: dict[str, dict[str, Answers]] = {
    # Everybody's.
    "":                                                     {"GET": OPEN},
    "demo/":                                                {"GET": OPEN},
    "clients/<name>":                                       {"GET": NOTHING},  # of this name there is none
    "api/docs/":                                            {"GET": OPEN},
    "api/schema/":                                          {"GET": OPEN},
    # To log in.
    "accounts/signup/":                                     {"GET": OPEN, "POST": OPEN},
    "accounts/login/":                                      {"GET": OPEN, "POST": OPEN},
    "accounts/login/code/confirm/":                         {"GET": OPEN, "POST": OPEN},  # not in use
    "accounts/logout/":                                     {"GET": OPEN, "POST": OPEN},
    "accounts/inactive/":                                   {"GET": OPEN},
    "accounts/confirm-email/":                              {"GET": OPEN},
    "accounts/confirm-email/<key>/":                        {"GET": OPEN, "POST": OPEN},
    "accounts/password/reset/":                             {"GET": OPEN, "POST": OPEN},
    "accounts/password/reset/done/":                        {"GET": OPEN},
    "accounts/password/reset/key/<uidb36>-<key>/":          {"GET": OPEN, "POST": OPEN},
    "accounts/password/reset/key/done/":                    {"GET": OPEN},
    # A person's own.
    "profile/":                                             {"GET": PERSON, "POST": PERSON},
    "your-accounts/":                                       {"GET": PERSON, "POST": PERSON},
    "your-accounts/<account_id>/reopen/":                   {"POST": FORMER},
    "invitations/<secret>/":                                {"GET": NOTHING, "POST": NOTHING},
    "reports/<token>/unsubscribe/":                         {"GET": NOTHING, "POST": NOTHING},
    "profile/theme/":                                       {"POST": PERSON},
    "accounts/email/":                                      {"GET": PERSON, "POST": PERSON},
    "accounts/password/change/":                            {"GET": PERSON, "POST": PERSON},
    "accounts/password/set/":                               {"GET": PERSON, "POST": PERSON},
    "accounts/reauthenticate/":                             {"GET": PERSON, "POST": PERSON},
    "accounts/sessions/":                                    {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/":                                         {"GET": PERSON},
    "accounts/2fa/authenticate/":                            {"GET": OPEN, "POST": OPEN},
    "accounts/2fa/reauthenticate/":                          {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/recovery-codes/":                          {"GET": NONE_YET},
    "accounts/2fa/recovery-codes/download/":                 {"GET": NONE_YET, "POST": NONE_YET},
    "accounts/2fa/recovery-codes/generate/":                 {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/totp/activate/":                           {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/totp/deactivate/":                         {"GET": NONE_YET, "POST": NONE_YET},
    "accounts/2fa/webauthn/":                                {"GET": PERSON},
    "accounts/2fa/webauthn/add/":                            {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/webauthn/keys/<pk>/edit/":                 {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/webauthn/keys/<pk>/remove/":               {"GET": PERSON, "POST": PERSON},
    "accounts/2fa/webauthn/login/":                          {"GET": OPEN, "POST": OPEN},
    "accounts/2fa/webauthn/reauthenticate/":                 {"GET": PERSON, "POST": PERSON},
    # An account's pages.
    "a/<account_id>/":                                      {"GET": LOOK},
    "a/<account_id>/processes/":                            {"GET": LOOK},
    "a/<account_id>/errors/":                               {"GET": LOOK},
    "a/<account_id>/warnings/":                             {"GET": LOOK},
    "a/<account_id>/settings/":                             {"GET": LOOK, "POST": OWN},
    "a/<account_id>/close/":                                {"GET": OWN, "POST": OWN},
    "a/<account_id>/transfer/":                             {"GET": TAKER},
    "a/<account_id>/transfer/offer/":                       {"POST": OWN},
    "a/<account_id>/transfer/withdraw/":                    {"POST": OWN},
    "a/<account_id>/transfer/accept/":                      {"POST": TAKER},
    "a/<account_id>/transfer/decline/":                     {"POST": TAKER},
    "a/<account_id>/people/":                               {"GET": LOOK, "POST": OWN},
    "a/<account_id>/people/<person_id>/role/":              {"POST": OWN},
    "a/<account_id>/people/<person_id>/remove/":            {"GET": OWN, "POST": OWN},
    "a/<account_id>/leave/":                                {"GET": LOOK, "POST": LOOK},
    "a/<account_id>/invitations/<invitation_id>/resend/":   {"POST": OWN},
    "a/<account_id>/invitations/<invitation_id>/withdraw/": {"POST": OWN},
    "a/<account_id>/keys/":                                 {"GET": LOOK, "POST": CHANGE},
    "a/<account_id>/keys/<key_id>/rename/":                 {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/keys/<key_id>/replace/":                {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/keys/<key_id>/revoke/":                 {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/contacts/":                             {"GET": LOOK},
    "a/<account_id>/contacts/email/":                       {"GET": LOOK, "POST": LOOK},
    "a/<account_id>/contacts/phone/":                       {"GET": LOOK, "POST": LOOK},
    "a/<account_id>/contacts/<contact_id>/confirm/":        {"GET": OWN, "POST": OWN},  # it is the owner's
    "a/<account_id>/contacts/<contact_id>/send/":           {"POST": OWN},
    "a/<account_id>/contacts/<contact_id>/remove/":         {"GET": OWN, "POST": OWN},
    "a/<account_id>/usage/":                                {"GET": LOOK},
    "a/<account_id>/report/":                               {"GET": LOOK, "POST": LOOK},
    "a/<account_id>/audit/":                                {"GET": CHANGE},
    "a/<account_id>/audit.csv":                             {"GET": CHANGE},
    "a/<account_id>/alerts/":                              {"GET": LOOK},
    "a/<account_id>/alerts/incidents/<number>/":           {"GET": LOOK},
    "a/<account_id>/alerts/incidents/<number>/acknowledge/": {"POST": CHANGE},
    "a/<account_id>/alerts/incidents/<number>/resolve/":   {"POST": CHANGE},
    "a/<account_id>/alerts/rules/":                        {"GET": LOOK},
    "a/<account_id>/alerts/rules/new/":                    {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/rules/<rule_id>/":              {"GET": LOOK, "POST": CHANGE},
    "a/<account_id>/alerts/rules/<rule_id>/switch/":       {"POST": CHANGE},
    "a/<account_id>/alerts/rules/<rule_id>/delete/":       {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/silences/":                     {"GET": LOOK, "POST": CHANGE},
    "a/<account_id>/alerts/silences/<silence_id>/end/":    {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/escalations/":                  {"GET": LOOK},
    "a/<account_id>/alerts/escalations/new/":              {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/escalations/<escalation_id>/":  {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/escalations/<escalation_id>/delete/": {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/endpoints/new/":                {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/endpoints/<endpoint_id>/":      {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/endpoints/<endpoint_id>/secret/": {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/endpoints/<endpoint_id>/delete/": {"GET": CHANGE, "POST": CHANGE},
    "a/<account_id>/alerts/caps/":                         {"GET": LOOK, "POST": OWN},
    "a/<account_id>/alerts/test/":                         {"POST": CHANGE},
    # Alerts: secret links of messages, and what providers tell.
    "alerts/answer/<secret>/":                              {"GET": NOTHING, "POST": NOTHING},
    "alerts/telephone/<notification_id>/news/":             {"POST": SIGNED},
    "alerts/telephone/<notification_id>/keys/":             {"POST": SIGNED},
    "alerts/telephone/reply/":                              {"POST": SIGNED},
    "alerts/mail/events/":                                  {"POST": SIGNED},
    # The API.
    "api/v1/processes/":                                    {"GET": API_LOOK},
    "api/v1/processes/<name>/":                             {"DELETE": API_CHANGE},
    "api/v1/current/":                                      {"GET": API_LOOK},
    "api/v1/usage/":                                        {"GET": API_LOOK},
    "api/v1/errors/":                                       {"GET": API_LOOK},
    "api/v1/warnings/":                                     {"GET": API_LOOK},
    "api/v1/errors/<key>/":                                 {"GET": API_LOOK},
    "api/v1/warnings/<key>/":                               {"GET": API_LOOK},
    "api/v1/errors/<key>/decision/":                        {"PUT": API_CHANGE, "DELETE": API_CHANGE},
    "api/v1/warnings/<key>/decision/":                      {"PUT": API_CHANGE, "DELETE": API_CHANGE},
    "api/v1/alerts/marks/":                                 {"GET": API_LOOK},
    "api/v1/alerts/firing/":                                {"GET": API_LOOK},
    "api/v1/alerts/trial/":                                {"POST": API_CHANGE},
    "api/v1/alerts/rules/":                                 {"GET": API_LOOK, "POST": API_CHANGE},
    "api/v1/alerts/rules/<rule_id>/":                       {"GET": API_LOOK, "PUT": API_CHANGE, "DELETE": API_CHANGE},
    "api/v1/alerts/incidents/":                             {"GET": API_LOOK},
    "api/v1/alerts/incidents/<incident_id>/":               {"GET": API_LOOK},
    "api/v1/alerts/incidents/<incident_id>/acknowledge/":   {"POST": API_CHANGE},
    "api/v1/alerts/incidents/<incident_id>/resolve/":       {"POST": API_CHANGE},
    "api/v1/alerts/silences/":                              {"GET": API_LOOK, "POST": API_CHANGE},
    "api/v1/alerts/silences/<silence_id>/":                 {"DELETE": API_CHANGE},
    "api/v1/alerts/escalations/":                           {"GET": API_LOOK, "POST": API_CHANGE},
    "api/v1/alerts/escalations/<escalation_id>/":           {"GET": API_LOOK, "PUT": API_CHANGE, "DELETE": API_CHANGE},
    "api/v1/alerts/endpoints/":                             {"GET": API_CHANGE, "POST": API_CHANGE},
    "api/v1/alerts/endpoints/<endpoint_id>/":     {"GET": API_CHANGE, "PUT": API_CHANGE, "DELETE": API_CHANGE},
    "api/v1/alerts/endpoints/<endpoint_id>/secret/":        {"POST": API_CHANGE},
    "api/v1/alerts/ways/":                                  {"GET": API_CHANGE},
    "api/v1/alerts/tests/":                                 {"GET": API_CHANGE, "POST": API_CHANGE},
    "api/v1/alerts/caps/":                                  {"GET": API_LOOK, "PUT": API_OWN},
    "api/v1/alerts/caps/<person_id>/":                      {"PUT": API_OWN},
    "api/v1/alerts/contacts/":                              {"GET": API_PERSON, "POST": API_PERSON},
    "api/v1/alerts/contacts/<contact_id>/":                 {"DELETE": API_OWN},  # it is the owner's
    "api/v1/alerts/contacts/<contact_id>/send/":            {"POST": API_OWN},
    "api/v1/alerts/contacts/<contact_id>/confirm/":         {"POST": API_OWN},
    "api/v1/stats/<process>/<kind>/<name>/day/":            {"GET": API_LOOK},
}

# Asked of a server that takes commits. The lanes `/healthz` and `/readyz` have neither tenants nor secrets.
LANES: dict[str, dict[str, Answers]] = {
    "agg":         {"PUT": API_SEND, "POST": API_SEND},
    "api/v1/agg/": {"PUT": API_SEND, "POST": API_SEND},
    "healthz":     {"GET": OPEN},
    "readyz":      {"GET": OPEN},
}

# `ok`, or the code that the socket is closed with. A browser's socket is opened by our own page.
#                    anonymous stranger viewer member owner former revoked read  ingest
LIVE     = _answers("4401      4404     ok     ok     ok    4404   4401    ok    4401")

WEBSOCKETS: dict[str, Answers] = {
    "ws/live/": LIVE,
    "ws/notices/": LIVE,
    "ws/demo/": OPEN,
}
# fmt: on
