"""identity.yaml into the catalogue of a revision."""

from __future__ import annotations

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import Blocked, Namespace
from shared.domain.cel.pattern_trees import PatternError
from shared.domain.cel.patterns import parse
from shared.domain.identity.bad_values import whole


def build_namespaces(file: forms.Identity, names: Names) -> tuple[Namespace, ...]:
    """Kinds of identifier, in order of their ids."""
    names.unique(file.namespaces, "namespace")
    for namespace in file.namespaces:
        if namespace.ttl_days is not None and (namespace.kind == "person" or namespace.unique):
            place = names.place(namespace, "ttl_days")
            names.problems.add(place, "only devices and sessions of which a person may have several come to an end")
        if namespace.unique and namespace.max_values is not None:
            names.problems.add(
                names.place(namespace, "max_values"), "of a unique namespace a person has one: leave it out"
            )
    return tuple(by_id(file.namespaces))


def build_blocked(file: forms.Identity, names: Names) -> Blocked:
    """Values that identify nobody."""
    for index, pattern in enumerate(file.blocked.patterns):
        try:
            parse(whole(pattern))
        except PatternError as error:
            names.problems.add(names.place(file.blocked, "patterns", index), str(error))
    blocked = file.blocked
    return msgspec.structs.replace(
        blocked, values=names.set_of(blocked, "values"), patterns=names.set_of(blocked, "patterns")
    )
