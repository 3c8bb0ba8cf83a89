"""What a brand's e-mails have around what each says is written once, and stands in the revision with each."""

from __future__ import annotations

from pathlib import Path

import yaml

from shared.authoring import build, read

BANK = Path(__file__).parent / "authoring_cases" / "bank"
SECTION = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
FRAME = f"<mjml>{{}}<mj-body>{SECTION}<mj-content /></mj-body></mjml>"
SAID = f"<mj-preview>Soon</mj-preview>{SECTION}"


def mail(frames, **treatment):
    """An e-mail of the small bank that says its sections alone."""
    files = read(BANK) | {"frames.yaml": yaml.safe_dump({"frames": frames})}
    actions = yaml.safe_load(files["actions/red/grow.yaml"])
    actions["actions"][0]["treatments"][1] |= treatment
    _, built = build(files | {"actions/red/grow.yaml": yaml.safe_dump(actions)}).treatment("saver.email")
    return built


def test_sections_stand_in_the_frame_of_their_brand_and_language():
    frame = {"id": "f", "brand": "red", "mjml": FRAME.format("<mj-head></mj-head>", "Red")}
    frame["translations"] = {"cy": FRAME.format("", "Coch")}
    body = r"Save \1 {{ brand.name }}."
    content = {"subject": "Save", "body": SAID.format(body)}

    built = mail([frame], content=content, translations={"cy": {"body": SAID.format("Arbed.")}})

    english, welsh = built.content["body"], built.translations["cy"]["body"]
    assert english.index("Soon") < english.index("Red") < english.index(body)
    assert welsh.index("Soon") < welsh.index("Coch") < welsh.index("Arbed.")


def test_a_treatment_may_name_another_frame():
    frames = [
        {"id": "f", "brand": "red", "mjml": FRAME.format("", "Red")},
        {"id": "g", "mjml": FRAME.format("", "Own")},
    ]

    built = mail(frames, frame="g", content={"subject": "Save", "body": SAID.format("Save.")})

    assert "Own" in built.content["body"]
    assert "Red" not in built.content["body"]
