from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from graphsync.errors import ConfigError
from graphsync.rules import kinds
from graphsync.rules.config import Deployment, FileNames, Override, parse_config
from graphsync.rules.deployment import OrganizerKind, parse_deployment, parse_tenant
from graphsync.rules.positions import parse_yaml

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "aaaaaaaa-BBBB-4ccc-8ddd-eeeeeeeeeeee"
LEAST = f"""\
tenant: {{id: {TENANT}, client_id: {CLIENT}, default_time_zone: W. Europe Standard Time}}
service: {{public_url: "https://graphsync.example/"}}
mail: {{sender: mentoring@fabrikam.test}}
coordinators: [coordinator@fabrikam.test]
cohorts: {{new-hires: {{}}, newly-promoted: {{organizer: mentor}}, others: }}
"""
RULES = "- {name: video, practice: video_first, for: new-hires}\n"
ROWS = "mentor,mentee,cohort,started\na@x.test,b@x.test,new-hires,2026-03-02\n"
NAMES = FileNames("c/graphsync.yaml", "c/rules.yaml", "c/mentorships.csv")


def deployment_of(text):
    return parse_deployment(parse_yaml(text, file="graphsync.yaml"))


def problems_of(text):
    with pytest.raises(ConfigError) as caught:
        deployment_of(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_tenant_can_be_read_before_there_is_a_programme():
    tenant = parse_tenant(parse_yaml(LEAST.partition("service:")[0], file="graphsync.yaml"))
    assert (tenant.id, tenant.default_time_zone) == (TENANT, "Europe/Berlin")
    with pytest.raises(ConfigError) as caught:
        parse_tenant(parse_yaml("service: {}\n", file="graphsync.yaml"))
    assert caught.value.problems


def refused(*texts, **options):
    with pytest.raises(ConfigError) as caught:
        parse_config(*texts, names=NAMES, **options)
    return [str(problem) for problem in caught.value.problems]


def test_the_least_a_deployment_says():
    deployment = deployment_of(LEAST)
    assert deployment.tenant.id == TENANT
    assert deployment.tenant.client_id == CLIENT.lower()
    assert deployment.tenant.default_time_zone == "Europe/Berlin"
    assert deployment.tenant.authority == "https://login.microsoftonline.com"
    assert deployment.tenant.graph_url == "https://graph.microsoft.com/v1.0"
    assert deployment.service.public_url == "https://graphsync.example"
    assert (deployment.service.database, deployment.service.listen) == ("sqlite:///graphsync.db", "127.0.0.1:8443")
    assert deployment.organizers.programme_mailboxes == ()
    assert {name: held.organizer for name, held in deployment.cohorts.items()} == {
        "new-hires": OrganizerKind.MENTEE,
        "newly-promoted": OrganizerKind.MENTOR,
        "others": OrganizerKind.MENTEE,
    }
    assert deployment.privacy.open_requests == timedelta(days=30)
    assert deployment.privacy.session_facts == timedelta(days=365)
    assert (deployment.nudges.per_person_and_week, deployment.nudges.per_open_matter) == (1, 3)
    assert {deployment.sweep.mailboxes, deployment.sweep.people, deployment.sweep.chats} == {timedelta(hours=24)}
    assert deployment.sweep.mail == timedelta(hours=1)


def test_a_deployment_is_frozen():
    with pytest.raises(ValidationError):
        deployment_of(LEAST).mail = None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            f"id: {TENANT}",
            "id: 1234",
            "1:14: found tenant.id 1234; expected an id such as"
            " '6f9d1e04-3b52-4c8a-9a70-1d2c5e8b7f36', as Entra ID shows it",
        ),
        (
            f"id: {TENANT}, ",
            "",
            "1:9: found no key 'id'; expected 'id' (directory (tenant) id, as Entra ID shows it)",
        ),
        (
            "W. Europe Standard Time",
            "W. Europ Standard Time",
            "1:120: found tenant.default_time_zone"
            " 'W. Europ Standard Time'; expected an IANA time zone such as 'Europe/Berlin', or its Windows name (did"
            " you mean 'W. Europe Standard Time'?)",
        ),
        (
            "W. Europe Standard Time",
            "7",
            "1:120: found tenant.default_time_zone 7; expected an IANA time zone such as"
            " 'Europe/Berlin', or its Windows name",
        ),
        (
            "{public_url",
            "{listen: 127.0.0.1, public_url",
            "2:19: found service.listen '127.0.0.1'; expected a host and a port, such as '127.0.0.1:8443'",
        ),
        (
            "{public_url",
            "{listen: 'host:65536', public_url",
            "2:19: found service.listen 'host:65536'; expected a host and a port, such as '127.0.0.1:8443'",
        ),
        (
            "{public_url",
            "{listen: 8443, public_url",
            "2:19: found service.listen 8443; expected a host and a port, such as '127.0.0.1:8443'",
        ),
        (
            "{public_url",
            "{database: 'mysql://u:pw@host/db', public_url",
            "2:21: found a database URL of another kind;"
            " expected 'sqlite:///graphsync.db' or 'postgresql+psycopg://host/name'",
        ),
        (
            "{sender: mentoring@fabrikam.test}",
            "{sender: mentoring}",
            "3:16: found no mail address; expected a mail address such as 'name@fabrikam.test'",
        ),
        ("[coordinator@fabrikam.test]", "[]", "4:15: found coordinators a list; expected a list of mail addresses"),
        (
            "[coordinator@fabrikam.test]",
            "[a@x.test, A@x.test]",
            "4:15: found an entry twice; expected each entry once",
        ),
        (
            "[coordinator@fabrikam.test]",
            "[a@x.test, {}]",
            "4:26: found no mail address; expected a mail address such as 'name@fabrikam.test'",
        ),
        (
            "newly-promoted:",
            "Newly Promoted:",
            "5:26: found key 'Newly Promoted'; expected lower-case letters, digits and hyphens, such as 'new-hires'",
        ),
        (
            "newly-promoted:",
            "all:",
            "5:31: found a cohort named 'all'; expected another name: 'all' stands for every cohort in a rule",
        ),
        (
            "{organizer: mentor}",
            "{organiser: mentor}",
            "5:43: found key 'organiser'; expected one of 'organizer' (did you mean 'organizer'?)",
        ),
        (
            "{organizer: mentor}",
            "{organizer: mentr}",
            "5:54: found cohorts.newly-promoted.organizer 'mentr'; expected"
            " 'mentee', 'mentor' or 'programme' (did you mean 'mentor'?)",
        ),
        (
            "{organizer: mentor}",
            "{organizer: programme}",
            "5:54: found organizer 'programme' and no programme mailbox;"
            " expected a mailbox in organizers.programme_mailboxes, or organizer 'mentee' or 'mentor'",
        ),
        ("{organizer: mentor}", "mentor", "5:42: found cohorts.newly-promoted 'mentor'; expected keys 'organizer'"),
        (
            "coordinators:",
            "nudges: {per_person_and_week: 8}\ncoordinators:",
            "4:31: found nudges.per_person_and_week 8; expected a whole number from 0 to 7",
        ),
        (
            "coordinators:",
            "privacy: {open_requests: 31 days}\ncoordinators:",
            "4:26: found privacy.open_requests '31 days'; expected '1 day' to '30 days', in whole days",
        ),
        (
            "coordinators:",
            "sweep: {people: 59 minutes}\ncoordinators:",
            "4:17: found sweep.people '59 minutes'; expected '1 hour' to '7 days', in whole hours",
        ),
        (
            "coordinators:",
            "sweep: daily\ncoordinators:",
            "4:8: found sweep 'daily'; expected keys 'chats', 'mail', 'mailboxes' or 'people'",
        ),
        (
            "{sender:",
            "{SMTP_Password: x, sender:",
            "3:8: found key 'SMTP_Password'; expected no secret here: secrets"
            " come from GRAPHSYNC_CLIENT_SECRET or the file GRAPHSYNC_CLIENT_SECRET_FILE names",
        ),
        (
            "coordinators:",
            "client_secret: x\ncoordinators:",
            "4:1: found key 'client_secret'; expected no secret here:"
            " secrets come from GRAPHSYNC_CLIENT_SECRET or the file GRAPHSYNC_CLIENT_SECRET_FILE names",
        ),
        (
            "coordinators:",
            "sweeps: {}\ncoordinators:",
            "4:1: found key 'sweeps'; expected one of 'cohorts',"
            " 'coordinators', 'mail', 'nudges', 'organizers', 'privacy', 'service', 'silences', 'sweep' or 'tenant'"
            " (did you mean 'sweep'?)",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_is_allowed(old, new, problem):
    assert old in LEAST
    assert problems_of(LEAST.replace(old, new, 1)) == [f"graphsync.yaml:{problem}"]


@pytest.mark.parametrize(
    "url",
    [
        "http://x.test",
        "https://",
        "https://[x/",
        "https://x.test:99999",
        "https://x.test?a=b",
        "https://u@x.test",
        "https://x.test:0",
        "x.test",
        "7",
    ],
)
def test_only_a_plain_https_url_will_do(url):
    (problem,) = problems_of(LEAST.replace('"https://graphsync.example/"', f"'{url}'" if url != "7" else "7"))
    assert "expected an https URL such as 'https://graphsync.example', without user, query or fragment" in problem


@pytest.mark.parametrize("cohorts", ["{}", "[new-hires]"])
def test_there_is_at_least_one_cohort(cohorts):
    text = LEAST[: LEAST.index("cohorts:")] + f"cohorts: {cohorts}\n"
    (problem,) = problems_of(text)
    assert "expected at least one cohort and its settings, such as 'new-hires: {organizer: mentee}'" in problem


def test_a_file_that_is_no_mapping_is_told():
    (problem,) = problems_of("- tenant\n")
    assert problem.startswith("graphsync.yaml:1:1: found a list; expected keys 'cohorts', 'coordinators', ")


def test_a_programme_mailbox_serves_the_cohorts_that_need_one():
    text = LEAST.replace("mentor}", "programme}") + "organizers: {programme_mailboxes: [mentoring@fabrikam.test]}\n"
    assert deployment_of(text).organizers.programme_mailboxes == ("mentoring@fabrikam.test",)


def test_the_three_files_make_one_configuration():
    config = parse_config(LEAST, RULES, ROWS, names=NAMES)
    assert isinstance(config.deployment, Deployment)
    assert [rule.name for rule in config.rules.rules] == ["video"]
    assert [row.cohort for row in config.mentorships] == ["new-hires"]


def test_every_problem_of_all_three_files_is_told_at_once():
    assert refused(
        LEAST.replace("sender:", "sendr:"), RULES.replace("video_first", "vide_first"), ROWS.replace("03-02", "3-2")
    ) == [
        "c/graphsync.yaml:3:7: found no key 'sender'; expected 'sender' (the mailbox that nudges come from)",
        "c/graphsync.yaml:3:8: found key 'sendr'; expected one of 'sender' (did you mean 'sender'?)",
        "c/mentorships.csv:2:29: found started '2026-3-2'; expected a date such as '2026-03-02'",
        "c/rules.yaml:1:27: rule 'video': found practice 'vide_first'; expected 'answer_promptly', 'book_ahead',"
        " 'close_well', 'prepare', 'rebook_same_week', 'start_well', 'stay_in_touch', 'undisturbed' or 'video_first'"
        " (did you mean 'video_first'?)",
    ]


def test_cohorts_are_checked_even_where_the_rest_of_the_deployment_is_wrong():
    said = refused("cohorts: {others: {}}\n", RULES, ROWS)
    assert any(line.startswith("c/rules.yaml:1:45: rule 'video': found cohort 'new-hires'") for line in said)
    assert any(line.startswith("c/mentorships.csv:2:19: found cohort 'new-hires'") for line in said)


def test_cohorts_are_not_complained_about_where_their_list_cannot_be_read():
    assert [line.split(": ")[0] for line in refused("cohorts: {", RULES, ROWS)] == ["c/graphsync.yaml:1:11"]


def test_a_missing_file_is_a_problem():
    assert refused(None, None, None) == [
        f"{name}: found no such file; expected a file that can be read" for name in sorted(NAMES)
    ]


def test_an_override_wins_and_its_source_is_named_where_it_is_wrong():
    overrides = {
        ("tenant", "id"): Override("VARIABLE", CLIENT),
        ("service", "listen"): Override("OTHER", "[::1]:443"),
    }
    config = parse_config(LEAST, RULES, ROWS, names=NAMES, overrides=overrides)
    assert config.deployment.tenant.id == CLIENT.lower()
    assert config.deployment.service.listen == "[::1]:443"
    assert refused(LEAST, RULES, ROWS, overrides={("tenant", "id"): Override("VARIABLE", "x")}) == [
        "VARIABLE: found tenant.id 'x'; expected an id such as '6f9d1e04-3b52-4c8a-9a70-1d2c5e8b7f36', as Entra ID"
        " shows it"
    ]


def silence_of(text):
    return deployment_of(LEAST + "silences:\n- " + text + "\n").silences


SILENCE = "{from: 2026-12-21T00:00+01:00, until: 2027-01-04T00:00Z, reason: holidays}"


def test_a_silence_has_a_start_an_end_and_a_reason():
    (silence,) = silence_of(SILENCE)
    assert silence.starts_at == datetime(2026, 12, 20, 23, tzinfo=UTC)
    assert silence.ends_at == datetime(2027, 1, 4, tzinfo=UTC)
    assert (silence.cohorts, silence.rules, silence.reason) == (("all",), (), "holidays")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SILENCE.replace("+01:00", ""), "found '2026-12-21T00:00', which has no time zone; expected a date and time"),
        (SILENCE.replace("12-21", "13-21"), "found silences.from '2026-13-21T00:00+01:00'; expected a date and time"),
        (SILENCE.replace("2026-12-21T00:00+01:00", "soon"), "found silences.from 'soon'; expected a date and time"),
        (SILENCE.replace("2027", "2025"), "found until 2025-01-04T00:00:00+00:00; expected an instant after `from`"),
        (SILENCE.replace("holidays", "''"), "found silences.reason ''; expected a text of 1 to 200 characters"),
        (SILENCE.replace("reason: holidays", "rules: Ahead"), "expected a list of names of rules"),
        (SILENCE.replace(", reason: holidays", ""), ":3: found no key 'reason'; expected 'reason' (why, for whoever"),
        (SILENCE.replace("reason", "raeson"), "expected one of 'for', 'from', 'reason', 'rules' or 'until'"),
    ],
)
def test_a_silence_without_them_is_refused(text, said):
    with pytest.raises(ConfigError) as caught:
        silence_of(text)
    assert any(said in str(problem) for problem in caught.value.problems)


def test_values_of_code_pass_as_they_are():
    assert kinds.instant(datetime(2026, 3, 2, tzinfo=UTC)) == datetime(2026, 3, 2, tzinfo=UTC)
    assert kinds.clock_span(None) is None
