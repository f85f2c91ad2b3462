"""Who there is: users, accounts (the tenants), who belongs to which account, their keys and contacts, the audit log."""

from accounts.models.account import (
    GRACE_DAYS,
    LONGEST_RETENTION_DAYS,
    RETENTION_DAYS,
    SHORTEST_RETENTION_DAYS,
    SYSTEM_ACCOUNT_ID,
    Account,
    Invitation,
    Membership,
    Role,
    Transfer,
)
from accounts.models.audit import AuditEntry
from accounts.models.contact import Confirmation, Contact, Medium, Way
from accounts.models.key import ApiKey, Scope
from accounts.models.user import Language, Theme, User, UserManager

__all__ = [
    "GRACE_DAYS",
    "LONGEST_RETENTION_DAYS",
    "RETENTION_DAYS",
    "SHORTEST_RETENTION_DAYS",
    "SYSTEM_ACCOUNT_ID",
    "Account",
    "ApiKey",
    "AuditEntry",
    "Confirmation",
    "Contact",
    "Invitation",
    "Language",
    "Medium",
    "Membership",
    "Role",
    "Scope",
    "Theme",
    "Transfer",
    "User",
    "UserManager",
    "Way",
]
