"""Stands in for Google's provider: Terraform plans and applies with it as with the real one, and nothing is made.

It knows the resources of `google.yaml`, and refuses an argument that they have not, as the real one would. What that
one would say of what it has made, an address or an e-mail, it makes up as written there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import msgspec

from tests.terraform.protocol import CALLS, MESSAGES, SERVICE

UNKNOWN = msgspec.msgpack.Ext(0, b"\0")
LIST, SET = 2, 3
ERROR = 1


def value(content: Any) -> Any:
    """A value as Terraform's protocol carries it."""
    return MESSAGES["DynamicValue"](msgpack=msgspec.msgpack.encode(content))


def content_of(dynamic: Any) -> Any:
    """The value that the protocol carries."""
    return msgspec.msgpack.decode(dynamic.msgpack) if dynamic.msgpack else json.loads(dynamic.json or "null")


def type_of(written: str) -> bytes:
    """`map string` as Terraform writes a type."""
    first, _, rest = written.partition(" ")
    return json.dumps([first, rest] if rest else first).encode()


def block(declared: Mapping[str, Any]) -> Any:
    """A block of arguments, as a schema."""
    attributes = [
        MESSAGES["Attribute"](name=name, type=type_of(kind), **{how: True})
        for how in ("required", "optional")
        for name, kind in declared.get(how, {}).items()
    ]
    for name in declared.get("computed", {}):
        known = next((each for each in attributes if each.name == name), None)
        if known is None:
            known = MESSAGES["Attribute"](name=name, type=b'"string"')
            attributes.append(known)
        known.computed = True
    nested = [
        MESSAGES["NestedBlock"](
            type_name=name,
            block=block(inner),
            nesting=SET if inner.get("set") else LIST,
            min_items=inner.get("min", 0),
            max_items=inner.get("max", 0),
        )
        for name, inner in declared.get("blocks", {}).items()
    ]
    return MESSAGES["Block"](attributes=attributes, block_types=nested)


class StandIn:
    """Google's provider, without Google."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        """Know what `google.yaml` declares."""
        self._declared = declared
        self._project = ""

    def get_provider_schema(self, _: Any) -> dict[str, Any]:
        """Say which resources there are, and what they take."""

        def named(part: str) -> list[Any]:
            return [
                MESSAGES["NamedSchema"](key=name, value=MESSAGES["Schema"](block=block(each)))
                for name, each in self._declared[part].items()
            ]

        provider = MESSAGES["Schema"](block=block(self._declared["provider"]))
        return {
            "provider": provider,
            "resource_schemas": named("resources"),
            "data_source_schemas": named("data"),
        }

    def configure_provider(self, request: Any) -> dict[str, Any]:
        """Note whose project it is."""
        self._project = content_of(request.config)["project"]
        return {}

    def validate_resource_config(self, request: Any) -> dict[str, Any]:
        """Refuse a value that is none of those that there are."""
        wrong = list(self._wrong(self._declared["resources"][request.type_name], content_of(request.config)))
        return {"diagnostics": [MESSAGES["Diagnostic"](severity=ERROR, summary=each) for each in wrong]}

    def upgrade_resource_state(self, request: Any) -> dict[str, Any]:
        """Leave a state as it is."""
        return {"upgraded_state": value(json.loads(request.raw_state.json))}

    def read_resource(self, request: Any) -> dict[str, Any]:
        """Find everything as it was made."""
        return {"new_state": request.current_state}

    def plan_resource_change(self, request: Any) -> dict[str, Any]:
        """Plan what is proposed; what only the provider can say is not known yet."""
        proposed = content_of(request.proposed_new_state)
        if proposed is not None and content_of(request.prior_state) is None:
            for name in self._declared["resources"][request.type_name].get("computed", {}):
                if proposed[name] is None:
                    proposed[name] = UNKNOWN
        return {"planned_state": value(proposed)}

    def apply_resource_change(self, request: Any) -> dict[str, Any]:
        """Make up what only the provider can say."""
        planned = content_of(request.planned_state)
        if planned is not None:
            for name, template in self._declared["resources"][request.type_name].get("computed", {}).items():
                if planned[name] == UNKNOWN:
                    given = {key: each for key, each in planned.items() if isinstance(each, str)}
                    planned[name] = template.format(**{"project": self._project, **given})
        return {"new_state": value(planned)}

    def read_data_source(self, request: Any) -> dict[str, Any]:
        """Make up what is asked for."""
        asked = content_of(request.config)
        computed = self._declared["data"][request.type_name]["computed"]
        return {"state": value({**asked, **computed})}

    def _wrong(self, declared: Mapping[str, Any], given: Mapping[str, Any], path: str = "") -> Iterator[str]:
        for name, allowed in declared.get("one_of", {}).items():
            if isinstance(given[name], str) and given[name] not in allowed:
                yield f"{path}{name} is {given[name]!r}, and may be {', '.join(allowed)}"
        for name, inner in declared.get("blocks", {}).items():
            entries = given[name]
            for entry in entries if isinstance(entries, list) else []:
                yield from self._wrong(inner, entry, f"{path}{name}.")


@contextmanager
def serving(declared: Mapping[str, Any]) -> Iterator[str]:
    """Serve a stand-in; gives what tells Terraform of it, as TF_REATTACH_PROVIDERS."""
    provider = StandIn(declared)

    def handler(call: str) -> grpc.RpcMethodHandler:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in call).removeprefix("_")
        answer = getattr(provider, name, lambda _: {})
        return grpc.unary_unary_rpc_method_handler(
            lambda request, _: MESSAGES[f"{call}Response"](**answer(request)),
            request_deserializer=MESSAGES[f"{call}Request"].FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )

    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {call: handler(call) for call in CALLS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    address = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    attached = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": 1, "Test": True, "Addr": address}
    try:
        yield json.dumps({"registry.terraform.io/hashicorp/google": attached})
    finally:
        server.stop(None).wait()
