"""A receiver of change notifications written from Microsoft's pages alone: nothing of graphsync is imported.

It answers the handshake, takes every request with 202, and afterwards believes only what it can prove: the validation
tokens by the keys that discovery leads to, the data by its signature, the subscription by its `clientState`.

Sources: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks,
https://learn.microsoft.com/graph/change-notifications-with-resource-data
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID

PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
LEEWAY_S = 300


class Refused(Exception):
    """What arrived is not proven to be Graph's."""


def key_pair(bits=2048):
    """Make an RSA key and its certificate, both as `cryptography` has them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key, certificate_of(key)


def certificate_of(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    unsigned = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    unsigned = unsigned.serial_number(7).not_valid_before(begin).not_valid_after(begin + timedelta(days=730))
    return unsigned.sign(key, hashes.SHA256())


def as_der_text(certificate):
    """Return the certificate as a subscription takes it."""
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


@dataclass
class Believed:
    """One item that was proven: as it came, and its data in clear, None where it carried none."""

    item: dict
    data: dict | None


@dataclass
class Proof:
    """Checks what arrives.

    Args:
        discovery_url: the authority's OpenID document.
        trusted: the TLS context for it.
        app_ids: whom tokens may be for.
        tenants: whose tokens and items are taken.
    """

    discovery_url: str
    trusted: ssl.SSLContext
    app_ids: list
    tenants: list
    private_keys: dict = field(default_factory=dict)
    client_states: dict = field(default_factory=dict)
    fetches: int = 0
    _keys: dict = field(default_factory=dict)

    def check(self, body):
        """Return the proven items of a request, and why each other one is not believed."""
        items = body["value"]
        is_rich = any("encryptedContent" in item for item in items)
        try:
            claims = [self._check_token(token) for token in body.get("validationTokens", [])]
            if is_rich and not claims:
                raise Refused("resource data without validation tokens")
        except Refused as refusal:
            # One bad token makes all that came with it suspicious.
            return [], [str(refusal)] * len(items)
        believed, refused = [], []
        for item in items:
            try:
                believed.append(self._check_item(item, {claim["tid"] for claim in claims}))
            except Refused as refusal:
                refused.append(str(refusal))
        return believed, refused

    # Tokens --------------------------------------------------------------------------------------------------

    def _check_token(self, token):
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self.app_ids,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            raise Refused(f"token: {type(error).__name__}") from error
        issuers = {
            form.format(tenant)
            for tenant in self.tenants
            for form in ("https://sts.windows.net/{}/", "https://login.microsoftonline.com/{}/v2.0")
        }
        if claims["iss"] not in issuers or claims["tid"] not in self.tenants or claims["tid"] not in claims["iss"]:
            raise Refused("token: another tenant")
        if (claims.get("appid") or claims.get("azp")) != PUBLISHER:
            raise Refused("token: another publisher")
        return claims

    def _key(self, kid):
        if kid not in self._keys:
            found = jwt.PyJWKSet.from_dict(self._get(self._get(self.discovery_url)["jwks_uri"]))
            self._keys = {key.key_id: key for key in found.keys}
        if kid not in self._keys:
            raise Refused("token: unknown key")
        return self._keys[kid]

    def _get(self, url):
        self.fetches += 1
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=self.trusted))
        with opener.open(url, timeout=10) as answer:
            return json.load(answer)

    # Items ---------------------------------------------------------------------------------------------------

    def _check_item(self, item, tenants):
        expected = self.client_states.get(item["subscriptionId"])
        if expected is None:
            raise Refused("unknown subscription")
        if not hmac.compare_digest(expected.encode(), (item.get("clientState") or "").encode()):
            raise Refused("clientState")
        if item["tenantId"] not in self.tenants or (tenants and item["tenantId"] not in tenants):
            raise Refused("tenantId")
        content = item.get("encryptedContent")
        return Believed(item, None if content is None else self._decrypted(content))

    def _decrypted(self, content):
        private_key = self.private_keys.get(content["encryptionCertificateId"])
        if private_key is None:
            raise Refused("a certificate nobody has")
        oaep = OAEP(mgf=MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
        key = private_key.decrypt(base64.b64decode(content["dataKey"]), oaep)
        data = base64.b64decode(content["data"])
        signature = hmac.new(key, data, hashlib.sha256).digest()
        if not hmac.compare_digest(signature, base64.b64decode(content["dataSignature"])):
            raise Refused("dataSignature")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = decryptor.update(data) + decryptor.finalize()
        return json.loads(unpadder.update(padded) + unpadder.finalize())


class IndependentReceiver:
    """Serves https://localhost; a context manager. What arrives is kept, and looked at by `work`."""

    def __init__(self, chain_file, key_file, proof=None):
        self.proof = proof
        self.handshakes = []
        self.spool = []
        self.believed = []
        self.refused = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                if token is not None:
                    receiver.handshakes.append((self.path, dict(self.headers), body))
                    status, content_type, content = receiver.echo(token[0])
                else:
                    status, content_type, content = receiver.take(self.path, body), "text/plain", b""
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain_file, key_file)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"https://localhost:{self._server.server_address[1]}/graph/notify?shard=3"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def echo(self, token):
        """Return what answers a handshake: status, content type, body."""
        return 200, "text/plain", token.encode()

    def take(self, path, body):
        """Keep what was posted and return the status: 202 whoever sent it, 400 for what is no JSON."""
        try:
            self.spool.append((path, json.loads(body)))
        except ValueError:
            return 400
        return 202

    def work(self):
        """Look at what was kept; return what is believed of it."""
        found = []
        for _, body in self.spool:
            believed, refused = self.proof.check(body)
            found += believed
            self.refused += refused
        self.spool.clear()
        self.believed += found
        return found
