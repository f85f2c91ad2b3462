"""Reads a page as a browser with a screen reader would: fields with their labels and descriptions."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page:
    inputs: list[dict[str, str]] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    forms: list[dict[str, str]] = field(default_factory=list)

    def input_named(self, name: str) -> dict[str, str]:
        return next(found for found in self.inputs if found.get("name") == name)

    def visible_inputs(self) -> list[dict[str, str]]:
        return [found for found in self.inputs if found.get("type") != "hidden"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.page.ids.add(given["id"])
        if tag in ("input", "select", "textarea"):
            self.page.inputs.append(given)
        if tag == "label":
            self.page.labelled.add(given.get("for", ""))
        if tag == "form":
            self.page.forms.append(given)


def read_page(content: bytes) -> Page:
    reader = _Reader()
    reader.feed(content.decode())
    reader.close()
    return reader.page
