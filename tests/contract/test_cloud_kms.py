"""Cloud KMS by its official client, against a small server of its gRPC interface."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import grpc
import pytest
from google.cloud import kms
from google.cloud.kms_v1.services.key_management_service.transports.grpc import KeyManagementServiceGrpcTransport

from shared.adapters.key_wrappers import LocalKey, wrapper
from shared.domain.errors import PermanentError, TransientError

NAME = "projects/bank/locations/europe-west2/keyRings/kairos/cryptoKeys/person-keys"
SETTING = "kms://europe-west2/kairos/person-keys"
SERVICE = "google.cloud.kms.v1.KeyManagementService"


class Kms:
    """Encrypts by each key's own name, and fails as it is told."""

    def __init__(self) -> None:
        self.fails: grpc.StatusCode | None = None

    def encrypt(self, request, context):
        self._fail(context)
        assert request.additional_authenticated_data
        return kms.EncryptResponse(ciphertext=_key(request.name).wrap(request.plaintext))

    def decrypt(self, request, context):
        self._fail(context)
        try:
            return kms.DecryptResponse(plaintext=_key(request.name).unwrap(request.ciphertext))
        except PermanentError:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed: the ciphertext is invalid.")

    def _fail(self, context):
        if self.fails is not None:
            context.abort(self.fails, "as told")


def _key(name):
    return LocalKey(lambda: name.encode()[-32:])


@pytest.fixture
def server(monkeypatch) -> Iterator[Kms]:
    mine = Kms()
    handlers = {
        "Encrypt": grpc.unary_unary_rpc_method_handler(
            mine.encrypt, kms.EncryptRequest.deserialize, kms.EncryptResponse.serialize
        ),
        "Decrypt": grpc.unary_unary_rpc_method_handler(
            mine.decrypt, kms.DecryptRequest.deserialize, kms.DecryptResponse.serialize
        ),
    }
    serving = grpc.server(ThreadPoolExecutor(2))
    serving.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    port = serving.add_insecure_port("127.0.0.1:0")
    serving.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)])
    transport = KeyManagementServiceGrpcTransport(channel=channel)
    monkeypatch.setattr(kms, "KeyManagementServiceClient", partial(kms.KeyManagementServiceClient, transport=transport))
    yield mine
    channel.close()
    serving.stop(None)


def test_what_a_key_wrapped_it_unwraps_and_no_other(server):
    wrapped = wrapper(SETTING, "bank").wrap(b"k" * 32)
    assert b"kkkk" not in wrapped
    assert wrapper(SETTING, "bank").unwrap(wrapped) == b"k" * 32
    with pytest.raises(PermanentError, match=r"not wrapped with projects/bank/.*/other-keys"):
        wrapper("kms://europe-west2/kairos/other-keys", "bank").unwrap(wrapped)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.PERMISSION_DENIED])
def test_a_kms_that_does_not_answer_or_refuses_may_do_so_later(server, code):
    wrapped = wrapper(SETTING, "bank").wrap(b"k" * 32)
    server.fails = code
    with pytest.raises(TransientError, match="Cloud KMS"):
        wrapper(SETTING, "bank").wrap(b"k" * 32)
    with pytest.raises(TransientError, match="Cloud KMS"):
        wrapper(SETTING, "bank").unwrap(wrapped)


def test_the_name_of_the_key_is_that_of_the_project():
    assert wrapper(SETTING, "bank")._name == NAME
