"""`kairos content preview` writes what delivery would send."""

from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner

from cli.content import preview_of
from cli.main import kairos
from tests.fault.world import NOW, bank_customers, bank_policy, bank_revision


@pytest.fixture(autouse=True)
def built_once(monkeypatch):
    """The sample bank, which is built once for all tests of a process."""
    monkeypatch.setattr("cli.content.load", lambda _folder: bank_revision())


def run(*arguments: str):
    return CliRunner().invoke(kairos, ["content", "preview", *arguments])


def test_a_treatment_is_shown_as_a_person_would_get_it_with_what_its_provider_would_be_told(tmp_path):
    page = tmp_path / "out.html"
    ended = run(
        "northmoor_cash_isa.email",
        "--json",
        "--set",
        "isa_allowance_left=4321.0",
        "--set",
        "language=cy",
        "--html",
        str(page),
    )
    assert ended.exit_code == 0, ended.output
    shown = json.loads(ended.stdout)
    assert (shown["language"], shown["connector"]) == ("cy", "sendgrid")
    assert "£4,321" in page.read_text(encoding="utf-8")
    told = shown["request"]
    assert told["request"] == "POST https://api.sendgrid.com/v3/mail/send"
    assert told["authentication"] == "bearer ••••••"
    assert told["body"]["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert shown["content"]["link"].startswith("https://links.example/c/")


def test_mail_text_messages_and_what_is_said_at_a_desk_are_shown_too():
    mail = run("hallam_portfolio_review.email", "--address", "zoe@b.example")
    assert 'To": "zoe@b.example' in mail.output
    text = run("foxglove_card_block_notice.sms")
    assert "(1 text message)" in text.output
    desk = run("northmoor_cash_isa.call_centre")
    assert "reasons: " in desk.output
    assert "terms: " in desk.output


def test_every_treatment_of_the_sample_can_be_shown_in_every_language():
    customer = bank_customers()["C000001"]
    for language in ("en", "cy"):
        who = msgspec.structs.replace(
            customer.profile, attributes={**customer.profile.attributes, "language": language}
        )
        for treatment in bank_revision().treatments:
            shown = preview_of(bank_policy(), treatment, who, {}, "zoe@b.example", NOW)
            assert shown.content
            assert (shown.request is None) == (shown.connector is None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["northmoor_cash_isa.mail"], "northmoor_cash_isa.email"),
        (["northmoor_cash_isa.email", "--set", "languag=cy"], "did you mean language"),
        (["northmoor_cash_isa.email", "--set", "isa_allowance_left=much"], "This person would get nothing"),
        (["northmoor_cash_isa.email", "--set", "language"], "--set language=VALUE"),
        (["northmoor_cash_isa.email", "--html", "nowhere/x.html"], "nowhere/x.html cannot be written"),
        (["northmoor_cash_isa.email", "--person", "C9"], "C000001"),
        (["northmoor_cash_isa.call_centre", "--html", "x.html"], "no field of HTML"),
    ],
)
def test_what_cannot_be_shown_ends_with_what_to_do(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = run(*arguments)
    assert ended.exit_code == 1
    assert said in ended.output
