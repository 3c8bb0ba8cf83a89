"""The messages of Terraform's protocol for providers, version 6, as far as a provider of resources and data needs them.

See https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "tfplugin6"
SERVICE = f"{PACKAGE}.Provider"
_VALUE, _SCHEMA, _WRONG = "DynamicValue", "Schema", "*Diagnostic"
_MESSAGES = {
    "DynamicValue": {"msgpack": (1, bytes), "json": (2, bytes)},
    "Diagnostic": {"severity": (1, int), "summary": (2, str), "detail": (3, str)},
    "Attribute": {
        "name": (1, str),
        "type": (2, bytes),
        "required": (4, bool),
        "optional": (5, bool),
        "computed": (6, bool),
    },
    "NestedBlock": {
        "type_name": (1, str),
        "block": (2, "Block"),
        "nesting": (3, int),
        "min_items": (4, int),
        "max_items": (5, int),
    },
    "Block": {"version": (1, int), "attributes": (2, "*Attribute"), "block_types": (3, "*NestedBlock")},
    "Schema": {"version": (1, int), "block": (2, "Block")},
    "NamedSchema": {"key": (1, str), "value": (2, _SCHEMA)},
    "RawState": {"json": (1, bytes)},
    "GetProviderSchemaRequest": {},
    "GetProviderSchemaResponse": {
        "provider": (1, _SCHEMA),
        "resource_schemas": (2, "*NamedSchema"),
        "data_source_schemas": (3, "*NamedSchema"),
        "diagnostics": (4, _WRONG),
    },
    "ValidateProviderConfigRequest": {"config": (1, _VALUE)},
    "ValidateProviderConfigResponse": {"diagnostics": (2, _WRONG)},
    "ValidateResourceConfigRequest": {"type_name": (1, str), "config": (2, _VALUE)},
    "ValidateResourceConfigResponse": {"diagnostics": (1, _WRONG)},
    "ValidateDataResourceConfigRequest": {"type_name": (1, str), "config": (2, _VALUE)},
    "ValidateDataResourceConfigResponse": {"diagnostics": (1, _WRONG)},
    "UpgradeResourceStateRequest": {"type_name": (1, str), "version": (2, int), "raw_state": (3, "RawState")},
    "UpgradeResourceStateResponse": {"upgraded_state": (1, _VALUE), "diagnostics": (2, _WRONG)},
    "ConfigureProviderRequest": {"terraform_version": (1, str), "config": (2, _VALUE)},
    "ConfigureProviderResponse": {"diagnostics": (1, _WRONG)},
    "ReadResourceRequest": {"type_name": (1, str), "current_state": (2, _VALUE), "private": (3, bytes)},
    "ReadResourceResponse": {"new_state": (1, _VALUE), "diagnostics": (2, _WRONG), "private": (3, bytes)},
    "PlanResourceChangeRequest": {
        "type_name": (1, str),
        "prior_state": (2, _VALUE),
        "proposed_new_state": (3, _VALUE),
        "config": (4, _VALUE),
    },
    "PlanResourceChangeResponse": {"planned_state": (1, _VALUE), "diagnostics": (4, _WRONG)},
    "ApplyResourceChangeRequest": {
        "type_name": (1, str),
        "prior_state": (2, _VALUE),
        "planned_state": (3, _VALUE),
        "config": (4, _VALUE),
    },
    "ApplyResourceChangeResponse": {"new_state": (1, _VALUE), "diagnostics": (3, _WRONG)},
    "ReadDataSourceRequest": {"type_name": (1, str), "config": (2, _VALUE)},
    "ReadDataSourceResponse": {"state": (1, _VALUE), "diagnostics": (2, _WRONG)},
    "StopProviderRequest": {},
    "StopProviderResponse": {"Error": (1, str)},
}
"""Fields by name: number and type; a star for several. A map of the protocol is a list of pairs on the wire."""

_KINDS = {bytes: 12, str: 9, bool: 8, int: 3}
_MESSAGE, _ONE, _MANY = 11, 1, 3


def _messages() -> dict[str, type]:
    file = descriptor_pb2.FileDescriptorProto(name="tfplugin6.proto", package=PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            added = message.field.add(name=field, number=number, label=_ONE)
            if isinstance(kind, str):
                added.label = _MANY if kind.startswith("*") else _ONE
                added.type, added.type_name = _MESSAGE, f".{PACKAGE}.{kind.removeprefix('*')}"
            else:
                added.type = _KINDS[kind]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _MESSAGES
    }


MESSAGES = _messages()
CALLS = [name.removesuffix("Request") for name in _MESSAGES if name.endswith("Request")]
