"""Certificates for loopback: an authority made for the run, and what it issues."""

from __future__ import annotations

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme


class Certificates:
    """An authority of one run. Its files live in a directory of their own until `close`."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="graphsync sandbox")
        self._directory = TemporaryDirectory(prefix="graphsync-sandbox-", ignore_cleanup_errors=True)
        self.ca_file = Path(self._directory.name) / "authority.pem"
        self._authority.cert_pem.write_to_path(self.ca_file)

    def issue(self, directory: Path | None = None, hostname: str = "localhost") -> tuple[Path, Path]:
        """Issue a certificate for `hostname` (and 127.0.0.1 with localhost); return paths of chain and key.

        Args:
            directory: where the two files are put, beside the authority's own if it is not given.
            hostname: the name clients will use.
        """
        names = [hostname, "127.0.0.1"] if hostname == "localhost" else [hostname]
        issued = self._authority.issue_cert(*names)
        place = Path(self._directory.name) if directory is None else directory
        certificate, key = place / f"{hostname}.pem", place / f"{hostname}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key)
        key.chmod(0o600)
        return certificate, key

    def ssl_context(self) -> ssl.SSLContext:
        """Return a client context that trusts this authority alone."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        return context

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()
