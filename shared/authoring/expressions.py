"""Expressions checked by Google's own CEL against what the catalogue declares.

Here attributes are the fields of a message, so that an unknown name or a wrong type is found when the catalogue is
built. What passes is kept as data, which is all that evaluation needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, NamedTuple

import msgspec
from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2, timestamp_pb2

from shared.authoring.cel_faults import MAX_DEPTH, VARIABLES, Fault, explained, type_words
from shared.authoring.checked import ProgramError
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.programs import check_text, program_data
from shared.authoring.tokens import Token, compared, tokens_of
from shared.domain.catalogue import Attribute, Expression, SignalType
from shared.domain.cel.reads import read_paths
from shared.domain.policy.clauses import clauses

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bool": _Field.TYPE_BOOL,
    "int": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "string": _Field.TYPE_STRING,
    "list(string)": _Field.TYPE_STRING,
}
_MESSAGES = {
    "timestamp": ".google.protobuf.Timestamp",
    "any": ".google.protobuf.Value",
    "properties": ".kairos.Properties",
}

_WORDS = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
_SIGNAL_ALONE = dict.fromkeys(
    ("profile", "now", "action", "treatment"), "a feature is made of signals alone, in whatever order they come"
)
_DECIDED = {"decided_at": "only what cancels a message knows when it was decided"}
_READS_PROPERTY = ["signal", ".", "properties", "."]
_CANDIDATE_READ = re.compile(r"(action|treatment)\.[a-z]")

Where = Callable[[], Place]
"""Where an expression stands, worked out only for one with a fault."""


class Declared(NamedTuple):
    """What a catalogue declares that expressions may read.

    Attributes:
        profile: attributes of the person.
        context: what surrounds a signal or a request.
        signals: types of signals, each with its properties.
        action: attributes that actions give values of.
    """

    profile: Mapping[str, Attribute]
    context: Mapping[str, Attribute]
    signals: Mapping[str, SignalType]
    action: Mapping[str, Attribute]

    def properties(self) -> dict[str, str]:
        """The type of each property that some signal has."""
        return {name: a.type for signal in self.signals.values() for name, a in signal.properties.items()}


class Checker:
    """Checks the expressions of one catalogue."""

    LISTS: ClassVar[tuple[str, ...]] = ("brands", "products", "flags", "reachable")
    OF_ACTION: ClassVar[tuple[str, ...]] = ("id", "brand", "issue", "group")
    RESERVED: ClassVar[frozenset[str]] = _WORDS

    def __init__(self, declared: Declared, vocabulary: Mapping[str, Collection[str]], problems: Problems) -> None:
        """Take what is declared.

        Args:
            declared: what expressions may read.
            vocabulary: the only values that some texts have, such as `action.brand`.
            problems: where to note what is wrong.
        """
        self._problems = problems
        self._faults: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Fault]] = {}
        self.expressions: dict[str, Expression] = {}
        self._is_open = any(signal.open for signal in declared.signals.values())
        usable = {name: a.type for name, a in declared.profile.items() if name not in (*self.LISTS, *self.RESERVED)}
        self._fields: dict[str, dict[str, str]] = {
            "profile": {**usable, **dict.fromkeys(self.LISTS, "list(string)")},
            "context": {name: a.type for name, a in declared.context.items() if name not in self.RESERVED},
            "properties": {name: kind for name, kind in declared.properties().items() if name not in self.RESERVED},
            "signal": {"type": "string", "source": "string", "properties": "properties"},
            "action": {
                **{name: a.type for name, a in declared.action.items() if name not in self.RESERVED},
                **dict.fromkeys(self.OF_ACTION, "string"),
            },
            "treatment": dict.fromkeys(("id", "channel", "purpose"), "string"),
        }
        self._vocabulary = vocabulary
        self._envs: dict[frozenset[str], cel.Env] = {}

    def condition(self, text: str, where: Where, *, sees_treatment: bool) -> None:
        """Check a condition: it says yes or no, and above the treatment it knows nothing of treatments."""
        hidden = {} if sees_treatment else {"treatment": "only a treatment's own conditions know the treatment"}
        self._check(text, where, hidden, ("BOOL",), "a condition is true or false")

    def context_weight(self, text: str, where: Where) -> None:
        """Check a context weight's condition: it says yes or no, once for all candidates."""
        once = "a context weight holds for the whole decision: use its scope instead"
        self._check(text, where, {"action": once, "treatment": once}, ("BOOL",), "a condition is true or false")

    def value(self, text: str, where: Where) -> None:
        """Check an action's value: it is a number, once for all treatments."""
        once = "a value does not depend on the candidate"
        self._check(text, where, {"action": once, "treatment": once}, ("INT", "DOUBLE"), "a value is a number")

    def cancel(self, text: str, where: Where) -> None:
        """Check what ends an action's reason: it says yes or no when all that is known is the person and the times."""
        gone = "when a message is about to be sent, its signal is past"
        once = "it ends the action, whatever the treatment"
        hidden = {"signal": gone, "context": gone, "action": once, "treatment": once}
        self._check(text, where, hidden, ("BOOL",), "a condition is true or false", decided=True)

    def trigger(self, text: str, where: Where) -> None:
        """Check a trigger's condition: it says yes or no before anything is known of candidates."""
        early = "a trigger is asked before there are candidates"
        self._check(text, where, {"action": early, "treatment": early}, ("BOOL",), "a condition is true or false")

    def of_signal(self, text: str, where: Where, wanted: tuple[str, ...], rule: str) -> None:
        """Check an expression of a feature, which knows the signal and nothing else."""
        self._check(text, where, _SIGNAL_ALONE, wanted, rule)

    def _check(
        self,
        text: str,
        where: Where,
        hidden: Mapping[str, str],
        wanted: tuple[str, ...],
        rule: str,
        *,
        decided: bool = False,
    ) -> None:
        """Note what is wrong with a text; each is looked at once for each way in which it is used."""
        if not text:
            return
        if not decided:
            hidden = {**hidden, **_DECIDED}
        key = text, tuple(hidden), wanted
        if key not in self._faults:
            tokens = tokens_of(text)
            self._faults[key] = _too_deep(tokens) or [
                *_hidden(text, tokens, hidden),
                *self._unknown_values(tokens),
                *self._compile(text, tokens, wanted, rule),
            ]
        for fault in self._faults[key]:
            self._problems.add(where().character(fault.offset), fault.message, wrote=fault.wrote, known=fault.known)

    def _env_for(self, tokens: list[Token]) -> cel.Env:
        """What to check an expression with: where a signal is open, whatever it reads of a signal may be there."""
        reads: set[str] = set()
        if self._is_open:
            texts = [token.text for token in tokens]
            reads.update(
                name
                for n, name in enumerate(texts[4:])
                if texts[n : n + 4] == _READS_PROPERTY and tokens[n + 4].kind == "name" and name not in self.RESERVED
            )
        undeclared = frozenset(reads - self._fields["properties"].keys())
        if undeclared not in self._envs:
            self._envs[undeclared] = self._new_env(undeclared)
        return self._envs[undeclared]

    def _new_env(self, undeclared: Collection[str]) -> cel.Env:
        pool = descriptor_pool.DescriptorPool()
        for module in (timestamp_pb2, struct_pb2):
            pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        file = descriptor_pb2.FileDescriptorProto(
            name="kairos.proto",
            package="kairos",
            syntax="proto3",
            dependency=["google/protobuf/timestamp.proto", "google/protobuf/struct.proto"],
        )
        for variable, declared in self._fields.items():
            message = file.message_type.add(name=variable.title())
            fields = declared | (dict.fromkeys(sorted(undeclared), "any") if variable == "properties" else {})
            for number, (name, kind) in enumerate(fields.items(), start=1):
                label = _Field.LABEL_REPEATED if kind == "list(string)" else _Field.LABEL_OPTIONAL
                field = message.field.add(name=name, number=number, label=label)
                if kind in _MESSAGES:
                    field.type, field.type_name = _Field.TYPE_MESSAGE, _MESSAGES[kind]
                else:
                    field.type = _TYPES[kind]
        pool.Add(file)
        variables = {name: cel.Type(f"kairos.{name.title()}") for name in VARIABLES}
        times = dict.fromkeys(("now", "decided_at"), cel.Type.TIMESTAMP)
        return cel.NewEnv(descriptor_pool=pool, variables={**variables, **times})

    def _compile(self, text: str, tokens: list[Token], wanted: tuple[str, ...], rule: str) -> list[Fault]:
        """What CEL says to the declared types; a good text is kept."""
        try:
            check_text(text)
            compiled = self._env_for(tokens).compile(text)
            program = program_data(compiled.serialize())
        except ProgramError as error:
            return [Fault(error.offset, error.detail)]
        except RuntimeError as error:
            return explained(text, str(error), self._fields)
        kind = compiled.return_type().name()
        if kind not in wanted:
            return [Fault(0, f"{rule}, and this is {type_words(kind)}")]
        found = clauses(program)
        reads = read_paths(program) if found is None else ()
        encoded = msgspec.Raw(msgspec.json.encode(program))
        self.expressions[text] = Expression(encoded=encoded, clauses=found, reads=reads)
        return []

    def _unknown_values(self, tokens: list[Token]) -> list[Fault]:
        """Comparisons with a text that an attribute never has."""
        return [
            Fault(token.offset, f"{value!r} is no value of {attribute}", value, tuple(self._vocabulary[attribute]))
            for attribute, token in compared(tokens)
            if attribute in self._vocabulary
            and "\\" not in token.text
            and token.text[0] in "'\""
            and (value := token.text.strip("'\"")) not in self._vocabulary[attribute]
        ]


def _hidden(text: str, tokens: list[Token], hidden: Mapping[str, str]) -> list[Fault]:
    """Variables that are not there, and candidates read in a way that evaluation would not notice."""
    faults = []
    for before, token in zip([Token("", "", -1), *tokens], tokens, strict=False):
        if token.kind != "name" or before.text == ".":
            continue
        if token.text in hidden:
            faults.append(Fault(token.offset, f"{token.text} cannot be read here: {hidden[token.text]}"))
        elif token.text in ("action", "treatment") and not _CANDIDATE_READ.match(text, token.offset):
            faults.append(Fault(token.offset, f"read one of its fields, such as {token.text}.id, in one word"))
    return faults


def _too_deep(tokens: list[Token]) -> list[Fault]:
    depth = 0
    for token in tokens:
        if token.kind != "other":
            continue
        if token.text in "([{":
            depth += 1
        elif token.text in ")]}":
            depth -= 1
        if depth > MAX_DEPTH:
            return [Fault(token.offset, f"nested too deeply: at most {MAX_DEPTH} brackets within each other")]
    return []
