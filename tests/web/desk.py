"""A person at the desk, without JavaScript: opens pages, fills in forms as they stand there, sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient


@dataclass
class Control:
    """One field of a form as the page shows it: its tag or type, what it holds, what may be chosen."""

    name: str
    kind: str
    attributes: dict[str, str | None]
    options: list[str] = field(default_factory=list)
    chosen: str = ""


class FormOnPage:
    """One form as the page shows it: where it goes and what it already holds."""

    def __init__(self, action: str, method: str = "get") -> None:
        self.action = action
        self.method = method
        self.values: dict[str, str] = {}
        self.fields: set[str] = set()
        self.controls: list[Control] = []

    def add(self, tag: str, name: str, found: dict[str, str | None]) -> None:
        """One more field."""
        self.fields.add(name)
        kind = "hidden" if "hidden" in found else (found.get("type") or "text") if tag == "input" else tag
        self.controls.append(Control(name, kind, found, chosen=found.get("value") or ""))


class Page(HTMLParser):
    """A page as read: its forms, links and words."""

    def __init__(self, status: int, html: str, address: str) -> None:
        super().__init__()
        self.status = status
        self.html = html
        self.address = address
        self.forms: list[FormOnPage] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.mark = ""
        self._words: list[str] = []
        self._form: FormOnPage | None = None
        self._named: dict[str, FormOnPage] = {}
        self._area = ""
        self.feed(html)

    @property
    def words(self) -> str:
        """All text, with single spaces."""
        return " ".join("".join(self._words).split())

    def form(self, action: str, **held: str) -> FormOnPage:
        """The form that goes to an address with that end and holds those values."""
        for each in self.forms:
            if each.action.endswith(action) and held.items() <= each.values.items():
                return each
        raise AssertionError(f"no form {action} {held} among {[each.action for each in self.forms]}")

    def has_form(self, action: str) -> bool:
        """Whether there is a form for that."""
        return any(each.action.endswith(action) for each in self.forms)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "body":
            self.mark = found.get("data-live") or ""
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag == "form":
            self._form = FormOnPage(str(found.get("action")), found.get("method") or "get")
            self.forms.append(self._form)
            self._named[found.get("id") or "-"] = self._form
        form = self._named.get(found.get("form") or "", self._form)
        if form is not None:
            self._field(form, tag, found)

    def _field(self, form: FormOnPage, tag: str, found: dict[str, str | None]) -> None:
        if tag == "option" and form.controls:
            form.controls[-1].options.append(found.get("value") or "")
            if "selected" in found:
                form.controls[-1].chosen = found.get("value") or ""
        name = found.get("name")
        if not name:
            return
        form.add(tag, name, found)
        if tag == "input" and (found.get("type") not in {"radio", "checkbox", "file"} or "checked" in found):
            form.values[name] = found.get("value") or ""
        if tag == "textarea":
            self._area, form.values[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._area = ""
        if tag in {"td", "th", "p", "li", "dt", "dd", "option", "h1", "h2", "h3"}:
            self._words.append(" ")

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._area and self._form is not None:
            self._form.values[self._area] += data


class Desk:
    """Somebody signed in."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.page = Page(0, "", "")

    def open(self, address: str) -> Page:
        """Go to a page, following where it leads."""
        return self._read(self.client.get(address, headers={"Accept": "text/html"}))

    def send(self, action: str, files: dict[str, Any] | None = None, /, **values: str) -> Page:
        """Fill in the form of the present page that goes to `action`, send it, and read what comes."""
        picked = {key: values[key] for key in ("number", "what", "document") if key in values}
        form = self.page.form(
            action, **{k: v for k, v in picked.items() if k != "number" or action == "/confirm"}
        )
        given = {**form.values, **{key.replace("__", "."): value for key, value in values.items()}}
        headers = {"Accept": "text/html", "Origin": "http://127.0.0.1"}
        return self._read(self.client.post(form.action, data=given, files=files, headers=headers))

    def _read(self, answer: Any) -> Page:
        self.page = Page(answer.status_code, answer.text, str(answer.url))
        return self.page
