"""Differences of what is said of consent: which grants serve every brand, what proofs mean, what is objected to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.domain.catalogue import Catalogue, ModeUse, TcfUse
from shared.domain.differences.change import Change, changed, listed

_ABOUT = "consent"


def of_consent(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every purpose, vendor, meaning and objection that comes, goes or differs."""
    was, is_now = old.consent, new.consent
    yield from _of_set("a grant without a brand is for all of them", was.group_wide, is_now.group_wide)
    for brand in sorted({*was.tcf.vendors, *is_now.tcf.vendors}):
        numbers = was.tcf.vendors.get(brand), is_now.tcf.vendors.get(brand)
        yield from changed(_ABOUT, f"vendor of brand {brand}", *numbers, str, actions=0)
    yield from _of_set("a TC string speaks of", map(_tcf_words, was.tcf.uses), map(_tcf_words, is_now.tcf.uses))
    modes = map(_mode_words, was.consent_mode), map(_mode_words, is_now.consent_mode)
    yield from _of_set("Consent Mode speaks of", *modes)
    objections = ([f"{each.word}, flag {each.flag}" for each in terms.objections] for terms in (was, is_now))
    yield from _of_set("objection to", *objections)


def _of_set(label: str, was: Iterable[str], is_now: Iterable[str]) -> Iterator[Change]:
    before, after = set(was), set(is_now)
    for said in sorted(before - after):
        yield Change(about=_ABOUT, kind="lost", said=f"no longer: {label} {said}", actions=0)
    for said in sorted(after - before):
        yield Change(about=_ABOUT, kind="gained", said=f"{label} {said}", actions=0)


def _tcf_words(use: TcfUse) -> str:
    basis = use.basis.replace("_", " ")
    return f"{_use(use)} by {basis} to {'purpose' if len(use.tcf) == 1 else 'purposes'} {listed(map(str, use.tcf))}"


def _mode_words(use: ModeUse) -> str:
    return f"{_use(use)} by {listed(use.signals)}"


def _use(use: TcfUse | ModeUse) -> str:
    return f"{use.purpose.replace('_', ' ')} on {listed(use.channels) if use.channels else 'every channel'}"
