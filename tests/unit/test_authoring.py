"""A catalogue's files become a revision: inheritance worked out, and the same whatever their order."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.authoring import CatalogueError, build, load, read
from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy
from shared.domain.rules import Cap, ConsentRule, Cooldown, ExclusionRule, Scope

BANK = Path(__file__).parent / "authoring_cases" / "bank"
SAMPLE = Path(__file__).parents[2] / "catalogue"

GOLDEN = "sha256:5e4a9b90f3b269e61796aee1e72a4477ed5ad11dbfa560753606596d0dc0ff2d"


@pytest.fixture(scope="module")
def revision() -> Revision:
    return load(BANK)


def conditions(revision: Revision, indexes: tuple[int, ...]) -> list[tuple[str, str, str]]:
    return [(c.kind, c.level, c.name) for c in (revision.catalogue.conditions[i] for i in indexes)]


def test_conditions_are_inherited_downwards_within_each_kind(revision):
    assert conditions(revision, revision.actions["saver"].conditions) == [
        ("eligibility", "catalogue", "customer"),
        ("eligibility", "issue:grow", "adult"),
        ("eligibility", "group:savings", "resident"),
        ("eligibility", "action:saver", "has_money"),
        ("applicability", "action:saver", "no_saver"),
        ("suitability", "catalogue", "no_collections"),
        ("suitability", "brand:red", "red_suits"),
    ]
    assert conditions(revision, revision.actions["notice"].conditions) == [
        ("eligibility", "catalogue", "customer"),
        ("suitability", "catalogue", "no_collections"),
    ]


def test_every_condition_is_there_once(revision):
    every = [(c.level, c.kind, c.name) for c in revision.catalogue.conditions]
    assert len(every) == len(set(every)) == 8


def test_the_conditions_of_a_treatment_stay_with_it(revision):
    web = revision.treatments["saver.web"][1]
    assert conditions(revision, web.conditions) == [("applicability", "treatment:saver.web", "only_web")]
    assert revision.treatments["saver.email"][1].conditions == ()


def test_the_most_specific_lever_counts(revision):
    assert {a.id: a.lever for a in revision.catalogue.actions} == {"loan": 0.5, "notice": 1.0, "saver": 3.0}


def test_a_lever_of_the_issue_holds_where_nothing_below_has_one():
    files = read(BANK)
    files["actions/red/grow.yaml"] = files["actions/red/grow.yaml"].replace("    lever: 0.5\n", "")
    assert build(files).actions["loan"].lever == 2.0


def test_a_treatment_takes_from_its_action_what_it_does_not_say(revision):
    action, web = revision.treatments["saver.web"]
    email = revision.treatments["saver.email"][1]
    assert (web.purpose, web.starting.propensity, web.placement) == ("marketing", 0.1, "web.tile")
    assert (email.purpose, email.starting, email.placement) == ("service", email.starting, None)
    assert email.starting.propensity == 0.05
    assert action.issue == "grow"


def test_dates_are_midnight_and_times_are_utc(revision):
    active = revision.actions["saver"].active
    assert active.from_ == datetime(2027, 1, 1, tzinfo=UTC)
    assert active.until == datetime(2027, 4, 5, 11, tzinfo=UTC)
    assert active.until.tzinfo == UTC


def test_rules_keep_their_order_and_durations_become_seconds(revision):
    assert revision.catalogue.rules == (
        Cap(
            id="weekly",
            limit=2,
            outcomes=("sent",),
            window_seconds=604800,
            reason="Two a week.",
            scope=Scope(channels=("email", "sms")),
        ),
        Cooldown(
            id="no_means_no",
            outcomes=("dismiss", "reject"),
            period_seconds=90 * 86400,
            reason="They said no.",
            same="action",
        ),
        Cooldown(id="never_again", outcomes=("complaint",), period_seconds=36525 * 86400, reason="They complained."),
        ConsentRule(id="consent", purposes=("marketing",), reason="No consent."),
        ExclusionRule(id="vulnerable", flag="vulnerable", stops=("marketing",), reason="Vulnerable."),
    )


@pytest.mark.parametrize(("text", "seconds"), [("5s", 5), ("2m", 120), ("3h", 10800), ("1d", 86400), ("2w", 1209600)])
def test_durations(text, seconds):
    files = read(BANK)
    files["contact_policy.yaml"] = files["contact_policy.yaml"].replace("1w", text)
    assert build(files).catalogue.rules[0].window_seconds == seconds


def test_everything_but_rules_and_conditions_stands_by_id(revision):
    catalogue = revision.catalogue
    for named in (
        catalogue.brands,
        catalogue.issues,
        catalogue.groups,
        catalogue.channels,
        catalogue.namespaces,
        catalogue.sources,
        catalogue.actions,
        *(c.placements for c in catalogue.channels),
        *(a.treatments for a in catalogue.actions),
    ):
        assert [item.id for item in named] == sorted(item.id for item in named)
    assert [e.flag for e in catalogue.exclusions] == ["deceased", "minor"]
    assert {g.id: g.parent for g in catalogue.groups} == {"help": "serve", "loans": "grow", "savings": "grow"}


def test_a_revision_is_its_canonical_form(revision):
    assert Revision.decode(revision.catalogue.canonical()).id == revision.id
    assert "profile.balance" in next(text for text in revision.catalogue.expressions if "*" in text)
    Policy(revision)


def test_the_id_of_a_catalogue_is_known_for_ever(revision):
    """Who changes this changes the id of every catalogue in use: the shape of a revision is part of its id."""
    assert revision.id == GOLDEN


def test_comments_quotes_and_layout_do_not_count(revision):
    files = {name: f"# A comment.\n---\n{text}\n# Another.\n" for name, text in read(BANK).items()}
    grow = files["actions/red/grow.yaml"]
    grow = grow.replace("name: Open a saver", "name: 'Open a saver'   # quoted").replace("value: 40", "value: 40.0")
    grow = grow.replace("when: profile.balance > 100.0", "when: |\n            profile.balance > 100.0")
    grow = grow.replace("2027-04-05T12:00:00+01:00", "2027-04-05T11:00:00Z")
    files["actions/red/grow.yaml"] = grow
    assert build(files).id == revision.id


@pytest.mark.parametrize(
    ("file", "short", "long"),
    [
        ("channels.yaml", "price: 0.04,", "price: 0.04, needs_contact_point: false, placements: [],"),
        ("channels.yaml", "price: 0.004,", "price: 0.004, timeout_seconds: 10.0, max_attempts: 5,"),
        ("arbitration.yaml", "{lever: 0.5}", "{lever: 0.5, value: 1.0, context: 1}"),
        ("contact_policy.yaml", "purposes: [marketing],", "purposes: [marketing], scope: {brands: []},"),
        ("contact_policy.yaml", "same: action,", "same: action, after: {}, blocks: {channels: []},"),
        ("actions/red/grow.yaml", "value: 40", "value: 40\n    active: {}\n    mandatory: false\n    description: ''"),
    ],
)
def test_defaults_written_out_do_not_count(revision, file, short, long):
    files = read(BANK)
    assert short in files[file]
    files[file] = files[file].replace(short, long, 1)
    assert build(files).id == revision.id


def test_the_names_of_action_files_do_not_count(revision):
    files = read(BANK)
    files["actions/other.yaml"] = files.pop("actions/red/grow.yaml")
    assert build(dict(reversed(files.items()))).id == revision.id


_ORDERED = {"rules", "arms", "triggers", "steps", "edges", "eligibility", "applicability", "suitability"}


def shuffled(value: Any, rng: random.Random, *, ordered: bool = False) -> Any:
    """The same with every order changed that means nothing."""
    if isinstance(value, dict):
        items = [(k, shuffled(v, rng, ordered=k in _ORDERED)) for k, v in value.items()]
        rng.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        values = [shuffled(v, rng) for v in value]
        if not ordered:
            rng.shuffle(values)
        return values
    return value


def reordered(name: str, text: str, rng: random.Random) -> Any:
    """What a file says in another order, unless all its orders mean something: of expressions, shapes and identifiers
    of a format and of answers of a connector the first counts, and examples stand in the order of their items.
    """
    said = yaml.safe_load(text)
    return said if name.startswith(("formats/", "examples/", "connectors/")) else shuffled(said, rng)


@pytest.mark.parametrize("folder", [BANK, SAMPLE], ids=["small", "sample"])
@pytest.mark.parametrize("seed", range(5))
def test_orders_that_mean_nothing_do_not_count(folder, seed):
    rng = random.Random(seed)
    files = read(folder)
    parsed = {name: reordered(name, text, rng) for name, text in files.items()}
    actions = [a for name, file in parsed.items() if name.startswith("actions/") for a in file["actions"]]
    rng.shuffle(actions)
    fixed = {name: file for name, file in parsed.items() if not name.startswith("actions/")}
    split = rng.randrange(1, len(actions))
    files = {
        **fixed,
        "actions/z.yaml": {"actions": actions[:split]},
        "actions/deep/er/a.yaml": {"actions": actions[split:]},
    }
    written = {name: yaml.safe_dump(file, sort_keys=False, width=1000) for name, file in files.items()}
    assert build(written).id == load(folder).id


def test_what_means_something_changes_the_id(revision):
    files = read(BANK)
    rules = files["contact_policy.yaml"].splitlines(keepends=True)
    for name, text in (
        ("contact_policy.yaml", "".join([rules[0], *reversed(rules[1:])])),
        ("bank.yaml", files["bank.yaml"].replace("lever: 3", "lever: 4")),
        ("actions/red/grow.yaml", files["actions/red/grow.yaml"].replace("> 100.0", "> 200.0")),
    ):
        assert build({**files, name: text}).id != revision.id


def test_the_sample_bank_builds():
    revision = load(SAMPLE)
    assert len(revision.actions) >= 40
    Policy(revision)


def test_samples_and_hidden_files_are_no_part(tmp_path):
    for name, text in read(BANK).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "persons.yaml").write_text("nonsense: [")
    (tmp_path / ".cache.yaml").write_text("nonsense: [")
    (tmp_path / "README.md").write_text("For people.")
    assert load(tmp_path).id == load(BANK).id


def test_a_loaded_file_is_named_with_its_folder(tmp_path):
    (tmp_path / "bank.yaml").write_bytes(b"name: \xff")
    with pytest.raises(CatalogueError, match=re.escape(f"{tmp_path.as_posix()}/bank.yaml:1:1: not UTF-8")):
        load(tmp_path)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CatalogueError, match=r"nowhere:1:1: no such folder"):
        load(tmp_path / "nowhere")


def test_no_files_at_all():
    with pytest.raises(CatalogueError) as error:
        build({})
    assert [str(p) for p in error.value.problems] == [
        "actions:1:1: there are no actions",
        *(
            f"{name}.yaml:1:1: the file is missing"
            for name in ("arbitration", "bank", "channels", "contact_policy", "identity", "schema")
        ),
    ]
