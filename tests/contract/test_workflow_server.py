"""The server of Workflows, as Google's own clients and a plain scheduler's request see it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import httpx
import pytest
import yaml
from google.api_core.exceptions import BadRequest, Conflict, InvalidArgument, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import workflows_v1
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.services.executions.transports.grpc import ExecutionsGrpcTransport
from google.cloud.workflows_v1.services.workflows.transports.rest import WorkflowsRestTransport

from emulators import secret_manager
from emulators.ports import Ports
from emulators.provisioning import provision_secrets
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.serving.grpc_api import serve
from emulators.workflows.serving.hosting import Hosted
from emulators.workflows.serving.places import Places
from tests.served import served

PARENT = "projects/bank/locations/europe-west2"
PATIENCE_SECONDS = 20.0
State = executions_v1.Execution.State


class Answering(ThreadingHTTPServer):
    """A service that answers as it is told, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.received: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append((self.command, self.path, headers, body))
        status, sent, said = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in {"content-length": str(len(said)), **sent}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def do_PUT(self):
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Answering]:
    with served(Answering()) as server:
        yield server


@pytest.fixture
def hosted(service) -> Iterator[Hosted]:
    apis = dict.fromkeys(("pubsub", "firestore", "bigquery"), service.url)
    places = Places(project="bank", apis=apis, tokens={service.url: "let me in"}, environment={"BANK": "Hallam"})
    with Hosted(places) as serving:
        yield serving


@pytest.fixture
def workflows(hosted) -> workflows_v1.WorkflowsClient:
    where = hosted.address.removeprefix("http://")
    transport = WorkflowsRestTransport(host=where, credentials=AnonymousCredentials(), url_scheme="http")
    return workflows_v1.WorkflowsClient(transport=transport)


@pytest.fixture
def executions(hosted) -> Iterator[executions_v1.ExecutionsClient]:
    ports = Ports()
    port = ports.take()
    server = serve(hosted.application, port)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield executions_v1.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))
    server.stop(grace=None)
    ports.release()


def eventually(found: Callable[[], Any]) -> Any:
    """What is there at last: an API says only when it is asked."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)  # an API tells nobody that an execution ended
    return result


def deployed(hosted: Hosted, steps: Any, name: str = "one") -> str:
    source = steps if isinstance(steps, str) else yaml.safe_dump(steps, sort_keys=False)
    return hosted.server.deploy(f"{PARENT}/workflows/{name}", source, {}, replace=False).name


def ended(hosted: Hosted, steps: Any, argument: Any = None) -> dict[str, Any]:
    execution = hosted.server.start(deployed(hosted, steps), json.dumps(argument))
    assert execution.wait(PATIENCE_SECONDS)
    return execution.shown()


def result(hosted: Hosted, steps: Any, argument: Any = None) -> Any:
    shown = ended(hosted, steps, argument)
    assert shown["state"] == "SUCCEEDED", shown
    return json.loads(shown["result"])


def test_the_official_clients_deploy_run_and_delete(workflows, executions):
    made = workflows.create_workflow(
        parent=PARENT,
        workflow_id="add",
        workflow={"source_contents": "main: {params: [a], steps: [{r: {return: '${a.x + 1}'}}]}"},
    ).result()
    assert (made.name, made.state.name) == (f"{PARENT}/workflows/add", "ACTIVE")
    with pytest.raises(Conflict):
        workflows.create_workflow(parent=PARENT, workflow_id="add", workflow={"source_contents": "- a: {return: 1}"})
    started = executions.create_execution(parent=made.name, execution={"argument": '{"x": 41}'})
    done = eventually(lambda: (found := executions.get_execution(name=started.name)).state != State.ACTIVE and found)
    assert (done.state, done.result, done.workflow_revision_id) == (State.SUCCEEDED, "42", made.revision_id)
    changed = workflows.update_workflow(
        workflow={"name": made.name, "source_contents": "- a: {raise: no}"}, update_mask={"paths": ["source_contents"]}
    ).result()
    assert changed.revision_id != made.revision_id
    again = executions.create_execution(parent=made.name, execution={})
    failed = eventually(lambda: (found := executions.get_execution(name=again.name)).state != State.ACTIVE and found)
    assert (failed.state, failed.error.payload) == (State.FAILED, '"no"')
    assert 'in step "a", routine "main", line: 1' in failed.error.context
    assert [each.name for each in executions.list_executions(parent=made.name)] == [again.name, started.name]
    assert [each.name for each in workflows.list_workflows(parent=PARENT)] == [made.name]
    workflows.delete_workflow(name=made.name).result()
    with pytest.raises(NotFound):
        workflows.get_workflow(name=made.name)
    with pytest.raises(NotFound):
        executions.create_execution(parent=made.name, execution={})


def test_what_cannot_be_deployed_or_started_is_refused(workflows, executions, hosted):
    with pytest.raises(BadRequest, match="1:7: step a knows no `assgn`"):
        workflows.create_workflow(parent=PARENT, workflow_id="bad", workflow={"source_contents": "- a: {assgn: 1}"})
    with pytest.raises(BadRequest, match="workflowId"):
        workflows.create_workflow(parent=PARENT, workflow_id="9", workflow={"source_contents": "- a: {return: 1}"})
    with pytest.raises(InvalidArgument, match="no JSON"):
        executions.create_execution(parent=deployed(hosted, [{"a": {"return": 1}}]), execution={"argument": "{"})


def test_a_scheduler_starts_one_with_a_plain_request(hosted):
    name = deployed(hosted, {"main": {"params": ["a"], "steps": [{"b": {"return": "${a.audience}"}}]}})
    answer = httpx.post(
        f"{hosted.address}/v1/{name}/executions",
        json={"argument": json.dumps({"audience": "web"})},
        headers={"authorization": "Bearer ya29.local"},
    )
    assert answer.json()["state"] in ("ACTIVE", "SUCCEEDED")
    where = f"{hosted.address}/v1/{answer.json()['name']}"
    assert eventually(lambda: httpx.get(where).json().get("result")) == '"web"'
    entries = httpx.get(f"{where}/stepEntries").json()
    assert [(each["routine"], each["step"]) for each in entries["stepEntries"]] == [("main", "b")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/v1/{PARENT}/workflows/none", 404),
        ("GET", f"/v1/{PARENT}/workflows/none/executions", 404),
        ("GET", f"/v1/{PARENT}/operations/none", 404),
        ("PUT", f"/v1/{PARENT}/workflows/none", 405),
        ("GET", "/v2/x", 404),
        ("POST", f"/v1/{PARENT}/workflows?workflowId=a", 400),
        ("GET", f"/v1/{PARENT}/workflows?pageSize=x", 400),
    ],
)
def test_what_is_not_there_is_said_as_google_says_it(hosted, method, path, status):
    answer = httpx.request(method, f"{hosted.address}{path}", content=b"{")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status


def test_a_callback_is_awaited_and_gets_what_was_sent(hosted):
    name = deployed(
        hosted,
        [
            {"a": {"call": "events.create_callback_endpoint", "args": {"http_callback_method": "POST"}, "result": "c"}},
            {"b": {"call": "events.await_callback", "args": {"callback": "${c}", "timeout": 60}, "result": "r"}},
            {"d": {"return": ["${r.http_request.body}", "${r.type}", "${r.http_request.method}"]}},
        ],
    )
    execution = hosted.server.start(name, "")
    listed = f"{hosted.address}/v1/{execution.name}/callbacks"
    [callback] = eventually(lambda: httpx.get(listed).json()["callbacks"])
    assert httpx.get(callback["url"]).status_code == 405
    assert httpx.post(callback["url"], json={"approved": True}).status_code == 200
    assert execution.wait(PATIENCE_SECONDS)
    assert json.loads(execution.result) == [{"approved": True}, "HTTP", "POST"]
    assert httpx.post(callback["url"], json={}).status_code == 404


def test_an_execution_that_waits_is_cancelled(executions, hosted):
    name = deployed(hosted, [{"a": {"call": "sys.sleep", "args": {"seconds": 3600}}}])
    started = executions.create_execution(parent=name, execution={})
    assert executions.cancel_execution(name=started.name).state == State.CANCELLED


def test_one_that_runs_in_circles_is_cancelled_too(executions, hosted):
    steps = [{"a": {"assign": [{"n": 0}]}}, {"b": {"call": "sys.sleep", "args": {"seconds": 0}, "next": "b"}}]
    started = executions.create_execution(parent=deployed(hosted, steps), execution={})
    assert executions.cancel_execution(name=started.name).state == State.CANCELLED


JSON = {"content-type": "application/json"}


def test_a_request_is_sent_as_the_step_says(hosted, service):
    service.answers = [(200, {**JSON, "x-trace": "t"}, b'{"ok": [1, null]}')]
    url, headers, body = f"{service.url}/p?a=1", {"X-Key": "k"}, {"name": "Ada", "n": 1}
    args = {"url": url, "query": {"q": "a b", "n": 2}, "headers": headers, "body": body, "auth": {"type": "OIDC"}}
    steps = [
        {"a": {"call": "http.post", "args": args, "result": "r"}},
        {"b": {"return": ["${r.code}", "${r.body.ok}", '${r.headers["X-Trace"]}']}},
    ]
    assert result(hosted, steps) == [200, [1, None], "t"]
    [(method, path, sent, content)] = service.received
    assert (method, path) == ("POST", "/p?a=1&q=a+b&n=2")
    assert (sent["x-key"], sent["authorization"]) == ("k", "Bearer let me in")
    assert sent["content-type"] == "application/json; charset=utf-8"
    assert json.loads(content) == body


def test_a_form_and_text_travel_as_their_type_says(hosted, service):
    kinds = [("text/plain", b"plain"), ("image/png", b"\x00\xff")]
    service.answers = [(200, {"content-type": kind}, said) for kind, said in kinds]
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "body": {"a": "b c"}}
    steps = [
        {"a": {"call": "http.post", "args": {"url": service.url, **form}, "result": "r"}},
        {"b": {"call": "http.put", "args": {"url": service.url, "body": "text"}, "result": "s"}},
        {"c": {"return": ["${r.body}", "${get_type(s.body)}"]}},
    ]
    assert result(hosted, steps) == ["plain", "bytes"]
    assert [content for _, _, _, content in service.received] == [b"a=b+c", b"text"]
    assert service.received[1][2]["content-type"] == "text/plain; charset=utf-8"


def caught(call: dict[str, Any]) -> list[Any]:
    return [{"a": {"try": call, "except": {"as": "e", "steps": [{"b": {"return": "${e}"}}]}}}]


def test_an_answer_that_says_no_is_an_error_with_all_of_it(hosted, service):
    service.answers = [(404, {**JSON, "x-a": "1"}, b'{"why": "gone"}')]
    error = result(hosted, caught({"call": "http.get", "args": {"url": service.url}}))
    assert (error["code"], error["tags"], error["body"]) == (404, ["HttpError"], {"why": "gone"})
    assert error["message"] == "HTTP server responded with error code 404"
    assert error["headers"]["X-A"] == "1"


@pytest.mark.parametrize(
    ("args", "tag"),
    [
        ({"url": "http://127.0.0.1:9/"}, "ConnectionError"),
        ({"url": "ftp://host"}, "ValueError"),
        ({"url": 5}, "TypeError"),
        ({"url": "http://127.0.0.1:9/", "timeout": 5000}, "ValueError"),
        ({"url": "http://127.0.0.1:9/", "auth": {"type": '${"Ba" + "sic"}'}}, "ValueError"),
        ({"url": "http://127.0.0.1:9/", "headers": {"a": []}}, "TypeError"),
    ],
)
def test_a_request_that_cannot_be_sent_is_an_error_by_its_tag(hosted, args, tag):
    assert tag in result(hosted, caught({"call": "http.get", "args": args}))["tags"]


@pytest.mark.parametrize(("answers", "sent", "state"), [([503, 429, 200], 3, "SUCCEEDED"), ([500, 200], 1, "FAILED")])
def test_the_default_policy_retries_503_and_not_500(service, answers, sent, state):
    service.answers = [(each, {}, b"") for each in answers]
    steps = [{"a": {"try": {"call": "http.get", "args": {"url": service.url}}, "retry": "${http.default_retry}"}}]
    with Hosted(Places(), new_clock=lambda: JumpingClock(0.0)) as hosted:
        assert ended(hosted, steps)["state"] == state
    assert len(service.received) == sent


def test_connectors_are_requests_to_the_emulators(hosted, service):
    running = b'{"jobReference": {"jobId": "j"}, "status": {"state": "RUNNING"}}'
    service.answers = [(200, JSON, b'{"messageIds": ["1"]}'), (200, JSON, running)]
    service.answers += [(200, JSON, b'{"status": {"state": "DONE"}}'), (404, JSON, b'{"error": {"message": "no"}}')]
    document = "projects/bank/databases/(default)/documents/profiles/p-1"
    steps = [
        {
            "a": {
                "call": "googleapis.pubsub.v1.projects.topics.publish",
                "args": {"topic": "projects/bank/topics/t", "body": {"messages": [{"data": "aGk="}]}},
                "result": "r",
            }
        },
        {"b": {"call": "googleapis.bigquery.v2.jobs.insert", "args": {"projectId": "bank", "body": {}}, "result": "j"}},
        *caught({"call": "googleapis.firestore.v1.projects.databases.documents.get", "args": {"name": document}}),
    ]
    error = result(hosted, steps)
    assert (error["code"], error["body"]["error"]["message"]) == (404, "no")
    assert [(method, path) for method, path, _, _ in service.received] == [
        ("POST", "/v1/projects/bank/topics/t:publish"),
        ("POST", "/bigquery/v2/projects/bank/jobs"),
        ("GET", "/bigquery/v2/projects/bank/jobs/j"),
        ("GET", f"/v1/{document}"),
    ]


@pytest.fixture
def secrets() -> Iterator[str]:
    """Secret Manager's emulator, with a secret in it."""
    ports = Ports()
    where = f"127.0.0.1:{ports.take()}"
    server = secret_manager.serve(int(where.rpartition(":")[2]))
    provision_secrets({"door": "open"}, "bank", where)
    yield where
    server.stop(grace=None)
    ports.release()


def test_secrets_are_read_by_a_step_and_in_an_expression(secrets):
    access = "googleapis.secretmanager.v1.projects.secrets.versions.access"
    by_name = {"project_id": "bank", "secret_id": "door"}
    steps = [
        {"a": {"call": f"{access}String", "args": by_name, "result": "one"}},
        {"b": {"assign": [{"two": f'${{{access}String("door", "1", "bank")}}'}]}},
        {"c": {"call": access, "args": {"name": "projects/bank/secrets/door/versions/1"}, "result": "three"}},
        {"d": {"return": ["${one}", "${two}", "${text.decode(base64.decode(three.payload.data))}"]}},
    ]
    with Hosted(Places(project="bank", secret_manager=secrets)) as hosted:
        assert result(hosted, steps) == ["open"] * 3
        hosted.server.delete(f"{PARENT}/workflows/one")
        missing = {"call": f"{access}String", "args": {**by_name, "secret_id": "none"}}
        assert result(hosted, caught(missing))["code"] == 404
        hosted.server.delete(f"{PARENT}/workflows/one")
        assert "needs secret_id" in result(hosted, caught({"call": f"{access}String", "args": {}}))["message"]


def test_a_connector_that_is_not_here_says_so(hosted):
    error = result(hosted, caught({"call": "googleapis.compute.v1.instances.get", "args": {}}))
    assert error["tags"] == ["SystemError"]
    assert "no connector googleapis.compute.v1.instances.get on this machine" in error["message"]


def test_workflows_run_others_and_map_over_them(hosted):
    double = {"main": {"params": ["n"], "steps": [{"a": {"return": "${n * 2}"}}]}}
    deployed(hosted, double, "double")
    run = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run"
    steps = [
        {"a": {"call": run, "args": {"workflow_id": "double", "argument": 4}, "result": "r"}},
        {
            "b": {
                "call": "experimental.executions.map",
                "args": {"workflow_id": "double", "arguments": [1, 2, 3]},
                "result": "m",
            }
        },
        {"c": {"return": ["${r}", "${m}"]}},
    ]
    assert result(hosted, steps) == [8, [2, 4, 6]]


def test_the_environment_is_what_google_sets_and_what_was_given(hosted):
    names = ["GOOGLE_CLOUD_PROJECT_ID", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_WORKFLOW_ID", "BANK"]
    steps = [{"a": {"return": [f'${{sys.get_env("{name}")}}' for name in names]}}]
    assert result(hosted, steps) == ["bank", "europe-west2", "one", "Hallam"]


def test_a_year_is_slept_in_no_time():
    steps = [{"a": {"call": "sys.sleep", "args": {"seconds": 31_536_000}}}, {"b": {"return": "${sys.now()}"}}]
    with Hosted(Places(), new_clock=lambda: JumpingClock(0.0)) as hosted:
        assert result(hosted, steps) == 31_536_000
