"""What the pages say of other files is so: links lead somewhere, names and figures are those of the code."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from cli.main import kairos
from shared.authoring import load
from shared.messages import MESSAGES, HistoryRow
from tests.docs.pages import ROOT, blocks, named, pages, prose

TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
SERVICES = TOPOLOGY["services"]
README = ROOT / "README.md"
CONTAINERS = ROOT / "docs" / "architecture.md"
PAGES = pages()
DIAGRAMS = [(page, text) for page in PAGES for text in blocks(page, "mermaid")]
TYPED = {message.__struct_config__.tag: message for message in MESSAGES}

STORES = {
    "firestore.persons": "profiles",
    "firestore.samples": "profiles",
    "firestore.contacts": "contacts",
    "firestore.contact_points": "points",
    "firestore.person_keys": "keys",
    "firestore.personal_data": "points",
    "firestore.outcomes": "learnt",
    "firestore.allowances": "allowances",
    "firestore.models": "learnt",
    "firestore.paces": "paces",
    "firestore.seals": "seals",
}
"""What the diagram of containers calls the store behind an adapter. The live revision and the quarantine, which nearly
every function has, are left out of it."""

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NODE = re.compile(r"[a-z]\w*(?:\(\[.*?\]\)|\[\[.*?\]\]|\[\(.*?\)\]|\[.*?\])?")
_ARROW = re.compile(r' --- | --> | -- (?:"[^"]+"|[^"|>]+) --> ')

PUSHED = ("PUSH_ACCOUNT", "PUSH_AUDIENCE", "PUSH_SIGNATURE", "PUSH_TOKEN")
"""What a function that is pushed to is told of who pushes."""


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    targets = [target for target in _LINK.findall(prose(page)) if "://" not in target]

    for target in targets:
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "text"), DIAGRAMS, ids=[f"{named(page)}-{n}" for n, (page, _) in enumerate(DIAGRAMS)])
def test_a_diagram_is_well_formed(page, text):
    head, *lines = [line.strip() for line in text.splitlines() if line.strip()]

    assert re.fullmatch(r"flowchart (LR|TB)", head)
    for line in lines:
        sides = _ARROW.split(line)
        assert len(sides) <= 2, line
        nodes = [node for side in sides for node in side.split(" & ")]
        assert all(_NODE.fullmatch(node.strip()) for node in nodes), line
        assert all(line.count(opening) == line.count(closing) for opening, closing in ("()", "[]")), line
        assert line.count('"') % 2 == 0, line


@pytest.mark.parametrize("page", [README, CONTAINERS], ids=named)
def test_a_diagram_has_every_topic_between_those_that_the_topology_names(page):
    publishes = {name: set(service["publishes"]) for name, service in SERVICES.items()}
    declared = {
        (publisher, pushed["topic"], pushed["service"])
        for pushed in TOPOLOGY["subscriptions"].values()
        for publisher in publishes
        if pushed["topic"] in publishes[publisher]
    }
    declared |= {(publisher, "history", "warehouse") for publisher in publishes if "history" in publishes[publisher]}

    drawn = {edge for edge in edges(page) if edge[1] in TOPOLOGY["topics"]}

    assert drawn == declared


def test_the_diagram_of_containers_has_every_store_and_every_function():
    drawn = edges(CONTAINERS)
    joined = {frozenset((left, right)) for left, _, right in drawn}

    assert set(SERVICES) <= {node for pair in joined for node in pair}
    for name in SERVICES:
        used = {STORES[adapter] for adapter in adapters(name) if adapter in STORES}
        assert {store for store in STORES.values() if frozenset((name, store)) in joined} == used, name


def test_the_diagram_of_the_readme_has_who_keeps_what_a_decision_needs():
    kept = {left for left, _, right in edges(README) if right == "store"}
    needed = {f"firestore.{store}" for store in ("persons", "contacts", "deferrals", "contact_points", "outcomes")}

    assert kept == {name for name in SERVICES if adapters(name) & needed}


@pytest.mark.parametrize("name", SERVICES)
def test_the_page_of_a_function_agrees_with_the_topology(name):
    said = _table(name)

    topics = set(TOPOLOGY["topics"])
    pushed = {s["topic"] for s in TOPOLOGY["subscriptions"].values() if s["service"] == name}
    assert _ticked(said["consumes"]) & topics == pushed
    assert _ticked(said["publishes"]) & topics == set(SERVICES[name]["publishes"])


CALLED = {each.get("service") for each in (*TOPOLOGY["subscriptions"].values(), *TOPOLOGY["schedules"].values())}
"""Functions that Pub/Sub or the scheduler calls."""


READ_BY_LIBRARIES = {"OPENBLAS_NUM_THREADS"}
"""Variables that no function reads itself."""


@pytest.mark.parametrize("name", SERVICES)
def test_the_page_of_a_function_names_its_environment(name):
    said = {word for word in _ticked(_table(name)["environment"]) if re.fullmatch(r"[A-Z_]+", word)} - {"INFO"}

    settings = importlib.import_module(f"functions.{name}.settings").Settings
    read = {field.name.upper() for field in msgspec.structs.fields(settings)}
    assert said == read | {"LOG_LEVEL"}
    from_elsewhere = {"GOOGLE_CLOUD_PROJECT", "K_SERVICE", "K_REVISION", "SECRET_MANAGER_EMULATOR_HOST"}
    assert read - from_elsewhere == {
        *SERVICES[name]["secrets"],
        *SERVICES[name]["environment"].keys() - READ_BY_LIBRARIES,
        *(PUSHED if name in CALLED else ()),
    }


@pytest.mark.parametrize("name", SERVICES)
def test_the_examples_of_a_function_have_the_fields_of_its_messages(name):
    examples = [json.loads(text) for text in blocks(ROOT / "functions" / name / "README.md", "json")]

    assert examples
    for example in examples:
        kind = TYPED.get(example.get("type"), HistoryRow if "row_id" in example else None)
        if kind is not None:
            fields = {field.encode_name for field in msgspec.structs.fields(kind)} | {"type"}
            assert set(example) <= fields


def test_every_function_has_a_page():
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}

    assert folders == set(SERVICES)
    assert all((ROOT / "functions" / name / "README.md").exists() for name in folders)


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")

    files = sorted(path.name for path in folder.glob("0*.md"))
    assert re.findall(r"\((\d{4}-[^)]+)\)", index) == files
    numbers = [int(name[:4]) for name in files]
    assert numbers == sorted(set(numbers))
    for name in files:
        text = (folder / name).read_text(encoding="utf-8")
        title = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
        assert f"]({name}) | {title} |" in index
        assert re.search(r"^\d{4}-\d\d-\d\d\. Accepted", text, re.MULTILINE)
        assert all(f"\n## {part}" in text for part in ("Context", "What lost"))


def test_the_commands_of_the_readme_exist():
    lines = [line.partition("#")[0] for text in blocks(README, "bash") for line in text.splitlines()]
    commands = [line.removeprefix(".venv/bin/kairos ").split() for line in lines if line.startswith(".venv/bin/kairos")]
    makes = [line.split()[1] for line in lines if line.startswith("make ")]

    assert {words[0] for words in commands} >= {"up", "send", "decide", "explain", "catalogue", "quarantine"}
    for words in commands:
        path = words[:2] if words[0] in {"catalogue", "quarantine"} else words[:1]
        answer = CliRunner().invoke(kairos, [*path, "--help"], prog_name="kairos")
        assert answer.exit_code == 0, words
        assert all(word in answer.output for word in words if word.startswith("--")), words
    assert set(makes) == {"demo", "test"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in makes)


def test_the_figures_of_the_readme_are_those_of_the_sample_bank():
    text = README.read_text(encoding="utf-8")
    revision = load(ROOT / "catalogue")
    samples = ROOT / "catalogue" / "samples"

    assert f"{len(revision.actions)} actions in {len(revision.treatments)} treatments" in text
    customers = len((samples / "customers.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert f"{customers:,} synthetic customers" in text
    rows = len((samples / "people.csv").read_text(encoding="utf-8").splitlines()) - 1
    files = sum(1 for folder in ("segment", "adobe-xdm") for _ in (samples / folder).glob("*.json"))
    assert f"{rows} signals: {files} real payloads" in text


def test_the_figures_of_the_catalogue_s_page_are_those_of_the_sample_bank():
    text = (ROOT / "catalogue" / "README.md").read_text(encoding="utf-8")
    catalogue = load(ROOT / "catalogue").catalogue
    issues = ("acquire", "grow", "retain", "serve", "nurture", "protect")

    for brand in (*catalogue.brands, None):
        cells = []
        for issue in (*issues, None):
            found = [a for a in catalogue.actions if (not brand or a.brand == brand.id) and issue in (a.issue, None)]
            cells.append(f"{len(found)} ({sum(len(action.treatments) for action in found)})")
        assert f"| {brand.name if brand else 'all'} | {' | '.join(cells)} |" in text
    purposes = Counter(action.purpose for action in catalogue.actions)
    said = ", ".join(f"{count} {purpose.replace('_', ' ')}" for purpose, count in purposes.most_common())
    assert f"By purpose: {said}." in text


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) < 200


def test_the_licence_is_apache():
    words = Counter((ROOT / "LICENSE").read_text(encoding="utf-8").split())

    assert words["Apache"] >= 1
    assert words["Contribution(s)"] + words["Contribution"] > 1


def edges(page: Path) -> set[tuple[str, str, str]]:
    """Each arrow of a page's last diagram: from, label, to."""
    found = set()
    for line in blocks(page, "mermaid")[-1].splitlines()[1:]:
        arrow = _ARROW.search(line)
        assert arrow, line
        label = arrow[0].strip(' ->"')
        sides = (line[: arrow.start()], line[arrow.end() :])
        left, right = ([re.match(r"\w+", node.strip())[0] for node in side.split(" & ")] for side in sides)
        found |= {(a, label, b) for a in left for b in right}
    return found


def adapters(name: str) -> set[str]:
    """The adapters that a function is wired to."""
    main = (ROOT / "functions" / name / "main.py").read_text(encoding="utf-8")
    return set(re.findall(r"^from shared\.adapters\.(\S+) ", main, re.MULTILINE))


def _table(name: str) -> dict[str, str]:
    text = (ROOT / "functions" / name / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| (consumes|publishes|reads|writes|environment) \| (.*) \|$", text, re.MULTILINE))


def _ticked(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))
