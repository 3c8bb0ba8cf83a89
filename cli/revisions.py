"""A revision by what a person calls it: a folder, a file that was built, the live one, an id, or a state of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import msgspec

from cli.platform import ROOT, running
from cli.say import fail
from cli.talk import checked
from shared.authoring import CatalogueError, build, is_part, load
from shared.domain.catalogue import Revision

_WAYS = "a folder, a built revision's file, live, sha256:…, or a commit, branch or tag of git"


def revision_of(text: str) -> Revision:
    """The revision that a text means, or an end with what to do."""
    path = Path(text)
    try:
        if path.is_dir():
            return load(path)
        if path.is_file():
            return Revision.decode(msgspec.json.format(path.read_bytes(), indent=-1))
        if text == "live" or text.startswith("sha256:"):
            return _of_platform(text)
        return _of_git(text)
    except CatalogueError as error:
        for problem in error.problems:
            print(problem)
        fail(f"{len(error.problems)} problems in {text}", "Correct them, or compare with another.")
    except msgspec.DecodeError as error:
        fail(f"{text} is no built revision: {error}", f"Name {_WAYS}.")


def _of_platform(text: str) -> Revision:
    platform = running()
    if platform.on == "embedded":
        with platform.client("records") as client:
            answer = client.get(f"/v1/revisions/{text}", timeout=None)
            checked(answer)
            return Revision.decode(answer.content)
    from cli.stores import catalogues

    kept = catalogues(platform)
    found = kept.current() if text == "live" else kept.get(text)
    return found.revision


def _of_git(text: str) -> Revision:
    """The catalogue of this repository as a commit has it."""
    done = subprocess.run(  # noqa: S603 - git itself, with one name from the command line
        ["git", "-C", str(ROOT), "archive", "--format=tar", f"{text}:catalogue"],  # noqa: S607 - wherever git is
        capture_output=True,
        check=False,
    )
    if done.returncode:
        fail(f"There is no {text}.", f"Name {_WAYS}.")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() and is_part(member.name) else None
            if content is not None:
                files[member.name] = content.read().decode("utf-8-sig")
    return build(files)
