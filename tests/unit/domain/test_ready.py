"""What many threads decode into for the first time at once."""

import ast
import subprocess
import sys
from pathlib import Path

FIRST_USES = """
import sys, threading
import msgspec
from shared.domain.ready import ready

sys.setswitchinterval(1e-6)
failed = []
threading.excepthook = lambda raised: failed.append(raised.exc_value)
for number in range(300):
    inner = msgspec.defstruct(f"Inner{number}", [("a", int), ("b", dict[str, int])])
    outer = msgspec.defstruct(f"Outer{number}", [("x", list[inner]), ("y", inner | None, None)])
    begin = threading.Barrier(4)

    def decode(form, data):
        begin.wait()
        msgspec.json.decode(data, type=ready(form))

    whole = outer, b'{"x":[{"a":1,"b":{}}]}'
    part = inner, b'{"a":1,"b":{}}'
    threads = [threading.Thread(target=decode, args=each) for each in (whole, part, whole, part)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
sys.exit(bool(failed))
"""


def test_threads_that_are_the_first_to_decode_into_a_type_do_so_one_after_the_other():
    assert subprocess.run([sys.executable, "-c", FIRST_USES], check=False, timeout=60).returncode == 0


def test_whatever_is_decoded_into_a_form_of_ours_has_it_made_ready():
    root = Path(__file__).parents[3]
    files = [file for part in ("shared", "functions", "workers", "emulators") for file in (root / part).rglob("*.py")]
    found = [
        f"{file.relative_to(root)}:{call.lineno}"
        for file in files
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and (form := form_of(call)) is not None and not is_ready(form)
    ]
    assert [place for place in found if not place.startswith("shared/domain/ready.py")] == []


def form_of(call: ast.Call) -> ast.expr | None:
    """What a call of msgspec decodes into, where it says so."""
    called = ast.unparse(call.func)
    if called.endswith((".json.Decoder", ".msgpack.Decoder")):
        return call.args[0] if call.args else None
    if called == "msgspec.convert":
        return next((each.value for each in call.keywords if each.arg == "type"), None) or call.args[1]
    if called.endswith((".json.decode", ".msgpack.decode")):
        return next((each.value for each in call.keywords if each.arg == "type"), None)
    return None


def is_ready(form: ast.expr) -> bool:
    """Whether it is made ready, or made of what msgspec knows by itself."""
    known = {"str", "int", "float", "bool", "bytes", "dict", "list", "tuple", "datetime", "msgspec", "None"}
    named = {each.id for each in ast.walk(form) if isinstance(each, ast.Name)}
    return "ready" in named or named <= known
