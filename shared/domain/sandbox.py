"""The sandbox that templates run in: no piece of one may take long, or become large, whoever wrote it.

Between two looks at the clock stands one filter or operator, over no more than `MOST_TAKEN` characters or items. Loops
look at every turn, whether anything is written in it or not. What could grow from one piece to the next is refused when
a template is compiled, which is also when a catalogue is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.domain.localised import FILTERS
from shared.domain.names import NAME_FILTERS

MOST_TAKEN = 100_000
"""Characters of a text, or items of a list, that a filter takes, and that one or an operator makes."""

MOST_ARGUMENT = 1_000
"""Characters of a filter's argument."""

MOST_MADE = 10_000_000
"""Characters and items that filters and `~` make for one content."""

MOST_NUMBER = 10_000
"""How large an argument that is a number may be: digits, characters."""

MOST_RESULT = 10**30
"""How large a product may be."""

MOST_TURNS = 10_000
"""Of a loop."""

MOST_LISTED = 1_000
"""Things that `listing` puts into a sentence, each of which it writes once more for every one after it."""

MOST_EXPRESSIONS = 5_000
"""Parts of expressions in one template."""

LOOK = "_look"
"""Under what name a template's context holds what looks at the clock, and is told how much was made since; no template
can read it.
"""

ROOTS = ("profile", "action", "brand", "links", "fragment")
"""What templates read."""

_LIGHT = ("abs", "count", "d", "default", "first", "float", "last", "length")
_OF_TEXT = (
    "capitalize",
    "e",
    "escape",
    "lower",
    "string",
    "striptags",
    "title",
    "trim",
    "truncate",
    "upper",
    "urlencode",
)
_OF_NUMBERS = ("int", "max", "min", "round", "sum")
_OF_LISTS = ("join", "list", "reverse", "sort", "unique", "wordcount")
USED = (*_LIGHT, *_OF_TEXT, *_OF_NUMBERS, *_OF_LISTS, *FILTERS, *NAME_FILTERS)
"""The filters that templates may use: none that makes a long text of a short one, and none that guesses."""

REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "a block of filter; use a filter",
    nodes.Call: "a call; use a filter",
    nodes.Pow: "**",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.AssignBlock: "a block of set; use {% set name = value %}",
    nodes.With: "with; use set",
}

_KINDS = tuple(REFUSED)
_BARE, _EACH, _TOGETHER = "!", "!each", "!together"


class Sandbox(ImmutableSandboxedEnvironment):
    """Compiles templates. `+`, `*` and `%` are looked at: a text by a number would become as long as one likes."""

    intercepted_binops = frozenset(["+", "*", "%", "**"])

    def __init__(self, *, autoescape: bool, finalize: Callable[[Any], str] | None) -> None:
        """Escape as markup, or make of each value what `finalize` makes of it."""
        super().__init__(autoescape=autoescape, undefined=StrictUndefined, finalize=_written(finalize))
        self.globals.clear()
        known = {**self.filters, **FILTERS, **NAME_FILTERS}
        self.filters = {name: known[name] if name in _LIGHT else _bounded(name) for name in USED}
        self.filters.update({_BARE + name: known[name] for name in USED})
        self.filters[_EACH] = _each
        self.filters[_TOGETHER] = _together

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """What an operator makes of two values."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "+":
            if not numbers and _size((left, right)) > MOST_TAKEN:
                raise SecurityError(f"+ makes more than {MOST_TAKEN} characters or items")
            return super().call_binop(context, operator, left, right)
        if operator == "**" or not numbers:
            raise SecurityError(f"{operator} takes two numbers")
        made = super().call_binop(context, operator, left, right)
        if abs(made) > MOST_RESULT:
            raise SecurityError(f"{operator} makes a number that is too large")
        return made

    def _generate(self, source: nodes.Template, *about: Any, **known: Any) -> str:
        """The code of a template whose loops look at the clock, and whose `~` looks at what it is given.

        Raises:
            jinja2.TemplateSyntaxError: something in it could take long or grow.
        """
        for lineno, message in refusals(source):
            raise TemplateSyntaxError(message, lineno)
        for loop in list(source.find_all(nodes.For)):
            loop.iter = _filtered(loop.iter, _EACH, loop)
        for joined in list(source.find_all(nodes.Concat)):
            texts = nodes.List(joined.nodes, lineno=joined.lineno, environment=joined.environment)
            joined.nodes = [_filtered(texts, _TOGETHER, joined)]
        return super()._generate(source, *about, **known)


def refusals(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """What in a template could take long or grow, whatever it reads: line, and why."""
    expressions = 0
    for node in tree.find_all(nodes.Node):
        expressions += isinstance(node, nodes.Expr)
        if isinstance(node, _KINDS):
            refused = next(what for kind, what in REFUSED.items() if isinstance(node, kind))
            yield node.lineno, f"a template cannot use {refused}"
        if isinstance(node, nodes.For) and any(node.find_all(nodes.For)):
            yield node.lineno, "a loop within a loop may have no end: loop once"
        if isinstance(node, nodes.Assign) and any(name.name not in ROOTS for name in node.node.find_all(nodes.Name)):
            yield node.lineno, "what is set is made of no other that was set"
    if expressions > MOST_EXPRESSIONS:
        yield 1, f"a template has {MOST_EXPRESSIONS} parts of expressions at the most"


def _filtered(what: nodes.Node, name: str, of: nodes.Node) -> nodes.Filter:
    return nodes.Filter(what, name, [], [], None, None, lineno=of.lineno, environment=of.environment)


def _bounded(name: str) -> Callable[..., Any]:
    """A filter that looks at the clock and at what it is given."""

    @pass_context
    def bounded(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        _look(context)
        if not isinstance(value, Sized) and isinstance(value, Iterable):
            value = list(islice(value, MOST_TAKEN + 1))
        if _size(value) > MOST_TAKEN:
            raise SecurityError(f"{name} takes {MOST_TAKEN} characters or items at the most")
        for each in (*args, *kwargs.values()):
            if _size(each) > MOST_ARGUMENT:
                raise SecurityError(f"an argument of {name} has {MOST_ARGUMENT} characters at the most")
            if isinstance(each, int | float) and abs(each) > MOST_NUMBER:
                raise SecurityError(f"an argument of {name} is {MOST_NUMBER} at the most")
            if name == "sum" and not isinstance(each, str | int | float):
                raise SecurityError("sum adds numbers")
        if name in ("join", "listing"):
            _check_joined(name, value, args, kwargs)
        made = context.environment.call_filter(_BARE + name, value, args, kwargs, context, context.eval_ctx)
        _look(context, len(made) if isinstance(made, Sized) else 0)
        return made

    return bounded


def _check_joined(name: str, value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Raise SecurityError where things together become a long text."""
    if not isinstance(value, Iterable):
        return
    items = list(value)
    if name == "listing" and len(items) > MOST_LISTED:
        raise SecurityError(f"listing takes {MOST_LISTED} things at the most")
    between = _size(kwargs.get("d", args[0] if args else ""))
    if sum(len(str(item)) + between for item in items) > MOST_TAKEN:
        raise SecurityError(f"{name} makes {MOST_TAKEN} characters at the most")


@pass_context
def _each(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """The items of a loop, with a look at the clock before each."""
    for number, item in enumerate(items):
        if number >= MOST_TURNS:
            raise SecurityError(f"a loop has {MOST_TURNS} turns at the most")
        _look(context)
        yield item


@pass_context
def _together(context: Context, texts: Sequence[Any]) -> str:
    """Texts, one after the other."""
    if _size(texts) > MOST_TAKEN:
        raise SecurityError(f"~ makes {MOST_TAKEN} characters at the most")
    made: str = (markup_join if context.eval_ctx.autoescape else str_join)(texts)
    _look(context, len(made))
    return made


def _written(finalize: Callable[[Any], str] | None) -> Callable[[Any], Any]:
    """What makes of each value what is written of it, of lists only of those that become no long text."""

    def written(value: Any) -> Any:
        if not isinstance(value, str) and _size(value) > MOST_TAKEN:
            raise SecurityError(f"what is written has {MOST_TAKEN} characters or items at the most")
        return value if finalize is None else finalize(value)

    return written


def _look(context: Context, made: int = 0) -> None:
    look = context.get(LOOK)
    if look is not None:
        look(made)


def _size(value: Any) -> int:
    """Characters and items in a value, and in those within; of what has too many, about as many as are too many."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if not isinstance(value, list | tuple):
        return 0
    total = len(value)
    for each in value:
        if total > MOST_TAKEN:
            break
        total += _size(each)
    return total
