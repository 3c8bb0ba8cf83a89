"""A simulation as one HTML page: no script, nothing fetched, the same on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from cli.simulate.plots import Interval, Markup, bar, columns, interval
from cli.simulate.saying import capacity
from shared.domain.batch.differing import Difference
from shared.domain.batch.numbers import CHANGED_BY_LEVERS, COST, REACHED, VALUE, VALUE_WITHOUT_LEVERS, Summary
from shared.domain.batch.report import Findings
from shared.domain.releasing.gates import Gate

MOST_DIFFERENCES = 40
_LONG = 24
"""Letters from which on a text may break anywhere."""

_OUTCOMES = ("click", "accept", "dismiss", "complaint", "unsubscribe", "objection")
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #999}h3{font-size:1rem}
table{border-collapse:collapse;margin:.5rem 0 1rem}caption{text-align:left;color:#444;padding:.2rem 0}
th,td{padding:.15rem .7rem .15rem 0;text-align:left;vertical-align:middle}td.w{overflow-wrap:anywhere}
th{border-bottom:1px solid #bbb;font-weight:600}th.n{text-align:right}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{display:block}.broken,.not_concluded{font-weight:700}
@page{margin:14mm}
@media print{body{margin:0;max-width:none;font-size:9pt}svg{width:8rem;height:auto}
tr,svg{break-inside:avoid}h2,h3{break-after:avoid}
rect,circle,line{print-color-adjust:exact}}
"""


def page(told: Findings, gates: Sequence[Gate]) -> str:
    """The whole page, with the gates that the revision has to pass."""
    name = told.revisions[-1].catalogue.name
    title = escape(f"{name}: a simulation")
    body = "\n".join(part for section in _sections(told, gates) for part in section)
    return (
        f'<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )


def _sections(told: Findings, gates: Sequence[Gate]) -> Iterator[Iterable[str]]:
    after, before = told.after, told.before
    yield _head(told)
    yield _sums(told)
    yield _funnel(after, before)
    yield _given(after, before)
    if before is not None:
        yield _differing(told)
    yield _gates(gates)
    yield _fairness(told)
    if told.came.weeks[-1]:
        yield _pressure(told)


def _head(told: Findings) -> Iterator[str]:
    words = ("before", "after") if len(told.revisions) == 2 else ("revision",)
    what = "persons" if told.now else "decisions of the past"
    rows: list[list[str]] = [[what, f"{told.after.persons:,}"]]
    if told.now:
        rows.append(["when", f"{told.now:%Y-%m-%d %H:%M} UTC"])
    rows += [[word, revision.id] for word, revision in zip(words, told.revisions, strict=True)]
    yield _table((), rows)


def _sums(told: Findings) -> Iterator[str]:
    yield "<h2>Value and cost</h2>"
    after, before = told.after, told.before
    rows: list[list[str]] = []
    for words, name in (
        ("expected value", VALUE),
        ("expected value without levers", VALUE_WITHOUT_LEVERS),
        ("contacts cost", COST),
    ):
        was = [] if before is None else [f"£{before.amount(name):,.2f}"]
        rows.append([words, *was, f"£{after.amount(name):,.2f}"])
    for words, name in (("given otherwise because of levers", CHANGED_BY_LEVERS), ("given something", REACHED)):
        was = [] if before is None else [f"{before.counts.get(name, 0):,}"]
        rows.append([words, *was, f"{after.counts.get(name, 0):,}"])
    yield _table(("", *_columns(compared=before is not None)), rows)
    for each in told.capacities:
        most = max(each.limit, each.wanted, each.most)
        plots = [["wanted", bar(each.wanted, most)], [f"has, per {each.period}", bar(each.limit, most)]]
        if each.periods:
            plots.insert(1, [f"wanted in the {each.period} that wants most", bar(each.most, most)])
        yield _table((), plots, capacity(each))
    if told.shifts:
        most = max(max(abs(each.low), abs(each.high)) for each in told.shifts)
        moved = [
            [
                each.name,
                f"{each.after - each.before:+,.2f}",
                f"{each.more:,}",
                f"{each.less:,}",
                f"{each.low:+,.2f} to {each.high:+,.2f}",
                interval(Interval(each.low, each.after - each.before, each.high), -most, most, 0.0),
            ]
            for each in told.shifts
        ]
        yield _table(("differs", "by", "more of", "less of", "95 %", ""), moved)


def _funnel(after: Summary, before: Summary | None) -> Iterator[str]:
    yield "<h2>Funnel</h2>"
    yield _bars("persons", _steps(after), None if before is None else _steps(before), after.persons)
    for title, kind in (("fall at condition", "condition"), ("stopped by rule", "rule")):
        yield _bars(title, _of(after, kind), None if before is None else _of(before, kind), after.persons)


def _given(after: Summary, before: Summary | None) -> Iterator[str]:
    yield "<h2>Who gets what</h2>"
    for kind in ("issue", "channel", "brand", "action"):
        yield _bars(f"by {kind}", _of(after, kind), None if before is None else _of(before, kind), after.persons)


def _differing(told: Findings) -> Iterator[str]:
    yield "<h2>What differs</h2>"
    found = told.differing(later=False)
    if found:
        yield from _differences(found, told.after.persons)
    else:
        yield "<p>Nobody is given anything else, and nobody falls anywhere else.</p>"


def _differences(found: Sequence[Difference], persons: int) -> Iterator[str]:
    shown = found[:MOST_DIFFERENCES]
    most = max(max(abs(each.low), abs(each.high)) for each in shown)
    rows = [
        [
            each.name,
            f"{each.before:,}",
            f"{each.after:,}",
            f"{each.gained:,}",
            f"{each.lost:,}",
            f"{each.low:+,.0f} to {each.high:+,.0f}",
            interval(Interval(each.low, each.after - each.before, each.high), -most, most, 0.0),
        ]
        for each in shown
    ]
    note = "the largest first; of all such persons, the difference lies between these with 95 % confidence"
    yield _table(("persons", "before", "after", "came", "went", "95 %", ""), rows, note)
    if len(found) > len(shown):
        yield f"<p>… and {len(found) - len(shown):,} more, of {persons:,} persons.</p>"


def _gates(gates: Sequence[Gate]) -> Iterator[str]:
    yield "<h2>Gates</h2>"
    rows = [[Markup("passed") if each.passed else Markup("<b>not passed</b>"), each.said] for each in gates]
    yield _table((), rows, "those of a release; without the guards of its canary")


def _fairness(told: Findings) -> Iterator[str]:
    yield "<h2>Fairness</h2>"
    limits = {each.id: each for each in told.revisions[-1].catalogue.fairness.limits}
    rows: list[list[str]] = []
    for each in told.judged:
        limit, found = limits[each.limit], each.of.parity
        what = [each.limit, f"{each.of.issue}, after {each.of.stage}", each.of.attributes]
        verdict = Markup(f'<span class="{each.verdict}">{each.verdict.replace("_", " ")}</span>')
        if found is None:
            rows.append([*what, verdict, "", "", "", ""])
            continue
        ratio = found.ratio if found.ratio is not None else found.ratio_high
        rows.append(
            [
                *what,
                verdict,
                "none" if found.ratio is None else f"{found.ratio:.3f}",
                interval(Interval(found.ratio_low, ratio, found.ratio_high), 0.0, 1.0, limit.least_ratio),
                f"{found.difference:.3f}",
                interval(
                    Interval(found.difference_low, found.difference, found.difference_high),
                    0.0,
                    1.0,
                    limit.most_difference,
                ),
            ]
        )
    if rows:
        head = ("limit", "of", "by", "", "ratio", "0 to 1", "difference", "0 to 1")
        yield _table(head, rows, "the dashed line is the limit")
    for of in told.compared:
        if of.parity is None or not any(of.parity.rates.values()):
            continue
        title = f"{of.issue} by {of.attributes}, after {of.stage}: rates of selection"
        thin = f"; too few to conclude: {', '.join(of.thin)}" if of.thin else ""
        rates = [[part, f"{rate:.1%}", bar(rate, 1.0)] for part, rate in of.parity.rates.items()]
        yield _table((), rates, title + thin)
    if not told.compared:
        yield "<p>The revision protects no attribute that parts persons.</p>"


def _pressure(told: Findings) -> Iterator[str]:
    yield "<h2>Contact pressure</h2>"
    weeks = told.came.weeks
    for name, of in zip(("before", "after") if len(weeks) == 2 else ("",), weeks, strict=True):
        pressures = [week.pressure for week in of]
        rows = [
            [
                f"week {n}",
                f"{each.reach:.1%}",
                f"{each.mean:.2f}",
                f"{each.p95}",
                f"{each.most}",
                f"{each.at_caps:.1%}",
                f"{each.no_action:.1%}",
            ]
            for n, (week, each) in enumerate(zip(of, pressures, strict=True), 1)
        ]
        head = (name, "reach", "contacts, mean", "p95", "most", "at a cap", "no action")
        yield _table(head, rows)
        became = [[f"week {n}", *(f"{week.outcomes.get(o, 0):,}" for o in _OUTCOMES)] for n, week in enumerate(of, 1)]
        yield _table((name, *_OUTCOMES), became, "what became of contacts; all others did not respond")
        most = max((each.mean for each in pressures), default=0.0)
        plots: list[list[str]] = [
            ["reach, 0 to 100 %", columns([each.reach for each in pressures], 1.0)],
            [f"contacts a person, 0 to {most:.2f}", columns([each.mean for each in pressures], most)],
            ["at a cap, 0 to 100 %", columns([each.at_caps for each in pressures], 1.0)],
            ["no action, 0 to 100 %", columns([each.no_action for each in pressures], 1.0)],
        ]
        yield _table((), plots, f"{name} by week".strip())
    later = told.differing(later=True)
    if later:
        yield from _differences(later, told.after.persons)


def _steps(of: Summary) -> dict[str, int]:
    """How many persons are left after each step."""
    counts = of.counts
    admitted = of.persons - counts.get("result:excluded", 0)
    qualified = admitted - counts.get("result:nothing_qualified", 0)
    return {
        "all": of.persons,
        "not excluded": admitted,
        "qualify for something": qualified,
        "given something": counts.get(REACHED, 0),
    }


def _of(summary: Summary, kind: str) -> dict[str, int]:
    prefix = f"{kind}:"
    found = {name.removeprefix(prefix): n for name, n in summary.counts.items() if name.startswith(prefix)}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _bars(title: str, after: Mapping[str, int], before: Mapping[str, int] | None, persons: int) -> str:
    names = [*after, *(name for name in before or {} if name not in after)]
    rows: list[list[str]] = []
    for name in names:
        now, was = after.get(name, 0), None if before is None else before.get(name, 0)
        share = f"{now / persons:.1%}" if persons else ""
        rows.append([name, *([] if was is None else [f"{was:,}"]), f"{now:,}", share, bar(now, persons, was)])
    return _table((title, *_columns(compared=before is not None), "", ""), rows) if rows else ""


def _columns(*, compared: bool) -> tuple[str, ...]:
    return ("before", "after") if compared else ("persons",)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table; what is no markup is escaped."""
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = f"<thead><tr>{''.join(_row('th', head))}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(_row('td', row))}</tr>" for row in rows)
    return f"<table>{said}{top}<tbody>{body}</tbody></table>"


def _row(tag: str, texts: Sequence[str]) -> Iterator[str]:
    """The cells of a row: the first is a name; numbers stay on their line, what is long does not."""
    for place, text in enumerate(texts):
        if isinstance(text, Markup):
            yield f"<{tag}>{text}</{tag}>"
            continue
        numeric = place > 0 and text[:1] in tuple("0123456789£+-") and len(text) < _LONG
        of = ' class="n"' if numeric else ' class="w"' if len(text) >= _LONG else ""
        yield f"<{tag}{of}>{escape(text)}</{tag}>"
