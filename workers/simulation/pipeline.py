"""The pipeline: lines in lots, each decided by `Simulation`, and what they come to added up.

What lots come to adds up to the same in any order, so the answer is that of one machine, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.io import ReadFromText, WriteToText
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shared.domain.batch.simulating import AT_ONCE, Asked, Came, Simulation, added
from shared.domain.errors import InvalidError
from shared.domain.ready import ready

_ASKED, _CAME, _WRONG = "asked.json", "came.json", "wrong.txt"
_WRONG_LINE = "wrong"


class Decide(beam.DoFn):
    """Decides lots of lines."""

    def __init__(self, asked: str) -> None:
        """Take the file of what is asked: revisions of thousands of actions are more than a job may be described by."""
        self._file = asked
        self._simulation: Simulation | None = None

    def setup(self) -> None:
        """Make the revisions ready, once a worker."""
        self._simulation = Simulation(msgspec.json.decode(_read(self._file), type=ready(Asked)))

    def process(self, lines: Sequence[bytes]) -> Iterator[Any]:
        """What a lot comes to; or what is wrong with a line of it."""
        assert self._simulation is not None, "a worker begins with it"
        try:
            yield self._simulation.of_lines(lines)
        except InvalidError as error:
            yield beam.pvalue.TaggedOutput(_WRONG_LINE, str(error))


class Together(beam.CombineFn):
    """Adds up what lots come to."""

    def __init__(self, asked: Asked) -> None:
        """Know how many revisions there are, and weeks; not what is in them."""
        self._asked = asked._replace(revisions=(b"",) * len(asked.revisions), counts={})

    def create_accumulator(self) -> Came:
        """Nothing yet."""
        return Came.nothing(self._asked)

    def add_input(self, total: Came, other: Came) -> Came:
        """One lot more."""
        total.add(other)
        return total

    def merge_accumulators(self, totals: Iterable[Came]) -> Came:
        """What several came to."""
        return added(self._asked, totals)

    def extract_output(self, total: Came) -> Came:
        """All of it."""
        return total


def simulate(asked: Asked, source: str | Iterable[bytes], folder: str, options: Sequence[str]) -> Came:
    """What all lines come to together.

    Args:
        asked: what they are asked.
        source: the pattern of files that every worker can read, such as `gs://bucket/persons-*.jsonl`; or the lines.
        folder: where the pipeline keeps what is asked and what came of it, likewise.
        options: of Beam, such as `--runner=DirectRunner`.

    Raises:
        InvalidError: a line is not what it should be.
    """
    asked_file, came_file, wrong_file = (FileSystems.join(folder, name) for name in (_ASKED, _CAME, _WRONG))
    _write(asked_file, msgspec.json.encode(asked))
    with beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
        read = ReadFromText(source, coder=BytesCoder()) if isinstance(source, str) else beam.Create(list(source))
        decided = (
            pipeline
            | "lines" >> read
            | "lots" >> beam.BatchElements(min_batch_size=AT_ONCE, max_batch_size=AT_ONCE)
            | "decide" >> beam.ParDo(Decide(asked_file)).with_outputs(_WRONG_LINE, main="came")
        )
        _ = (
            decided.came
            | "together" >> beam.CombineGlobally(Together(asked))
            | "as JSON" >> beam.Map(_encoded)
            | "keep" >> WriteToText(came_file, num_shards=1, shard_name_template="")
        )
        _ = (
            decided[_WRONG_LINE]
            | "first wrong" >> beam.CombineGlobally(_first)
            | "say wrong" >> WriteToText(wrong_file, num_shards=1, shard_name_template="")
        )
    wrong = _read(wrong_file).decode().strip()
    if wrong:
        raise InvalidError(wrong)
    return msgspec.json.decode(_read(came_file), type=ready(Came))


def _encoded(came: Came) -> str:
    return msgspec.json.encode(came).decode()


def _first(wrong: Iterable[str]) -> str:
    """Of what is wrong the same, whoever comes first."""
    return min((each for each in wrong if each), default="")


def _read(file: str) -> bytes:
    with FileSystems.open(file) as opened:
        return bytes(opened.read())


def _write(file: str, content: bytes) -> None:
    with FileSystems.create(file) as created:
        created.write(content)
