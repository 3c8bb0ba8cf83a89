"""What many threads decode into for the first time at once."""

import subprocess
import sys

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
