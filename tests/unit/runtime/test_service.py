"""A service answers whatever comes, before it knows anything too."""

from __future__ import annotations

import gzip

import pytest
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader
from werkzeug.test import Client
from werkzeug.wrappers import Request

from shared.domain.errors import InvalidError, TransientError
from shared.runtime.service import Service, always_ready, json_answer, read_body, unpacked

PAGE = {"origin": "https://www.bank.example"}


def not_yet():
    raise TransientError("no revision is live")


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_a_page_is_told_to_come_again_while_nobody_knows_which_ones_may_call(method):
    service = Service("ingest", [], ready=not_yet, origins=not_yet)

    answer = Client(Request.application(service)).open(
        "/v1/signals", method=method, headers={**PAGE, "access-control-request-method": "POST"}
    )

    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["traceparent"]
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_that_may_call_reads_what_it_is_refused():
    service = Service("ingest", [], ready=always_ready, origins=lambda: frozenset(PAGE.values()))

    answer = Client(Request.application(service)).post("/v1/signals", headers=PAGE)

    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == PAGE["origin"]


@pytest.mark.parametrize("more", [gzip.compress(b"[2]"), b"rubbish", b"\0"])
def test_nothing_is_left_out_of_a_packed_body_unsaid(more):
    request = Request({"HTTP_CONTENT_ENCODING": "gzip"})

    with pytest.raises(InvalidError) as refused:
        unpacked(request, gzip.compress(b"[1]") + more)

    assert refused.value.field == "content-encoding"


@pytest.mark.parametrize("sent", [b"zz\r\n{}", b"50\r\n{}", b""], ids=["no length", "half of it", "nothing"])
def test_a_body_in_broken_chunks_is_no_error_of_ours(sent, capsys):
    service = Service("ingest", [("POST", "/", lambda request: json_answer(read_body(request)))], ready=always_ready)
    request = Request(
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
        | {"SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "CONTENT_TYPE": "application/json"}
        | {"wsgi.input": Body(ChunkedReader(None, IterUnreader([sent])))}
    )

    answer = service(request)

    assert answer.status_code == 400
    assert not capsys.readouterr().out
