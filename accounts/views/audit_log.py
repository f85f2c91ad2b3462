"""Who did what in an account."""

import csv
import json
import re
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import Right, enter
from accounts.audit_log import KIND_CHOICES, PAGE, Wanted, entries_of
from accounts.audit_sentences import sentence
from accounts.models import AuditEntry
from accounts.views.settings_page import settings_page

MOST_EXPORTED = 50_000  # the newest; some 10 MB
LAST_PAGE = 10_000
# A cell that begins like this would be calculated by a spreadsheet. To some a semicolon, tab or new line ends a cell.
_FORMULA_BEGINS = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r])")
_COLUMNS = ("time", "person", "from", "what", "action", "target", "details")


class FilterForm(forms.Form):
    """Which entries to show, and which page of them."""

    person = forms.CharField(
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "list": "people", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(choices=[("", "Everything"), *KIND_CHOICES], required=False)
    page = forms.IntegerField(min_value=1, max_value=LAST_PAGE, required=False, widget=forms.HiddenInput)

    def wanted(self) -> Wanted:
        """What is asked for; what makes no sense is not."""
        self.is_valid()
        given = self.cleaned_data
        return Wanted(given.get("person", ""), given.get("kind", ""))

    @property
    def number(self) -> int:
        """Of the page, from 1 on."""
        return self.cleaned_data.get("page") or 1


@require_safe
@login_required
@never_cache
def audit_log(request: HttpRequest, account_id: int) -> HttpResponse:
    """The newest entries first, a page at a time, for owners and members: entries tell addresses of people."""
    access = enter(request, account_id, Right.CHANGE)
    form = FilterForm(request.GET)
    wanted = form.wanted()
    start = (form.number - 1) * PAGE
    found = list(entries_of(access.account, wanted)[start : start + PAGE + 1])
    return settings_page(
        request,
        access,
        "accounts/audit_log.html",
        form=form,
        wanted=wanted,
        people=access.account.memberships.values_list("user__email", flat=True).order_by("user__email"),
        rows=[(entry, sentence(entry)) for entry in found[:PAGE]],
        newer=_link(wanted, form.number - 1) if form.number > 1 else "",
        older=_link(wanted, form.number + 1) if len(found) > PAGE else "",
        export=_link(wanted, 1),
    )


@require_safe
@login_required
@never_cache
def audit_csv(request: HttpRequest, account_id: int) -> HttpResponse:
    """The same entries, up to `MOST_EXPORTED` of them, as a table for spreadsheets."""
    access = enter(request, account_id, Right.CHANGE)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{account_id}.csv"'
    writer = csv.writer(response)
    writer.writerow(_COLUMNS)
    for entry in entries_of(access.account, FilterForm(request.GET).wanted())[:MOST_EXPORTED].iterator():
        writer.writerow(map(cell, _exported(entry)))
    return response


def _exported(entry: AuditEntry) -> tuple[str, ...]:
    time = timezone.localtime(entry.at).isoformat(timespec="seconds")
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    return time, entry.actor, entry.ip or "", sentence(entry), entry.action, entry.target, details


def cell(text: str) -> str:
    """The text as a spreadsheet may have it: no formula, whatever it says."""
    return _FORMULA_BEGINS.sub("'", text)


def _link(wanted: Wanted, page: int) -> str:
    asked = {"person": wanted.person, "kind": wanted.kind, "page": str(page) if page > 1 else ""}
    return "?" + urlencode({name: value for name, value in asked.items() if value})
