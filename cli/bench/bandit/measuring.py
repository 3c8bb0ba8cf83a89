"""`bandit.regret` and `bandit.lift` as results."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cli.bench.bandit import lift, regret
from cli.bench.counts import Counts
from cli.bench.results import Result, result

MOST_OF_UNIFORM = 0.5
"""Of what chance loses, how much the platform may lose."""

TRUE_OF_100 = 95.0
"""Runs in which the report has to hold what is true."""


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Let the platform learn, and measure itself."""
    decisions = counts.bandit_decisions
    people, stream = regret.run(decisions, decisions // 2, tell)
    ours = regret.regrets(stream.choices, [choice.given for choice in stream.choices])
    peers = {regret.UNIFORM: [float(regret.uniform(stream.choices).mean())]}
    if regret.has_peer():
        tell(f"bandit: {regret.PEER} on the same stream")
        theirs = regret.regrets(stream.choices, regret.of_peer(people, stream.choices))
        peers[regret.PEER] = [float(theirs.mean())]
    else:
        tell(f"bandit: without {regret.PEER}. To get it: uv pip install -r requirements-measuring.txt")
    passed = float(sum(stream.broken.values()))
    true = lift.runs(counts.bandit_runs, counts.bandit_persons, stream.evidence, tell)
    right = 100.0 * true / counts.bandit_runs
    return [
        result(
            "bandit.regret", "£ a decision", [float(ours.mean())], peers=peers, limits={regret.UNIFORM: MOST_OF_UNIFORM}
        ),
        result("bandit.limits", "limits passed", [passed], most=0.0),
        replace(result("bandit.lift", "true of 100", [right]), at_least=TRUE_OF_100),
    ]
