"""The pages of rules: their list, and the form of one with its trial on the past week."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Access, Right, enter
from alerts import changes, conditions, dependents
from alerts.changes import ChangeError, RuleDraft
from alerts.condition_words import in_words
from alerts.models import IncidentState, Rule
from alerts.rule_form import MEASURES, RuleForm

MOST_LISTED = 500


@require_safe
@login_required
@never_cache
def rules(request: HttpRequest, account_id: int) -> HttpResponse:
    """The rules of an account by name, with what fires of each; with `?q=`, those whose name or target has the text."""
    access, wanted = enter(request, account_id), request.GET.get("q", "").strip()[:80]
    rows = Rule.objects.filter(account=access.account, canary=False).select_related("escalation")
    if wanted:
        rows = rows.filter(Q(name__icontains=wanted) | Q(target__icontains=wanted))
    burning = Count("incidents", filter=~Q(incidents__state=IncidentState.RESOLVED))
    found = list(rows.annotate(burning=burning).order_by("name", "pk")[: MOST_LISTED + 1])
    context = {
        "access": access,
        "telling": dependents.telling(access.account),
        "wanted": wanted,
        "rows": [(rule, in_words(conditions.convert(rule.condition))) for rule in found[:MOST_LISTED]],
        "more": len(found) > MOST_LISTED,
    }
    return render(request, "alerts/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new_rule(request: HttpRequest, account_id: int) -> HttpResponse:
    """A form for a rule, on `?target=PROCESS/TYPE/STAT` where that is given; a POST makes it."""
    access = enter(request, account_id, Right.CHANGE)
    if request.method != "POST":
        form = RuleForm(access.account)
        form.initial = {"target": request.GET.get("target", "")[:300]}
        return _form_page(request, access, form)
    form = RuleForm(access.account, request.POST)
    if form.is_valid():
        try:
            rule = changes.make_rule(request, access, form.draft())
        except ChangeError as error:
            form.blame(error)
        else:
            messages.success(request, f"{rule.name} is watched from now on." if rule.enabled else f"Kept {rule.name}.")
            return redirect("rules", account_id)
    return _form_page(request, access, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def rule(request: HttpRequest, account_id: int, rule_id: int) -> HttpResponse:
    """The form of a rule, for viewers to look at; a POST changes it."""
    posted = request.method == "POST"
    access = enter(request, account_id, Right.CHANGE if posted else Right.READ)
    found = changes.rule_of(access, rule_id)
    form = RuleForm(access.account, request.POST if posted else None, found)
    if posted and form.is_valid() and _changed(request, found, form):
        return redirect("rules", account_id)
    return _form_page(request, access, form, found)


@require_POST
@login_required
def switch(request: HttpRequest, account_id: int, rule_id: int) -> HttpResponse:
    """Turns a rule on or off; what it has open is over."""
    access = enter(request, account_id, Right.CHANGE)
    found = changes.rule_of(access, rule_id)
    draft = RuleDraft(
        found.name, found.target_kind, found.target, found.condition, found.escalation_id, not found.enabled
    )
    changes.change_rule(request, found, draft, timezone.now())
    return redirect("rules", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def delete(request: HttpRequest, account_id: int, rule_id: int) -> HttpResponse:
    """Asks whether the rule shall be deleted; a POST deletes it."""
    access = enter(request, account_id, Right.CHANGE)
    found = changes.rule_of(access, rule_id)
    if request.method != "POST":
        context = {
            "access": access,
            "rule": found,
            "burning": found.incidents.exclude(state=IncidentState.RESOLVED).count(),
            "silences": found.silences.filter(ends__gt=timezone.now()).count(),
        }
        return render(request, "alerts/delete_rule.html", context)
    changes.delete_rule(request, found, timezone.now())
    messages.success(request, f"Deleted {found.name}.")
    return redirect("rules", account_id)


def _changed(request: HttpRequest, found: Rule, form: RuleForm) -> bool:
    """Whether the rule is now what the form says; the form has what is wrong."""
    try:
        changes.change_rule(request, found, form.draft(), timezone.now())
    except ChangeError as error:
        form.blame(error)
        return False
    messages.success(request, f"Changed {found.name}.")
    return True


def _form_page(request: HttpRequest, access: Access, form: RuleForm, found: Rule | None = None) -> HttpResponse:
    context = {"access": access, "form": form, "rule": found, "measures": MEASURES}
    return render(request, "alerts/rule.html", context)
