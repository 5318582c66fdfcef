"""What graphsync shows Entra ID to get a token: a client secret, or a certificate with its private key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """A secret of the app registration; it is kept out of `repr`."""

    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secret.strip():
            raise ValueError("the client secret is empty; set GRAPHSYNC_CLIENT_SECRET")

    def for_msal(self) -> str:
        """Return the form msal takes as `client_credential`."""
        return self.secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate of the app registration with its private key, as the text of one PEM file, in any order.

    Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """

    pem: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        key = _PRIVATE_KEY.search(self.pem)
        if key is None:
            raise ValueError("the certificate file holds no private key; expected key and certificate in one PEM file")
        password = self.passphrase.encode() if self.passphrase else None
        try:
            load_pem_private_key(key.group().encode(), password)
        except (ValueError, TypeError):
            # TypeError: a passphrase where none is needed, or none where one is. The cause is dropped: it may quote.
            raise ValueError("the private key in the certificate file cannot be read; is its passphrase set?") from None
        try:
            x509.load_pem_x509_certificate(self._certificate().encode())
        except ValueError:
            raise ValueError(
                "the certificate file holds no readable certificate; expected key and certificate in one PEM file"
            ) from None

    def for_msal(self) -> dict[str, str]:
        """Return the form msal takes as `client_credential`; it makes the SHA-256 thumbprint itself."""
        key = _PRIVATE_KEY.search(self.pem)
        assert key is not None, "checked on construction"
        form = {"private_key": key.group(), "public_certificate": self._certificate()}
        return form | ({"passphrase": self.passphrase} if self.passphrase else {})

    def _certificate(self) -> str:
        return _PRIVATE_KEY.sub("", self.pem)


Credential = ClientSecret | ClientCertificate
