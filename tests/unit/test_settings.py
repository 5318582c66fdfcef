from pathlib import Path

import pytest

from graphsync import cli
from graphsync.errors import ConfigError
from graphsync.settings import CONFIG, ClientCertificate, ClientSecret, load_settings

SHIPPED = Path(__file__).parents[2] / "config"
TENANT = "11111111-2222-4333-8444-555555555555"
PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"


def problems_of(environ, directory=SHIPPED):
    with pytest.raises(ConfigError) as caught:
        load_settings(environ, directory)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def files(tmp_path):
    """Return a function that writes a file and returns its path as text."""

    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_the_files_alone_are_enough_to_start_from():
    settings = load_settings({"PATH": "/bin", "GRAPHSYNC_TENANT_ID": ""}, SHIPPED)
    assert settings.directory == SHIPPED
    assert settings.config.deployment.tenant.id == "5b0f3c1e-7a64-4d2b-9e18-3f6c2a91d704"
    assert (settings.ca_file, settings.tls_certificate_file, settings.tls_key_file, settings.steps) == (None,) * 4


def test_the_environment_wins_over_the_file():
    deployment = load_settings(
        {
            "GRAPHSYNC_TENANT_ID": TENANT,
            "GRAPHSYNC_CLIENT_ID": TENANT,
            "GRAPHSYNC_AUTHORITY": "https://127.0.0.1:9443/login/",
            "GRAPHSYNC_GRAPH_URL": "https://127.0.0.1:9443/v1.0",
            "GRAPHSYNC_PUBLIC_URL": "https://127.0.0.1:8443",
            "GRAPHSYNC_DATABASE": "postgresql+psycopg://db/graphsync",
            "GRAPHSYNC_LISTEN": "0.0.0.0:443",
        },
        SHIPPED,
    ).config.deployment
    assert (deployment.tenant.id, deployment.tenant.client_id) == (TENANT, TENANT)
    assert deployment.tenant.authority == "https://127.0.0.1:9443/login"
    assert deployment.tenant.graph_url == "https://127.0.0.1:9443/v1.0"
    assert deployment.service.public_url == "https://127.0.0.1:8443"
    assert deployment.service.database == "postgresql+psycopg://db/graphsync"
    assert deployment.service.listen == "0.0.0.0:443"


def test_no_credential_is_an_error_only_for_those_who_ask_for_one():
    settings = load_settings({}, SHIPPED)
    with pytest.raises(ConfigError, match="GRAPHSYNC_CLIENT_SECRET: found no credential; expected the app's secret"):
        _ = settings.credential


def test_a_secret_comes_from_the_environment_or_a_file_and_shows_nowhere(files):
    direct = load_settings({"GRAPHSYNC_CLIENT_SECRET": "hunter2"}, SHIPPED)
    named = load_settings({"GRAPHSYNC_CLIENT_SECRET_FILE": files("secret", " hunter2\n")}, SHIPPED)
    assert direct.credential == named.credential == ClientSecret(secret="hunter2")
    assert "hunter2" not in repr(direct) + str(direct) + repr(direct.credential)


def test_a_certificate_comes_with_its_key_and_shows_nowhere(files):
    settings = load_settings({"GRAPHSYNC_CLIENT_CERTIFICATE_FILE": files("app.pem", PEM + KEY)}, SHIPPED)
    assert settings.credential == ClientCertificate(pem=PEM + KEY)
    assert "BEGIN" not in repr(settings) + repr(settings.credential)


def test_files_for_tls_and_the_socket_for_steps(files):
    settings = load_settings(
        {
            "GRAPHSYNC_CA_FILE": files("ca.pem", PEM),
            "GRAPHSYNC_TLS_CERTIFICATE_FILE": files("tls.pem", PEM),
            "GRAPHSYNC_TLS_KEY_FILE": files("tls.key", KEY),
            "GRAPHSYNC_STEPS": "/run/graphsync/steps",
        },
        SHIPPED,
    )
    named = [settings.ca_file, settings.tls_certificate_file, settings.tls_key_file]
    assert [path.name for path in named] == ["ca.pem", "tls.pem", "tls.key"]
    assert settings.steps == Path("/run/graphsync/steps")


def test_every_problem_of_the_environment_is_told_at_once(files):
    key = files("tls.key", PEM)
    assert problems_of(
        {
            "GRAPHSYNC_TENNANT_ID": TENANT,
            "GRAPHSYNC_XYZZY_FROTZ": "1",
            "GRAPHSYNC_CLIENT_ID": "x",
            "GRAPHSYNC_CLIENT_SECRET": "hunter2",
            "GRAPHSYNC_CLIENT_SECRET_FILE": "/nowhere",
            "GRAPHSYNC_CA_FILE": "/nowhere/ca.pem",
            "GRAPHSYNC_TLS_KEY_FILE": key,
        }
    ) == [
        "GRAPHSYNC_CA_FILE: found '/nowhere/ca.pem': no such file or directory; expected a file that can be read",
        "GRAPHSYNC_CLIENT_ID: found tenant.client_id 'x'; expected an id such as"
        " '6f9d1e04-3b52-4c8a-9a70-1d2c5e8b7f36', as Entra ID shows it",
        "GRAPHSYNC_CLIENT_SECRET_FILE: found GRAPHSYNC_CLIENT_SECRET as well; expected one way for the app to prove"
        " itself",
        "GRAPHSYNC_TENNANT_ID: found a variable graphsync does not know; expected one that it reads (did you mean"
        " 'GRAPHSYNC_TENANT_ID'?)",
        "GRAPHSYNC_TLS_KEY_FILE: found a file without 'PRIVATE KEY'; expected a file in PEM form that holds it",
        "GRAPHSYNC_TLS_KEY_FILE: found no GRAPHSYNC_TLS_CERTIFICATE_FILE beside it; expected both, or neither",
        "GRAPHSYNC_XYZZY_FROTZ: found a variable graphsync does not know; expected one that it reads",
    ]


def test_an_empty_secret_file_is_told(files):
    assert problems_of({"GRAPHSYNC_CLIENT_SECRET_FILE": files("secret", "\n")}) == [
        "GRAPHSYNC_CLIENT_SECRET_FILE: found an empty file; expected a file that holds the app's secret"
    ]


def test_a_certificate_without_its_key_is_told(files):
    assert problems_of({"GRAPHSYNC_CLIENT_CERTIFICATE_FILE": files("app.pem", PEM)}) == [
        "GRAPHSYNC_CLIENT_CERTIFICATE_FILE: found a file without 'PRIVATE KEY'; expected a file in PEM form that"
        " holds it"
    ]


def test_missing_files_are_named_as_one_would_type_them(tmp_path, monkeypatch):
    missing = "found no such file; expected a file that can be read"
    names = ["graphsync.yaml", "mentorships.csv", "rules.yaml"]
    assert problems_of({}, tmp_path / "c") == [f"{tmp_path}/c/{name}: {missing}" for name in names]
    monkeypatch.chdir(tmp_path)
    assert problems_of({}, tmp_path / "c") == [f"c/{name}: {missing}" for name in names]
    assert problems_of({}, Path("c")) == [f"c/{name}: {missing}" for name in names]


def test_a_file_that_is_no_text_is_told_with_the_place_of_the_byte(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("graphsync.yaml", "mentorships.csv"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    (tmp_path / "rules.yaml").write_bytes(b"# rules\n- name: caf\xe9\n")
    assert problems_of({}, Path()) == ["rules.yaml:2:12: found the byte 0xe9; expected text in UTF-8"]


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("graphsync.yaml", "rules.yaml"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    (tmp_path / "mentorships.csv").mkdir()
    assert problems_of({}, Path()) == [
        "mentorships.csv: found 'mentorships.csv': is a directory; expected a file that can be read"
    ]


def test_the_option_of_the_commands_takes_the_variable_that_is_documented():
    (option,) = (parameter for parameter in cli.check.params if parameter.name == "directory")
    assert option.envvar == CONFIG
