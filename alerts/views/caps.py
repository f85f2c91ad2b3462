"""The page of caps: what was spent this month, and for owners how much may be."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import Right, enter, person_of
from alerts import budget, caps
from alerts.budget import MOST, Budget


class CapForm(forms.Form):
    """A row: the caps of a person, or of the account. Empty: as where nobody has said anything."""

    sms = forms.IntegerField(required=False, min_value=0, max_value=MOST)
    calls = forms.IntegerField(required=False, min_value=0, max_value=MOST)

    def __init__(self, request: HttpRequest, row: Budget) -> None:
        prefix = f"of-{row.person.pk if row.person else 'all'}"
        # Who has joined since the page was shown is not in what it posts, and stays as he is.
        posted = request.method == "POST" and f"{prefix}-sms" in request.POST
        initial = {"sms": row.most_sms, "calls": row.most_calls} if row.own else None
        super().__init__(request.POST if posted else None, initial=initial, prefix=prefix)
        default = caps.default_of(row.person)
        whose = row.person or "the account"
        for name, value, what in (("sms", default.sms, "SMS"), ("calls", default.calls, "calls")):
            attrs = {"placeholder": str(value), "aria-label": f"Most {what} a month, {whose}", "class": "cap"}
            self.fields[name].widget.attrs.update(attrs)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def show_caps(request: HttpRequest, account_id: int) -> HttpResponse:
    """The month of the account and of those whom the person may see; a POST of an owner sets the caps."""
    access = enter(request, account_id, Right.OWN if request.method == "POST" else Right.READ)
    rows = budget.budgets(access, person_of(request), timezone.now())
    forms_of = [(row, CapForm(request, row)) for row in rows]
    bound = [(row, form) for row, form in forms_of if form.is_bound]
    if request.method == "POST" and all(form.is_valid() for _, form in bound):
        with transaction.atomic():
            for row, form in bound:
                if form.has_changed():
                    budget.set_cap(request, access.account, row.person, **form.cleaned_data)
        messages.success(request, "Kept the caps.")
        return redirect("caps", account_id)
    context = {"access": access, "rows": forms_of, "month": caps.month_of(timezone.now())}
    return render(request, "alerts/caps.html", context)
