"""Middleware of the site's own."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

PAGE_METHODS = ("GET", "HEAD", "POST")

GetResponse = Callable[[HttpRequest], HttpResponse]

# No page needs any of these; a script that should ever get in cannot ask for them either.
_CLOSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "microphone",
    "midi",
    "payment",
    "usb",
)
PERMISSIONS = ", ".join(f"{feature}=()" for feature in _CLOSED)


def closed_features(get_response: GetResponse) -> GetResponse:
    """Closes what browsers offer and no page needs, and lets no other site embed what is here."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return answer


def page_methods(get_response: GetResponse) -> GetResponse:
    """Answers 405 where a page is asked by any method but GET, HEAD and POST.

    Class-based views also take PUT as another POST, and tell OPTIONS what they are.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in PAGE_METHODS or request.path.startswith("/api/"):
            return get_response(request)
        return HttpResponseNotAllowed(PAGE_METHODS)

    return answer


def not_kept(get_response: GetResponse) -> GetResponse:
    """Lets nobody on the way keep an answer that says nothing about it itself: nearly all are somebody's own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return answer
