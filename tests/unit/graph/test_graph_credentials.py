import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from graphsync.graph.credentials import ClientCertificate, ClientSecret


@pytest.fixture(scope="module")
def issued():
    return trustme.CA().issue_cert("graphsync.test")


def key_of(issued):
    return issued.private_key_pem.bytes().decode()


def certificate_of(issued):
    return issued.cert_chain_pems[0].bytes().decode()


@pytest.fixture(scope="module")
def locked(issued):
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")).decode()


def test_secret_is_handed_to_msal_and_kept_out_of_repr():
    credential = ClientSecret(secret="hunter2")
    assert credential.for_msal() == "hunter2"
    assert "hunter2" not in repr(credential)


@pytest.mark.parametrize("secret", ["", "  "])
def test_empty_secret_is_refused(secret):
    with pytest.raises(ValueError, match="GRAPHSYNC_CLIENT_SECRET"):
        ClientSecret(secret=secret)


@pytest.mark.parametrize("key_first", [True, False])
def test_key_and_certificate_may_stand_in_either_order(issued, key_first):
    parts = [key_of(issued), certificate_of(issued)]
    form = ClientCertificate(pem="".join(parts if key_first else reversed(parts))).for_msal()
    assert form["private_key"].strip() == key_of(issued).strip()
    assert form["public_certificate"].strip() == certificate_of(issued).strip()


def test_locked_key_needs_its_passphrase(issued, locked):
    pem = locked + certificate_of(issued)
    assert ClientCertificate(pem=pem, passphrase="pass").for_msal()["passphrase"] == "pass"
    for wrong in (None, "other"):
        with pytest.raises(ValueError, match="is its passphrase set"):
            ClientCertificate(pem=pem, passphrase=wrong)


def test_file_without_key_or_certificate_is_refused_and_not_quoted(issued):
    with pytest.raises(ValueError, match="holds no private key"):
        ClientCertificate(pem=certificate_of(issued))
    with pytest.raises(ValueError, match="no readable certificate") as caught:
        ClientCertificate(pem=key_of(issued))
    assert "PRIVATE" not in str(caught.value)
