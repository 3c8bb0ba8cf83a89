"""Values of a definition: what in them is an expression, and what is not."""

from __future__ import annotations

from emulators.workflows.language.expressions import ExpressionError, Index, Member, Name, Node, parse
from emulators.workflows.language.marked import Marked, text_of
from emulators.workflows.language.problems import Place, Problem
from emulators.workflows.language.steps import Constant, Evaluated, Sequence, Table, Target, Template


def template(marked: Marked, problems: list[Problem]) -> Template:
    """A value as it runs; expressions that are none become problems, and null."""
    if marked.kind == "list":
        items = tuple(template(each, problems) for each in marked.items)
        if all(isinstance(each, Constant) for each in items):
            return Constant(marked.plainly(), marked.place)
        return Sequence(items, marked.place)
    if marked.kind == "map":
        pairs = tuple((_key(key, problems), template(value, problems)) for key, value in marked.pairs)
        if all(isinstance(part, Constant) for pair in pairs for part in pair):
            return Constant(marked.plainly(), marked.place)
        return Table(pairs, marked.place)
    if isinstance(marked.value, str) and is_expression(marked.value):
        return _evaluated(marked, problems)
    if isinstance(marked.value, str) and "${" in marked.value:
        said = "an expression stands alone: this is text, `${` included"
        problems.append(Problem(marked.place, said, is_warning=True))
    return Constant(marked.value, marked.place)


def is_expression(text: str) -> bool:
    """Whether a text is `${…}`, from end to end."""
    bare = text.strip()
    return bare.startswith("${") and bare.endswith("}")


def target(marked: Marked, problems: list[Problem]) -> Target | None:
    """What a text assigns to: a variable or a member of one; None, and a problem, where it is neither."""
    text = text_of(marked.value) if marked.kind == "scalar" else ""
    try:
        node = parse(text)
    except ExpressionError as error:
        problems.append(Problem(_at(marked, error.at), f"{text!r} is nothing to assign to: it {error.message}"))
        return None
    if isinstance(node, Name | Member | Index) and base_of(node) is not None:
        return node
    problems.append(Problem(marked.place, f"{text!r} is nothing to assign to: name a variable, or a member of one"))
    return None


def base_of(node: Node) -> Name | None:
    """The variable that a member, or a member of a member, is of."""
    while isinstance(node, Member | Index):
        node = node.base
    return node if isinstance(node, Name) else None


def _key(marked: Marked, problems: list[Problem]) -> Template:
    if isinstance(marked.value, str) and is_expression(marked.value):
        return _evaluated(marked, problems)
    return Constant(text_of(marked.value), marked.place)


def _evaluated(marked: Marked, problems: list[Problem]) -> Template:
    start = marked.value.index("${") + 2
    text = marked.value[start : marked.value.rindex("}")]
    place = _at(marked, start)
    try:
        return Evaluated(parse(text), text.strip(), place)
    except ExpressionError as error:
        problems.append(Problem(_at(marked, start + error.at), f"in an expression: {error.message}"))
        return Constant(None, place)


def _at(marked: Marked, offset: int) -> Place:
    """The place of a character of a text that stands on one line, else of the text."""
    if "\n" in str(marked.value)[:offset]:
        return marked.place
    quote = 0 if marked.plain else 1
    return Place(marked.place.line, marked.place.column + offset + quote)
