"""A Teams app, and a bot of its own that answers over TLS and checks who calls it: what the Teams tests share."""

from __future__ import annotations

import io
import json
import ssl
import threading
import zipfile
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import jwt
from wire_client import CERTIFICATES, a_world

CLIENT_ID = "9b1c2d3e-4f50-4a6b-8c7d-0e1f2a3b4c5d"
MANIFEST_ID = "5d0e6f1a-2b3c-4d5e-8f90-a1b2c3d4e5f6"
ANA, BO, CY = "ana@fabrikam.test", "bo@fabrikam.test", "cy@fabrikam.test"
INSTALLED = "/users/{}/teamwork/installedApps"
DEEP_LINK = "https://teams.microsoft.com/l/entity/app/inbox?label=Request"
PERMISSIONS = dict.fromkeys(
    (
        "AppCatalog.ReadWrite.All",
        "Chat.Read.All",
        "TeamsActivity.Send",
        "TeamsAppInstallation.ReadWriteForUser.All",
        "User.Read.All",
    )
)


def a_manifest(**more):
    """The example of the manifest schema, as an administrator would upload it."""
    return {
        "manifestVersion": "1.22",
        "version": "1.0.0",
        "id": MANIFEST_ID,
        "developer": {"name": "Fabrikam Labs"},
        "name": {"short": "Meeting Assist", "full": "Fabrikam Meeting Assist"},
        "description": {"short": "Asks before it moves meetings.", "full": "Sends requests about meetings."},
        "icons": {"outline": "outline.png", "color": "color.png"},
        "accentColor": "#2B579A",
        "bots": [{"botId": CLIENT_ID, "scopes": ["personal"]}],
        "activities": {
            "activityTypes": [
                {
                    "type": "approvalRequested",
                    "description": "A change needs your decision",
                    "templateText": "{actor} asks you to decide about {meetingTitle}",
                }
            ]
        },
        "webApplicationInfo": {"id": CLIENT_ID, "resource": f"api://assist.fabrikam.test/{CLIENT_ID}"},
        "authorization": {
            "permissions": {"resourceSpecific": [{"name": "TeamsActivity.Send.User", "type": "Application"}]}
        },
        **more,
    }


def a_package(manifest=None, name="manifest.json"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr(name, json.dumps(manifest or a_manifest()))
    return file.getvalue()


def a_teams_world(permissions=None, **behavior):
    """The tenant of the wire tests, with the app in its catalogue and an application that may do anything with it."""
    world = a_world(**behavior)
    world.add_application(
        client_id=CLIENT_ID, secret="secret", permissions=PERMISSIONS if permissions is None else permissions
    )
    world.add_teams_app(a_manifest())
    return world


def install(graph, app, person=ANA, **more):
    bound = f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{app.id}"
    return graph.post(INSTALLED.format(person), json={"teamsApp@odata.bind": bound, **more})


class BotEndpoint:
    """A bot's messaging endpoint over TLS: keeps what it was told, checks each token with PyJWT, answers as it is set.

    `answer` is (status, body) or a function of the activity that returns it.
    """

    def __init__(self, directory, metadata_url) -> None:
        bot = self
        self.activities: list[dict] = []
        self.headers: list[dict] = []
        self.refused: list[str] = []
        self.answer = (200, b"")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                activity = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    check(self.headers["Authorization"], activity, metadata_url)
                except jwt.InvalidTokenError as error:
                    bot.refused.append(type(error).__name__)
                    return self._answer(401, b'{"error":"Unauthorized"}')
                bot.activities.append(activity)
                bot.headers.append(dict(self.headers))
                return self._answer(*(bot.answer(activity) if callable(bot.answer) else bot.answer))

            def _answer(self, status, body):
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                # Who gave up waiting does not hear the answer.
                with suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*CERTIFICATES.issue(directory))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"https://localhost:{self.server.server_address[1]}/api/messages"

    def types(self):
        return [activity["type"] for activity in self.activities]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def check(authorization, activity, metadata_url):
    """Do what the page on bot authentication asks for, with nothing of the sandbox but what it publishes."""
    token = authorization.removeprefix("Bearer ")
    with httpx.Client(verify=CERTIFICATES.ssl_context(), trust_env=False) as client:
        metadata = client.get(metadata_url).json()
        keys = client.get(metadata["jwks_uri"]).json()["keys"]
    key = next(key for key in keys if key["kid"] == jwt.get_unverified_header(token)["kid"])
    if activity["channelId"] not in key["endorsements"]:
        raise jwt.InvalidTokenError("the key does not endorse the channel")
    claims = jwt.decode(
        token, jwt.PyJWK(key), algorithms=["RS256"], audience=CLIENT_ID, issuer=metadata["issuer"], leeway=300
    )
    if claims["serviceurl"].rstrip("/") != activity["serviceUrl"].rstrip("/"):
        raise jwt.InvalidTokenError("the token is for another service URL")
