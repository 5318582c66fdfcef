"""The configuration directory and the environment, read once, as one frozen value.

The files say what the programme does; the environment says what differs by deployment, and holds or names every
secret. What the files mean is decided in `graphsync.rules.config`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from graphsync.errors import ConfigError, Problem, near_miss
from graphsync.rules.checking import gathered
from graphsync.rules.config import Config, FileNames, Override, parse_config
from graphsync.rules.deployment import Tenant, parse_tenant
from graphsync.rules.mentorships import PAIRS, MentorshipRow, parse_mentorships
from graphsync.rules.positions import parse_yaml
from graphsync.rules.rules_file import parse_rules
from graphsync.rules.schema import RuleSet
from graphsync.teams.messages import Override as TextOverride
from graphsync.trial.script import Script, parse_scripts

PREFIX = "GRAPHSYNC_"

MESSAGES = "messages"
"""The folder of a programme's own texts, in the configuration directory."""

_CERTIFICATE, _PRIVATE_KEY = "CERTIFICATE", "PRIVATE KEY"

OVERRIDES: Mapping[str, tuple[str, ...]] = {
    "GRAPHSYNC_TENANT_ID": ("tenant", "id"),
    "GRAPHSYNC_CLIENT_ID": ("tenant", "client_id"),
    "GRAPHSYNC_AUTHORITY": ("tenant", "authority"),
    "GRAPHSYNC_GRAPH_URL": ("tenant", "graph_url"),
    "GRAPHSYNC_PUBLIC_URL": ("service", "public_url"),
    "GRAPHSYNC_DATABASE": ("service", "database"),
    "GRAPHSYNC_LISTEN": ("service", "listen"),
}
"""The variables that win over a key of `graphsync.yaml`, and that key."""

SECRET, SECRET_FILE = "GRAPHSYNC_CLIENT_SECRET", "GRAPHSYNC_CLIENT_SECRET_FILE"
CERTIFICATE_FILE = "GRAPHSYNC_CLIENT_CERTIFICATE_FILE"
EXPECTED_CREDENTIAL = f"the app's secret there or in the file {SECRET_FILE} names, or a certificate: {CERTIFICATE_FILE}"
CA_FILE = "GRAPHSYNC_CA_FILE"
TLS_CERTIFICATE_FILE, TLS_KEY_FILE = "GRAPHSYNC_TLS_CERTIFICATE_FILE", "GRAPHSYNC_TLS_KEY_FILE"
STEPS = "GRAPHSYNC_STEPS"
CONFIG = "GRAPHSYNC_CONFIG"

VARIABLES = frozenset(
    {
        *OVERRIDES,
        SECRET,
        SECRET_FILE,
        CERTIFICATE_FILE,
        CA_FILE,
        TLS_CERTIFICATE_FILE,
        TLS_KEY_FILE,
        STEPS,
        CONFIG,
    }
)
"""Every variable that is read; another one with the same prefix is a problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """The app proves itself by a secret."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """The app proves itself by a certificate; `pem` holds the certificate and its private key."""

    pem: str = field(repr=False)


Credential = ClientSecret | ClientCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of this process; overrides from the environment are in `config.deployment` already.

    `ca_file` is a bundle trusted beside the usual ones; `tls_certificate_file` and `tls_key_file` are given together
    or not at all; `steps` is the unix socket by which time is stepped from outside, in the demo and in tests.
    """

    config: Config
    directory: Path
    proof: Credential | None = field(default=None, repr=False)
    ca_file: Path | None = None
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    steps: Path | None = None

    @property
    def credential(self) -> Credential:
        """How the app proves itself to the tenant.

        Raises:
            ConfigError: the environment has neither a secret nor a certificate.
        """
        if self.proof is None:
            raise ConfigError([_problem(SECRET, "no credential", EXPECTED_CREDENTIAL)])
        return self.proof


def load_settings(environ: Mapping[str, str], directory: Path) -> Settings:
    """Return what the files in `directory` and the variables in `environ` say.

    Args:
        environ: the environment; an empty variable counts as one that is not set.
        directory: where `graphsync.yaml`, `rules.yaml` and `mentorships.csv` are; messages name the files as the
            reader would from where they are.

    Raises:
        ConfigError: something is wrong; every problem of the files and the environment is listed.
    """
    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    problems = [
        _problem(
            name, "a variable graphsync does not know", f"one that it reads{near_miss(VARIABLES, name, prefix=PREFIX)}"
        )
        for name in sorted(variables.keys() - VARIABLES)
    ]
    proof = gathered(partial(_proof, variables), problems)
    ca_file = gathered(partial(_pem_file, variables, CA_FILE, (_CERTIFICATE,)), problems)
    tls = gathered(partial(_tls_files, variables), problems)
    config = gathered(partial(_config, variables, directory), problems)
    if problems or config is None:
        raise ConfigError(problems)
    certificate_file, key_file = tls or (None, None)
    return Settings(
        config=config,
        directory=directory,
        proof=proof,
        ca_file=ca_file,
        tls_certificate_file=certificate_file,
        tls_key_file=key_file,
        steps=Path(variables[STEPS]) if STEPS in variables else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """What it takes to read a tenant, and nothing of a programme; `ca_file` as in `Settings`."""

    tenant: Tenant
    proof: Credential
    ca_file: Path | None = None


def load_tenant(environ: Mapping[str, str], directory: Path) -> TenantSettings:
    """Return how to reach the tenant: the section `tenant` of `graphsync.yaml`, and the environment.

    Raises:
        ConfigError: something of it is wrong or missing; every problem is listed.
    """
    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    problems: list[Problem] = []
    proof = gathered(partial(_proof, variables), problems)
    ca_file = gathered(partial(_pem_file, variables, CA_FILE, (_CERTIFICATE,)), problems)
    path = directory / FileNames().graphsync
    name = _from_here(path)
    text = gathered(partial(_text, path, name), problems)
    if text is not None:
        document = parse_yaml(text, file=name)
        for variable, key in OVERRIDES.items():
            if variable in variables and key[0] == "tenant":
                document = document.with_value(key, variables[variable], source=variable)
        tenant = gathered(partial(parse_tenant, document), problems)
    if proof is None and not problems:
        problems.append(_problem(SECRET, "no credential", EXPECTED_CREDENTIAL))
    if problems or proof is None or tenant is None:
        raise ConfigError(problems)
    return TenantSettings(tenant=tenant, proof=proof, ca_file=ca_file)


def load_pairs(path: Path) -> tuple[MentorshipRow, ...]:
    """Return who is with whom, from a file as `mentorships.csv` of which only two columns have to be there.

    Raises:
        ConfigError: the file cannot be read, or a line is wrong; every problem is listed.
    """
    name = _from_here(path)
    return parse_mentorships(_text(path, name), file=name, cohorts=None, required=PAIRS)


def load_rules(path: Path, config: Config) -> RuleSet:
    """Return the rules of a file, with the nudge policy, silences and cohorts of `config`.

    Raises:
        ConfigError: the file cannot be read, or a rule is wrong; every problem is listed.
    """
    name = _from_here(path)
    document = parse_yaml(_text(path, name), file=name)
    rules = parse_rules(document, cohorts=config.deployment.cohorts)
    return replace(rules, nudges=config.rules.nudges, silences=config.rules.silences)


def load_scripts(paths: Sequence[Path], rules: RuleSet) -> list[Script]:
    """Return the rule tests in files and in directories of `*.yaml` files, in the order of their names.

    Raises:
        ConfigError: a file cannot be read, or a test is wrong; every problem of every file is listed.
    """
    problems: list[Problem] = []
    scripts: list[Script] = []
    for path in paths:
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not files:
            problems.append(_problem(_from_here(path), "no rule tests", "files named <what they are about>.yaml"))
        for file in files:
            name = _from_here(file)
            text = gathered(partial(_text, file, name), problems)
            if text is not None:
                scripts += gathered(partial(parse_scripts, text, file=name, rules=rules), problems) or ()
    if problems:
        raise ConfigError(problems)
    return scripts


def _config(variables: Mapping[str, str], directory: Path) -> Config:
    problems: list[Problem] = []
    paths = [directory / name for name in FileNames()]
    texts = [gathered(partial(_text, path, _from_here(path)), problems) if path.exists() else None for path in paths]
    unreadable = {problem.file for problem in problems}
    overrides = {path: Override(name, variables[name]) for name, path in OVERRIDES.items() if name in variables}
    graphsync_yaml, rules_yaml, mentorships_csv = texts
    names = FileNames(*(_from_here(path) for path in paths))
    messages = gathered(partial(_messages, directory / MESSAGES), problems) or {}
    parse = partial(
        parse_config, graphsync_yaml, rules_yaml, mentorships_csv, names=names, overrides=overrides, messages=messages
    )
    said: list[Problem] = []
    config = gathered(parse, said)
    problems.extend(problem for problem in said if problem.file not in unreadable)
    if problems or config is None:
        raise ConfigError(problems)
    return config


def _messages(directory: Path) -> dict[tuple[str, str], TextOverride]:
    """Return the programme's own texts: `messages/<language>/<kind>.html`, by language and kind."""
    problems: list[Problem] = []
    found: dict[tuple[str, str], TextOverride] = {}
    for path in sorted(directory.glob("*/*")):
        name = _from_here(path)
        if path.suffix != ".html":
            problems.append(_problem(name, "a file that is no text", "a file named <kind>.html"))
            continue
        source = gathered(partial(_text, path, name), problems)
        if source is not None:
            found[path.parent.name, path.stem] = TextOverride(file=name, source=source)
    if problems:
        raise ConfigError(problems)
    return found


def _proof(variables: Mapping[str, str]) -> Credential | None:
    given = [name for name in (SECRET, SECRET_FILE, CERTIFICATE_FILE) if name in variables]
    if len(given) > 1:
        raise ConfigError([_problem(given[1], f"{given[0]} as well", "one way for the app to prove itself")])
    if SECRET in variables:
        return ClientSecret(secret=variables[SECRET])
    if SECRET_FILE in variables:
        secret = _text(Path(variables[SECRET_FILE]), SECRET_FILE).strip()
        if not secret:
            raise ConfigError([_problem(SECRET_FILE, "an empty file", "a file that holds the app's secret")])
        return ClientSecret(secret=secret)
    path = _pem_file(variables, CERTIFICATE_FILE, (_CERTIFICATE, _PRIVATE_KEY))
    return None if path is None else ClientCertificate(pem=_text(path, CERTIFICATE_FILE))


def _tls_files(variables: Mapping[str, str]) -> tuple[Path | None, Path | None]:
    problems: list[Problem] = []
    certificate_file = gathered(partial(_pem_file, variables, TLS_CERTIFICATE_FILE, (_CERTIFICATE,)), problems)
    key_file = gathered(partial(_pem_file, variables, TLS_KEY_FILE, (_PRIVATE_KEY,)), problems)
    for name, other in ((TLS_CERTIFICATE_FILE, TLS_KEY_FILE), (TLS_KEY_FILE, TLS_CERTIFICATE_FILE)):
        if name in variables and other not in variables:
            problems.append(_problem(name, f"no {other} beside it", "both, or neither"))
    if problems:
        raise ConfigError(problems)
    return certificate_file, key_file


def _pem_file(variables: Mapping[str, str], name: str, blocks: Sequence[str]) -> Path | None:
    """Return the file that the variable `name` names, once it is known to hold the PEM `blocks`."""
    if name not in variables:
        return None
    path = Path(variables[name])
    text = _text(path, name)
    for block in blocks:
        if f"{block}-----" not in text:
            raise ConfigError([_problem(name, f"a file without '{block}'", "a file in PEM form that holds it")])
    return path


def _text(path: Path, source: str) -> str:
    """Return the text of a file; `source` is what a problem with it is said of."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        found = f"the byte 0x{error.object[error.start]:02x}"
        problem = Problem(file=source, line=line, column=column, found=found, expected="text in UTF-8")
        raise ConfigError([problem]) from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError([_problem(source, f"{str(path)!r}: {reason}", "a file that can be read")]) from error


def _from_here(path: Path) -> str:
    """Return `path` as somebody would type it in the directory they are in."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _problem(source: str, found: str, expected: str) -> Problem:
    return Problem(file=source, line=0, column=0, found=found, expected=expected)
