"""Whatever providers and those who follow links send to feedback, it answers, and counts nothing that is not so."""

from __future__ import annotations

from functools import cache

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.platforms import ROOT
from tests.property.http_inputs import bodies
from tests.unit.test_callbacks import CALLBACKS, KEY, Reported
from tests.unit.test_following_links import LINKS, Sent


@cache
def reported():
    return Reported()


@cache
def sent():
    return Sent()


def payloads(provider):
    examples = yaml.safe_load((ROOT / "catalogue" / "examples" / f"{CALLBACKS[provider].format}.yaml").read_text())
    return [example["given"] for example in examples["examples"]]


BY_KEY = [each for each in sorted(CALLBACKS) if CALLBACKS[each].authentication[0].__class__.__name__ == "SourceKey"]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), provider=st.sampled_from(BY_KEY))
def test_a_provider_that_sends_anything_is_answered(data, provider):
    body = data.draw(bodies(st.sampled_from(payloads(provider))))
    query = data.draw(st.sampled_from(["", "?delivery_id=v-1", "?delivery_id=%00&a=%FF", "?key=x"]))
    media = data.draw(st.sampled_from(["application/json", "application/x-www-form-urlencoded"]))
    answer = reported().client.post(
        f"/v1/callbacks/{provider}{query}", data=body, headers={**KEY, "content-type": media}
    )
    assert answer.status_code in (202, 400, 413, 415, 503), answer.text
    assert not reported().world.store.outcomes


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from("cou"),
    token=st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=60)
    | st.sampled_from(["a..", ".", "a.AA.AA", "a." + "A" * 2000 + ".B"]),
    method=st.sampled_from(["get", "head", "post"]),
)
def test_a_link_that_is_made_up_leads_nowhere(kind, token, method):
    answer = getattr(sent().browser, method)(f"/{kind}/{token}" + (".gif" if kind == "o" else ""))
    assert answer.status_code in (308, 400, 404, 405), answer.text
    assert "location" not in answer.headers or answer.status_code == 308
    assert sent().noted == {}


@settings(max_examples=40, deadline=None)
@given(data=st.data(), kind=st.sampled_from("cou"))
def test_a_link_of_which_any_part_was_changed_leads_nowhere(data, kind):
    link = {"c": sent().click, "o": LINKS.pixel(sent().delivery.delivery_id), "u": sent().unsubscribe}[kind]
    place = data.draw(st.integers(len("/c/"), len(link) - 1 - (len(".gif") if kind == "o" else 0)))
    other = data.draw(st.sampled_from([each for each in "Aaz09-_." if each != link[place]]))
    answer = sent().browser.get(link[:place] + other + link[place + 1 :])
    assert answer.status_code == 404
    assert sent().noted == {}
