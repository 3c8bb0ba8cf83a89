"""Forms into the catalogue of a revision: references resolved, inheritance worked out, order independent of files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from shared.authoring import forms
from shared.authoring.actions import ActionBuilder
from shared.authoring.audiences import build_audiences
from shared.authoring.callbacks import build_callbacks
from shared.authoring.conditions import Conditions
from shared.authoring.connectors import build_channels, build_connectors, build_content_services
from shared.authoring.consent_terms import build_consent
from shared.authoring.contact_rules import build_rules
from shared.authoring.estimators import build_estimators
from shared.authoring.experiments import build_experiments
from shared.authoring.expressions import Checker, Declared
from shared.authoring.fairness import build_fairness
from shared.authoring.formats import FormatBuilder
from shared.authoring.gates import build_gates
from shared.authoring.identities import build_blocked, build_namespaces
from shared.authoring.names import Files, Names, by_id
from shared.authoring.places import Place
from shared.authoring.predictors import PredictorBuilder
from shared.authoring.problems import Problems
from shared.authoring.reading import Reader
from shared.authoring.signals import attributes_of, build_features, build_triggers, features_read
from shared.authoring.slot_rules import build_slots
from shared.domain import zones
from shared.domain.catalogue import (
    Attribute,
    Authentication,
    Catalogue,
    ContextWeight,
    Named,
    OidcToken,
    PublicKey,
    SignalType,
    Source,
)
from shared.domain.normalising.shaped import Declared as Carried
from shared.domain.part import terse
from shared.domain.rules import ExclusionRule


def build_catalogue(files: Files, names: Names, reader: Reader) -> Catalogue:
    """The catalogue that the files say; it is good only if no problem was noted on the way."""
    bank = files.bank
    named = tuple(feature for feature in files.features.features if names.is_read(feature, "name"))
    profile_schema = dict(sorted((_build_attributes(files.schema.profile) | attributes_of(named)).items()))
    context_schema = _build_attributes(files.schema.context)
    # without a schema nothing can be said of what reads it
    readable = all(reader.is_read(files.schema, part) for part in ("profile", "context", "signals", "action"))
    readable = readable and len(named) == len(files.features.features)
    reading_problems = names.problems if readable else Problems()
    signals = _build_signals(files.schema)
    action_schema = _build_attributes(files.schema.action)
    declared = Declared(profile_schema, context_schema, signals, action_schema)
    checker = Checker(declared, names.vocabulary(), reading_problems)
    _check_bank(bank, names)
    _check_schema(files.schema, names)
    conditions = Conditions(bank, names, checker)
    features = build_features(files, names, checker)
    actions = ActionBuilder(files, names, conditions, checker, declared, reading_problems).build()
    context_weights = _build_context_weights(files.arbitration, names, checker)
    predicting = PredictorBuilder(files, names, reading_problems)
    predictors = predicting.build()
    triggers = build_triggers(files.triggers, names, checker)
    channels = build_channels(files, names)
    connectors = build_connectors(files, channels, actions, names)
    gates = build_gates(files.gates, names, checker)
    catalogue = Catalogue(
        name=bank.name,
        brands=tuple(Named(id=b.id, name=b.name) for b in by_id(bank.brands)),
        issues=tuple(Named(id=i.id, name=i.name) for i in by_id(bank.issues)),
        groups=tuple(Named(id=g.id, name=g.name, parent=g.issue, owner=g.owner) for g in by_id(bank.groups)),
        exclusions=tuple(sorted(bank.exclusions, key=lambda e: e.flag)),
        profile_schema=profile_schema,
        context_schema=context_schema,
        channels=channels,
        namespaces=build_namespaces(files.identity, names),
        blocked=build_blocked(files.identity, names),
        sources=_build_sources(files.sources, files.formats, names),
        weights=files.arbitration.weights,
        context_weights=context_weights,
        rules=build_rules(files.contact_policy, names),
        actions=actions,
        conditions=conditions.all(),
        expressions=dict(sorted(checker.expressions.items())),
        signals=signals,
        action_schema=action_schema,
        time_zone=bank.time_zone,
        locale=bank.locale,
        slots=build_slots(files.arbitration.slots, names),
        predictors=predictors,
        exploration=files.arbitration.exploration,
        effect=files.arbitration.effect,
        learning=predicting.learning(files.arbitration.learning),
        consent=build_consent(files.consent, _excluding(files), names),
        formats=FormatBuilder(files, names, Carried(profile_schema, context_schema, signals), reading_problems).build(),
        features=features,
        features_read=features_read(features, checker.expressions, predictors, actions, connectors),
        triggers=triggers,
        callbacks=build_callbacks(files.callbacks, files.formats, names),
        connectors=connectors,
        content_services=build_content_services(files, names),
        experiments=build_experiments(files.experiments, files.contact_policy, names),
        fairness=build_fairness(files.fairness, files.schema, names),
        audiences=build_audiences(files.audiences, files.channels, names),
        gates=gates,
        estimators=build_estimators(files, actions, predictors, names),
    )
    built: Catalogue = terse(catalogue)
    return built


def _excluding(files: Files) -> frozenset[str]:
    """The flags that exclude a person: from everything, or from some purposes."""
    rules = files.contact_policy.rules
    return frozenset({e.flag for e in files.bank.exclusions} | {r.flag for r in rules if isinstance(r, ExclusionRule)})


def _check_bank(bank: forms.Bank, names: Names) -> None:
    names.unique(bank.brands, "brand")
    names.unique(bank.issues, "issue")
    names.unique(bank.groups, "group")
    names.unique(bank.exclusions, "exclusion", "flag")
    for group in bank.groups:
        names.refers("issue", group.issue, group, "issue")
    if bank.time_zone and zones.zone(bank.time_zone) is None:
        place = names.place(bank, "time_zone")
        message = f"unknown time zone {bank.time_zone}"
        names.problems.add(place, message, wrote=bank.time_zone, known=zones.names())


def _check_schema(schema: forms.Schema, names: Names) -> None:
    _check_attributes(schema.profile, names.place(schema, "profile"), names)
    _check_attributes(schema.context, names.place(schema, "context"), names)
    _check_attributes(schema.action, names.place(schema, "action"), names)
    for name in schema.profile.keys() & set(Checker.LISTS):
        names.problems.add(names.place(schema, "profile", name), f"profile.{name} is always there: leave it out")
    for name in schema.action.keys() & set(Checker.OF_ACTION):
        names.problems.add(names.place(schema, "action", name), f"every action has its {name}: leave it out")
    types: dict[str, tuple[str, str]] = {}
    for signal, declared in schema.signals.items():
        place = names.place(schema, "signals", signal, "properties")
        _check_attributes(declared.properties, place, names)
        for name, found in declared.properties.items():
            first, kind = types.setdefault(name, (signal, found.type))
            if kind != found.type:
                message = f"{name} is {found.type} here and {kind} of {first}: a property has one type"
                names.problems.add(place.into(name, "type"), message)


def _check_attributes(
    attributes: Mapping[str, forms.Attribute | forms.PlainAttribute | forms.Property], section: Place, names: Names
) -> None:
    for name, attribute in attributes.items():
        if name in Checker.RESERVED:
            names.problems.add(section.into(name), f"{name} is a word of CEL and cannot be a name")
        if attribute.values and attribute.type not in ("string", "list(string)"):
            names.problems.add(section.into(name, "values"), "only a string or a list(string) has values")


def _build_signals(schema: forms.Schema) -> dict[str, SignalType]:
    return {
        name: SignalType(
            properties={
                p: Attribute(type=a.type, description=a.description, protected=a.protected)
                for p, a in sorted(s.properties.items())
            },
            open=s.open,
        )
        for name, s in sorted(schema.signals.items())
    }


def _build_attributes(attributes: Mapping[str, forms.Attribute | forms.PlainAttribute]) -> dict[str, Attribute]:
    return {
        name: Attribute(
            type=a.type,
            description=a.description,
            required=a.required,
            protected=isinstance(a, forms.Attribute) and a.protected,
        )
        for name, a in sorted(attributes.items())
    }


def _identifiers_of(form: forms.Format | None) -> set[str]:
    """The names of the identifiers that a format reads; none where they may have any name."""
    if form is None or any(shape.identities for shape in form.shapes):
        return set()
    return {name for shape in form.shapes for name in shape.identifiers}


def _build_sources(file: forms.Sources, formats: Mapping[str, forms.Format], names: Names) -> tuple[Source, ...]:
    names.unique(file.sources, "source")
    for source in file.sources:
        for name, namespace in source.identifiers.items():
            names.refers("namespace", namespace, source, "identifiers", name)
        names.refers("format", source.format, source, "format")
        read = _identifiers_of(formats.get(source.format))
        for name in source.identifiers if read else ():
            if name not in read:
                message = f"the format {source.format} reads no identifier {name}"
                names.problems.add(names.place(source, "identifiers", name), message, wrote=name, known=read)
        for index, way in enumerate(source.authentication):
            if isinstance(way, PublicKey) and not source.origins:
                message = "a public key is taken from the source's origins only, and it names none"
                names.problems.add(names.place(source, "authentication", index), message)
    return tuple(
        msgspec.structs.replace(
            s,
            identifiers=dict(sorted(s.identifiers.items())),
            origins=names.set_of(s, "origins"),
            authentication=tuple(sorted((_build_way(way, names) for way in s.authentication), key=msgspec.json.encode)),
        )
        for s in by_id(file.sources)
    )


def _build_way(way: Authentication, names: Names) -> Authentication:
    return msgspec.structs.replace(way, subjects=names.set_of(way, "subjects")) if isinstance(way, OidcToken) else way


def _build_context_weights(file: forms.Arbitration, names: Names, checker: Checker) -> tuple[ContextWeight, ...]:
    weights = file.context_weights
    names.unique(weights, "context weight", "name")
    for weight in weights:
        checker.context_weight(weight.when, partial(names.place, weight, "when"))
    return tuple(msgspec.structs.replace(w, scope=names.scope(w.scope)) for w in sorted(weights, key=lambda w: w.name))
