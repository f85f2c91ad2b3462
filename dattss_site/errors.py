"""Answers to what no view answers: JSON below `/api/`, pages elsewhere."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

Answer = Callable[..., HttpResponse]


def _by_kind(status: int, detail: str, page: Answer) -> Answer:
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": detail, "error": detail}, status=status)
        return page(request, *args, **kwargs)

    return answer


bad_request = _by_kind(400, "The request cannot be read.", defaults.bad_request)
forbidden = _by_kind(403, "You may not do that.", defaults.permission_denied)
not_found = _by_kind(404, "There is nothing here.", defaults.page_not_found)
failure = _by_kind(500, "Something failed here. It is in the log of the server.", defaults.server_error)
