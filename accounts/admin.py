"""What superusers see on the admin site: users, accounts, keys without secrets, the audit log."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Max, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from accounts import access_news
from accounts.audit_sentences import sentence
from accounts.keys import live_keys
from accounts.models import Account, ApiKey, AuditEntry, Membership, User

if TYPE_CHECKING:  # Django's own classes take no types
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


# Among the options of the model it would be a migration.
AuditEntry._meta.verbose_name_plural = "audit entries"


class LookingAdmin(ModelAdmin):
    """Objects that are looked at here and changed elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's signatures)
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


class MembershipInline(TabularInline):
    """Who belongs to what, as what."""

    model = Membership
    fields = readonly_fields = ("user", "account", "role", "created")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(User)
class UserAdmin(LookingAdmin):
    """People. Here they are shut out and let in again, and made superusers."""

    list_display = ("email", "is_active", "is_superuser", "number_of_accounts", "created", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email",)
    ordering = ("-created",)
    fields = ("email", "is_active", "is_superuser", "created", "last_login", "timezone")
    inlines = (MembershipInline,)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody shuts himself out."""
        return obj != request.user

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(lambda: access_news.tell_of(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return "email", "created", "last_login", "timezone"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        users: QuerySet[Any] = super().get_queryset(request).annotate(number_of_accounts=Count("memberships"))
        return users

    @admin.display(description="accounts", ordering="number_of_accounts")
    def number_of_accounts(self, user: Any) -> int:
        return int(user.number_of_accounts)


@admin.register(Account)
class AccountAdmin(LookingAdmin):
    """Accounts, with what the database knows of their usage."""

    list_display = ("name", "id", "people", "live_keys", "last_used", "shard", "retention_days", "created", "closed")
    list_filter = ("closed", "shard")
    search_fields = ("name", "id", "memberships__user__email")
    ordering = ("-pk",)
    fields = (
        "name",
        ("people", "live_keys", "last_used"),
        ("shard", "moving_to"),
        "retention_days",
        ("created", "closed"),
    )
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Each counted for itself: joined they would multiply each other.
        figures = {
            "people": _of_account(Membership.objects.all(), Count("pk")),
            "live_keys": _of_account(live_keys(timezone.now()), Count("pk")),
            "last_used": _of_account(ApiKey.objects.all(), Max("last_used"), None),
        }
        accounts: QuerySet[Any] = super().get_queryset(request).annotate(**figures)
        return accounts

    @admin.display(ordering="people")
    def people(self, account: Any) -> int:
        return int(account.people)

    @admin.display(description="keys that work", ordering="live_keys")
    def live_keys(self, account: Any) -> int:
        return int(account.live_keys)

    @admin.display(description="a key was used last", ordering="last_used")
    def last_used(self, account: Any) -> Any:
        return account.last_used


@admin.register(ApiKey)
class ApiKeyAdmin(LookingAdmin):
    """Keys, by their beginnings."""

    list_display = ("prefix", "label", "account", "scope", "created", "last_used", "last_ip", "revoked", "expires")
    list_filter = ("scope",)
    list_select_related = ("account",)
    search_fields = ("prefix", "label", "account__name")
    ordering = ("-pk",)
    fields = (
        ("prefix", "scope"),
        "label",
        "account",
        ("created", "created_by"),
        ("last_used", "last_ip"),
        ("revoked", "expires"),
        "replaces",
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(LookingAdmin):
    """The audit log of all accounts."""

    list_display = ("at", "actor", "what", "account", "ip")
    list_select_related = ("account",)
    search_fields = ("actor", "target", "action", "account__name")
    ordering = ("-pk",)
    fields = ("at", "actor", "what", "action", "target", "details", "account", "ip")

    @admin.display(description="what")
    def what(self, entry: AuditEntry) -> str:
        return sentence(entry)


def _of_account(rows: QuerySet[Any], figure: Any, where_none: int | None = 0) -> Any:
    """A figure of the rows that belong to an account, as a subquery for lists of accounts."""
    grouped = rows.filter(account=OuterRef("pk")).order_by().values("account").annotate(figure=figure).values("figure")
    return Subquery(grouped) if where_none is None else Coalesce(Subquery(grouped), where_none)
