"""Formats and their examples: expressions made into programs, names checked, and every example read as it says."""

from __future__ import annotations

import re
from typing import Any, get_args

from cel_expr_python import cel

from shared.authoring import forms
from shared.authoring.checked import ProgramError
from shared.authoring.examples import check_examples
from shared.authoring.names import Files, Names
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.programs import check_text, program_data
from shared.domain import zones
from shared.domain.catalogue import BUILT_IN_FORMATS, Format
from shared.domain.catalogue.formats import ConsentReading, Field, Shape, expressions, values
from shared.domain.normalising.formats import FormatReader
from shared.domain.normalising.reading import path
from shared.domain.normalising.shaped import WORD, Declared
from shared.domain.personal import letters
from shared.domain.rules import Purpose

ITEM = "item"
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*?)(?=\n \| | \[INVALID_ARGUMENT\]|\Z)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container ''\)")


class FormatBuilder:
    """Builds the formats of one catalogue."""

    def __init__(self, files: Files, names: Names, declared: Declared, problems: Problems) -> None:
        """Take what the files say and declare; what reads a schema is noted in `problems`."""
        self._declared = declared
        self._files = files
        self._names = names
        self._problems = problems
        self._envs: dict[tuple[str, ...], cel.Env] = {}

    def build(self) -> tuple[Format, ...]:
        """The formats, each by its examples found to read what it says."""
        for name, file in self._files.examples.items():
            if name not in self._files.formats:
                self._names.problems.add(
                    self._names.place(file), f"there is no formats/{name}.yaml", wrote=name, known=self._files.formats
                )
        return tuple(self._format(name, form) for name, form in sorted(self._files.formats.items()))

    def _format(self, name: str, form: forms.Format) -> Format:
        problems = self._names.problems
        if name in BUILT_IN_FORMATS:
            problems.add(self._names.place(form), f"the format {name} is built in: give this another name")
        programs: dict[str, Any] = {}
        for index, shape in enumerate(form.shapes):
            if not shape.when and index < len(form.shapes) - 1:
                message = "only the last shape may go without a condition: no other after it would be reached"
                problems.add(self._names.place(shape), message)
            self._check(shape)
            self._compile(shape, programs)
        built = Format(
            id=name,
            shapes=form.shapes,
            batch=form.batch,
            headers=form.headers,
            encoded=dict(sorted(form.encoded.items())),
            programs=dict(sorted(programs.items())),
            identifiers=tuple(tuple(shape.identifiers) for shape in form.shapes),
        )
        examples = self._files.examples.get(name)
        if examples is None:
            problems.add(self._names.place(form), f"has no example: write examples/{name}.yaml")
        elif self._is_sound(name):
            reader = FormatReader(built, self._declared)
            check_examples(examples, built, reader, self._names)
        return built

    def _is_sound(self, name: str) -> bool:
        """Whether nothing was noted that would make examples become something else."""
        read = {f"formats/{name}.yaml", f"examples/{name}.yaml", "schema.yaml"}
        found = [*self._names.problems.found, *self._problems.found]
        return not any(problem.file in read for problem in found)

    def _check(self, shape: Shape) -> None:
        names, problems = self._names, self._problems
        profile = self._files.schema.profile
        for name in shape.attributes.keys() - profile.keys():
            place = names.place(shape, "attributes", name)
            problems.add(place, f"unknown attribute profile.{name}", wrote=name, known=profile)
        if shape.at is not None and shape.at.zone and zones.zone(shape.at.zone) is None:
            place = names.place(shape, "at", "zone")
            problems.add(place, f"unknown time zone {shape.at.zone}", wrote=shape.at.zone, known=zones.names())
        if isinstance(shape.brand, Field):
            for word, brand in shape.brand.names.items():
                names.refers("brand", brand, shape, "brand", "names", word)
        self._check_words(shape)
        for index, consent in enumerate(shape.consent):
            self._check_consent(consent)
            if bool(consent.purpose) == bool(consent.categories):
                place = names.place(shape, "consent", index)
                names.problems.add(place, "is about one purpose, or about one for each of its categories")
        for index, name in enumerate(shape.properties.personal):
            if not letters(name):
                place = names.place(shape, "properties", "personal", index)
                names.problems.add(place, "a name is compared by its letters, and this has none")

    def _check_words(self, shape: Shape) -> None:
        """Note a word of a table that conditions never compare with, since what it names has others."""
        schema = self._files.schema
        for part, fields, declared in (
            ("context", shape.context.fields, schema.context),
            ("attributes", shape.attributes, schema.profile),
        ):
            for name, field in fields.items():
                for word, ours in field.names.items() if isinstance(field, Field) else ():
                    keys = (*(("context", "fields") if part == "context" else (part,)), name, "names", word)
                    if part == "context" and name == "channel":
                        self._names.refers("channel", ours, shape, *keys)
                    elif name in declared and declared[name].values and ours not in declared[name].values:
                        place, known = self._names.place(shape, *keys), declared[name].values
                        self._names.problems.add(place, f"{ours} is no value of {name}", wrote=ours, known=known)

    def _check_consent(self, consent: ConsentReading) -> None:
        names = self._names
        said = [((), consent.purpose, consent.channel)]
        said += [(("categories", name), about.purpose, about.channel) for name, about in consent.categories.items()]  # type: ignore[misc]
        for keys, purpose, channel in said:
            known = (*get_args(Purpose), *(objection.word for objection in self._files.consent.objections))
            if purpose and purpose not in known:
                place = names.place(consent, *keys, "purpose")
                names.problems.add(place, f"unknown purpose {purpose}", wrote=purpose, known=known)
            names.refers("channel", channel, consent, *keys, "channel")

    def _compile(self, shape: Shape, programs: dict[str, Any]) -> None:
        """Make programs of a shape's expressions; what is only a path in the item needs none."""
        known: tuple[str, ...] = (ITEM,)
        if shape.when:
            self._program(shape.when, self._names.place(shape, "when"), known, programs)
        for index, let in enumerate(shape.let):
            self._program(let.value, self._names.place(shape, "let", index, "value"), known, programs)
            known = (*known, let.name)
        for keys, value in values(shape):
            for inside, text in expressions(value):
                variables = known if keys[0] == "type" else (*known, WORD)
                self._program(text, self._names.place(shape, *keys, *inside), variables, programs)

    def _program(self, text: str, place: Place, known: tuple[str, ...], programs: dict[str, Any]) -> None:
        if path(text) is not None or not text:
            return
        if known not in self._envs:
            self._envs[known] = cel.NewEnv(variables=dict.fromkeys(known, cel.Type.DYN))
        try:
            check_text(text)
            programs[text] = program_data(self._envs[known].compile(text).serialize())
        except ProgramError as error:
            self._names.problems.add(place.character(error.offset), error.detail)
        except RuntimeError as error:
            self._explain(text, place, known, str(error))

    def _explain(self, text: str, place: Place, known: tuple[str, ...], error: str) -> None:
        lines = text.split("\n")
        found = _ERROR.findall(error)
        for line, column, message in found:
            before = sum(len(part) + 1 for part in lines[: max(int(line) - 1, 0)])
            offset = min(before + max(int(column) - 1, 0), len(text))
            if unknown := _UNDECLARED.fullmatch(message):
                wrote = unknown[1].split(".")[0]
                at = offset if text.startswith(wrote, offset) else max(text.rfind(wrote, 0, offset), 0)
                self._names.problems.add(
                    place.character(at),
                    f"unknown name {wrote}: here are {', '.join(known)}",
                    wrote=wrote,
                    known=known,
                )
            else:
                self._names.problems.add(place.character(offset), f"not CEL: {message}")
        if not found:
            self._names.problems.add(place, f"not CEL: {error}")
