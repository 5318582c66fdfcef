"""Notifications with resource data: the certificate a subscriber gives, and what is encrypted for it.

Sources: https://learn.microsoft.com/graph/change-notifications-with-resource-data,
https://learn.microsoft.com/graph/api/resources/changenotificationencryptedcontent,
https://learn.microsoft.com/graph/outlook-change-notifications-overview (what the decrypted content looks like)
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from graphsync.sandbox.face.bodies import text_of
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.notifications.resources import OUTLOOK, Resource
from graphsync.sandbox.notifications.subscription_refusals import invalid_subscription

KEY_BITS = range(2048, 4097)
LONGEST_CERTIFICATE_ID = 128
_AES_KEY_BYTES, _AES_BLOCK_BYTES = 32, 16
_NEVER_SELECTED = frozenset({"body", "uniqueBody"})

# What stands beside values, or in them, in the decrypted content of Outlook resources.
_ENUMERATIONS = {
    "importance": "importance",
    "sensitivity": "sensitivity",
    "showAs": "freeBusyStatus",
    "onlineMeetingProvider": "onlineMeetingProviderType",
    "type": "eventType",
}
_COMPLEX = {
    "start": "dateTimeTimeZone",
    "end": "dateTimeTimeZone",
    "from": "recipient",
    "sender": "recipient",
    "organizer": "recipient",
    "toRecipients": "recipient",
    "ccRecipients": "recipient",
    "bccRecipients": "recipient",
    "replyTo": "recipient",
    "emailAddress": "emailAddress",
    "location": "location",
    "locations": "location",
    "attendees": "attendee",
    "status": "responseStatus",
    "responseStatus": "responseStatus",
    "recurrence": "patternedRecurrence",
    "pattern": "recurrencePattern",
    "range": "recurrenceRange",
    "onlineMeeting": "onlineMeetingInfo",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """A subscriber's certificate as it was given, and what they call it."""

    given: str
    certificate_id: str
    certificate: x509.Certificate

    @property
    def thumbprint(self) -> str:
        """Return the certificate's SHA-1 thumbprint as Graph writes it."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()


def encryption_of(body: Mapping[str, Any]) -> Encryption | None:
    """Return the certificate in the body of a subscription, None without one.

    Raises:
        GraphRefusal: 400; it has no id, or the id no certificate; it is none, or its key is not RSA of 2048 to 4096
            bits.
    """
    given, certificate_id = body.get("encryptionCertificate"), body.get("encryptionCertificateId")
    if given is None and certificate_id is None:
        return None
    if given is None or certificate_id is None:
        missing = "encryptionCertificateId" if certificate_id is None else "encryptionCertificate"
        raise invalid_subscription(f"{missing} is required: a certificate and its id are given together.")
    text = text_of(given, "encryptionCertificate")
    name = text_of(certificate_id, "encryptionCertificateId")
    if not 0 < len(name) <= LONGEST_CERTIFICATE_ID:
        raise invalid_subscription(f"encryptionCertificateId must have 1 to {LONGEST_CERTIFICATE_ID} characters.")
    return Encryption(given=text, certificate_id=name, certificate=_certificate(text))


def _certificate(text: str) -> x509.Certificate:
    """Read base64 of DER, or of a PEM file as the page's "the content that the certificate was exported in" may be."""
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
        pem = content.lstrip().startswith(b"-----BEGIN")
        certificate = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
    except (binascii.Error, ValueError) as error:
        raise invalid_subscription("encryptionCertificate is not a base64-encoded X.509 certificate.") from error
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in KEY_BITS:
        raise invalid_subscription(
            f"encryptionCertificate must have an RSA key of {KEY_BITS[0]} to {KEY_BITS[-1]} bits."
        )
    return certificate


def check_rich(resource: Resource, encryption: Encryption | None) -> None:
    """Refuse a subscription with resource data that has no certificate, or not the `$select` its resource needs.

    Source: https://learn.microsoft.com/graph/outlook-change-notifications-overview
    """
    if encryption is None:
        raise invalid_subscription("encryptionCertificate is required when includeResourceData is true.")
    if resource.kind not in OUTLOOK:
        return
    if resource.select is None:
        raise invalid_subscription("$select is required in the resource when includeResourceData is true.")
    refused = sorted(_NEVER_SELECTED & set(resource.select))
    if refused:
        raise invalid_subscription(f"'{refused[0]}' cannot be selected when includeResourceData is true.")


def encrypted(content: Json, encryption: Encryption) -> Json:
    """Return `content` as an `encryptedContent`, under a symmetric key of its own.

    The key is of the machine's randomness: nothing that is told of a run depends on it.
    """
    key = os.urandom(_AES_KEY_BYTES)
    padder = padding.PKCS7(algorithms.AES.block_size).padder()
    plain = padder.update(msgspec.json.encode(content)) + padder.finalize()
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK_BYTES])).encryptor()
    data = cipher.update(plain) + cipher.finalize()
    public_key = encryption.certificate.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    oaep = OAEP(mgf=MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    return {
        "data": _base64(data),
        "dataSignature": _base64(hmac.digest(key, data, "sha256")),
        "dataKey": _base64(public_key.encrypt(key, oaep)),
        "encryptionCertificateId": encryption.certificate_id,
        "encryptionCertificateThumbprint": encryption.thumbprint,
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def annotated(shown: Json) -> Json:
    """Return the selected properties of an Outlook resource with the types beside them that decrypted content has."""
    told: Json = {}
    for name, value in shown.items():
        if name.endswith("DateTime") and value is not None:
            told[f"{name}@odata.type"] = "#DateTimeOffset"
        elif name in _ENUMERATIONS and isinstance(value, str):
            told[f"{name}@odata.type"] = f"#microsoft.graph.{_ENUMERATIONS[name]}"
        elif name in _COMPLEX and isinstance(value, list):
            told[f"{name}@odata.type"] = f"#Collection(microsoft.graph.{_COMPLEX[name]})"
        told[name] = _typed(name, value)
    return told


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_typed(name, item) for item in value]
    if not isinstance(value, dict) or name not in _COMPLEX:
        return value
    inner = {key: _typed(key, item) for key, item in value.items()}
    return {"@odata.type": f"#microsoft.graph.{_COMPLEX[name]}", **inner}
