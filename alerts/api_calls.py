"""What the calls of the alerts' API share: who may, what they say, and what is wrong with it."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.access import Access, Right, access_for_request
from alerts.changes import ChangeError
from stats import openapi

CHANGING = {
    **openapi.REFUSALS,
    400: openapi.INVALID,
    403: openapi.answer(openapi.Problem, "You may look at this account, not change it."),
    415: openapi.NOT_JSON,
}
_Changed = TypeVar("_Changed")


def to_change(request: Request, right: Right = Right.CHANGE) -> Access:
    """Access of who may change the account."""
    return access_for_request(request, right=right)


def as_person(request: Request) -> Access:
    """Access of a person of the account: what he does to his own a viewer may too, and a key may not."""
    access = access_for_request(request)
    if not access.is_member:
        raise PermissionDenied
    return access


def valid(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What the request says. Raises ValidationError."""
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    said: dict[str, Any] = dict(serializer.validated_data)
    return said


def told(change: Callable[[], _Changed]) -> _Changed:
    """What the change returns; what is wrong with it as an answer about the field."""
    try:
        return change()
    except ChangeError as error:
        raise ValidationError({error.field: [str(error)]}) from error
