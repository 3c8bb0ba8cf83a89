"""Templates of content: what they read must be declared, and there or have a fallback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from shared.authoring.markup import faults
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.domain.catalogue import Attribute, ContentField, Medium
from shared.domain.content import environment, fitting, template
from shared.domain.errors import PermanentError
from shared.domain.links import origin_of
from shared.domain.localised import LOCALE, TIME_ZONE
from shared.domain.sandbox import ROOTS, USED, refusals

_EXACT: frozenset[Medium] = frozenset({"url", "sms", "json"})
"""Media that a template fits or not as a whole, whatever its tags."""

_ENVIRONMENT = environment("html")
_FAILURES = (
    PermanentError,
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,  # what Python's parser says of too much within each other
    SyntaxError,  # likewise
)
_SAMPLES: dict[str, Any] = {
    "bool": True,
    "int": 1,
    "double": 1.0,
    "string": "text",
    "timestamp": "2027-04-05T09:00:00+00:00",
    "list(string)": ["text"],
}
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NAMED = ("id", "name")
Fields = tuple[str, ...]
_LINKS = ("unsubscribe", "pixel")
_GROWING = ("join", "listing")


class Templates:
    """Checks the templates of one catalogue."""

    def __init__(self, schema: Mapping[str, Attribute], problems: Problems) -> None:
        """Templates read the profile by its schema; what is wrong is noted."""
        self._schema = schema
        self._problems = problems
        self._good: set[tuple[str, Medium, Fields]] = set()

    def check(self, text: str, place: Place, field: ContentField, fragment: Fields = ()) -> None:
        """Note whatever would keep a template from being rendered for some person, or its medium from taking it;
        `fragment` are the fields that it may read of one.
        """
        exact = field.medium in _EXACT
        if field.medium == "url" or (exact and "{" not in text):
            self._fits(text, place, field)
        if "{" not in text:
            return
        self._markup(text, place, field)
        tags = _tags(text)
        if tags is not None and (tags, field.medium, fragment) in self._good and not exact:
            return
        before = len(self._problems.found)
        _check(text, place, self._schema, self._problems, field, fragment)
        if tags is not None and tags != text and not exact and len(self._problems.found) == before:
            alone = Problems()
            _check(tags, Place.start(place.file), self._schema, alone, field, fragment)
            if not alone.found:
                self._good.add((tags, field.medium, fragment))

    def check_made(self, text: str, place: Place, field: ContentField, fragment: Fields = ()) -> None:
        """Note that what was made of a text that is good is not."""
        alone = Problems()
        start = Place.start(place.file)
        _check(text, start, self._schema, alone, field, fragment)
        Templates(self._schema, alone)._markup(text, start, field)  # noqa: SLF001 - of its own kind
        if alone.found:
            self._problems.add(place, f"its HTML is no good template: {alone.found[0].message}")

    def _markup(self, text: str, place: Place, field: ContentField) -> None:
        """Note values that could leave their place in markup."""
        if field.medium == "html":
            with suppress(TemplateSyntaxError):  # which is noted by itself
                for offset, message in faults(text):
                    self._problems.add(place.character(offset), message)

    def _fits(self, text: str, place: Place, field: ContentField) -> None:
        """Note what no person's data can put right."""
        if field.medium == "url" and origin_of(text) is None:
            self._problems.add(place, "names its host in so many letters: https://, the host, and what follows it")
            return
        try:
            if "{" not in text:
                fitting(text, field, text)
        except PermanentError as error:
            self._problems.add(place, str(error))


def _tags(text: str) -> str | None:
    """A template without what stands between its tags, which decides nothing; None where a quote may hide a tag."""
    tags = _TAG.findall(text)
    if any(tag.count(quote) % 2 for tag in tags for quote in "'\""):
        return None
    return "".join(tags)


def _check(
    text: str,
    place: Place,
    schema: Mapping[str, Attribute],
    problems: Problems,
    field: ContentField,
    fragment: Fields,
) -> None:
    try:
        tree = _ENVIRONMENT.parse(text)
        if _Template(text, place, schema, problems, fragment).check(tree):
            _try(text, schema, field)
    except TemplateSyntaxError as error:
        problems.add(place.character(_line_start(text, error.lineno)), f"not a template: {error.message}")
    except _FAILURES as error:
        problems.add(place, f"cannot be rendered: {error}")


def _try(text: str, schema: Mapping[str, Attribute], field: ContentField) -> None:
    """Render a template as for a person of whom everything is known, and as for one of whom only the required is."""
    named = {"id": "id", "name": "Name"}
    for all_known in (True, False):
        profile = {name: _SAMPLES[a.type] for name, a in schema.items() if all_known or a.required}
        seen = {
            "profile": profile,
            "action": named,
            "brand": named,
            "links": {},
            "fragment": {},
            LOCALE: "en_GB",
            TIME_ZONE: "UTC",
        }
        fitting(template(text, field.medium).render(seen), field, text)


class _Template:
    """One template under examination."""

    def __init__(
        self, text: str, place: Place, schema: Mapping[str, Attribute], problems: Problems, fragment: Fields
    ) -> None:
        self._text = text
        self._place = place
        self._schema = schema
        self._problems = problems
        self._fragment = fragment

    def check(self, tree: nodes.Template) -> bool:
        """Whether all that it reads and uses is allowed."""
        before = len(self._problems.found)
        for used in tree.find_all(nodes.Filter):
            self._filter(used)
        if len(self._problems.found) > before:
            return False
        for name in sorted(find_undeclared_variables(tree) - set(ROOTS)):
            self._note(rf"\b{name}\b", 1, f"unknown name {name}", wrote=name, known=ROOTS)
        for lineno, message in refusals(tree):
            self._note(None, lineno, message)
        for node, parent in _walk(tree):
            if isinstance(node, nodes.Name) and node.name in ROOTS:
                self._name(node, parent)
            if isinstance(node, nodes.Getattr | nodes.Getitem):
                self._read(node, parent)
        return len(self._problems.found) == before

    def _filter(self, node: nodes.Filter) -> None:
        if node.name == "safe":
            self._note(r"\bsafe\b", node.lineno, "what is escaped for its medium cannot be declared safe")
        elif node.name not in USED:
            self._note(rf"\b{node.name}\b", node.lineno, f"unknown filter {node.name}", wrote=node.name, known=USED)
        elif node.name in _GROWING and any(each.name in _GROWING for each in node.find_all(nodes.Filter)):
            self._note(rf"\b{node.name}\b", node.lineno, f"{node.name} takes nothing that was put together before")

    def _name(self, node: nodes.Name, parent: nodes.Node) -> None:
        if node.ctx != "load":
            self._note(rf"\b{node.name}\b", node.lineno, f"{node.name} cannot be set")
        elif not (isinstance(parent, nodes.Getattr | nodes.Getitem) and parent.node is node):
            self._note(rf"\b{node.name}\b", node.lineno, f"read one of the fields of {node.name}")

    def _read(self, node: nodes.Getattr | nodes.Getitem, parent: nodes.Node) -> None:
        root = node.node
        if isinstance(parent, nodes.Call) or (isinstance(root, nodes.Name) and root.name not in ROOTS):
            return  # refused already, or a variable of the template's own
        if not isinstance(root, nodes.Name):
            self._note(None, node.lineno, "only the fields of profile, action, brand, links and fragment can be read")
            return
        if isinstance(node, nodes.Getattr):
            field = node.attr
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            field = node.arg.value
        else:
            self._note(rf"\b{root.name}\b", node.lineno, f"name the field of {root.name}")
            return
        known: Mapping[str, object] | tuple[str, ...] = self._schema if root.name == "profile" else _NAMED
        if root.name in ("links", "fragment"):
            known = _LINKS if root.name == "links" else self._fragment
        pattern = rf"\b{root.name}\s*(?:\.\s*|\[\s*['\"])({re.escape(field)})\b"
        if field not in known:
            self._note(pattern, node.lineno, f"unknown attribute {root.name}.{field}", wrote=field, known=known)
        elif self._may_be_missing(root.name, field) and not _has_fallback(node, parent):
            message = f"{root.name}.{field} may be missing: give it a fallback with default"
            self._note(pattern, node.lineno, message, unless=r"\s*\|\s*d")

    def _may_be_missing(self, root: str, field: str) -> bool:
        return root in ("links", "fragment") or (root == "profile" and not self._schema[field].required)

    def _note(
        self,
        pattern: str | None,
        lineno: int,
        message: str,
        *,
        wrote: str = "",
        known: Mapping[str, object] | tuple[str, ...] = (),
        unless: str = r"(?!)",
    ) -> None:
        """Note a problem where a pattern is found from a line on, else at that line.

        A template's tree knows lines only; the text tells the column.
        """
        start = _line_start(self._text, lineno)
        found = None
        if pattern is not None:
            found = re.compile(f"{pattern}(?!{unless})").search(self._text, start)
            found = found or re.compile(pattern).search(self._text, start)
        offset = found.start(found.lastindex or 0) if found else start
        self._problems.add(self._place.character(offset), message, wrote=wrote, known=known)


def _has_fallback(node: nodes.Node, parent: nodes.Node) -> bool:
    """Whether a value goes straight into `default`, or is only asked whether it is there."""
    if isinstance(parent, nodes.Filter):
        return parent.node is node and parent.name in ("default", "d") and bool(parent.args or parent.kwargs)
    return isinstance(parent, nodes.Test) and parent.name in ("defined", "undefined")


def _walk(node: nodes.Node) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    """Every node with the one it is part of, in the order of the text."""
    for child in node.iter_child_nodes():
        yield child, node
        yield from _walk(child)


def _line_start(text: str, lineno: int) -> int:
    return sum(len(line) for line in text.splitlines(keepends=True)[: lineno - 1])
