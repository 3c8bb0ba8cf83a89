"""Text into the tree of nodes that YAML says it is."""

from __future__ import annotations

import yaml

from shared.authoring.places import Place
from shared.authoring.problems import Problems


def compose(file: str, source: str, problems: Problems) -> Place | None:
    """The root of a file's tree of nodes; None, and noted, where there is no such tree."""
    start = Place.start(file)
    try:
        node = yaml.compose(source, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place.of(file, source, yaml.ScalarNode("", "", mark, mark)) if mark else start
        problems.add(place, f"not YAML: {error.problem or error.context}")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        bad = yaml.reader.Reader.NON_PRINTABLE.search(source)
        problems.add(start.at(source, bad.start()) if bad else start, f"not YAML: {error}".splitlines()[0])
        return None
    if node is None:
        problems.add(start, "the file is empty")
        return None
    root = Place.of(file, source, node)
    if not _is_tree(root, problems):
        return None
    return root


def _is_tree(root: Place, problems: Problems) -> bool:
    """Whether no node stands in two places, as aliases would have it."""
    seen: set[int] = set()
    nodes = [root.node]
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            problems.add(Place.of(root.file, root.source, node), "anchors and aliases are not allowed: write it out")
            return False
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            nodes.extend(part for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
    return True
