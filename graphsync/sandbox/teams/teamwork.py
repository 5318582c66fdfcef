"""What reaches people in Teams besides chats: the app catalogue and installations, the activity feed, bots and clicks.

It is the part of the world that holds those services, and lets people do by hand what they do in Teams.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.entra.signing import SigningKeys
from graphsync.sandbox.faults import Faults
from graphsync.sandbox.notifications.posting import Deliver, Receipt
from graphsync.sandbox.teams.activities import Activities, Clicked, Invoke
from graphsync.sandbox.teams.bots import Bot, BotMessage, Bots
from graphsync.sandbox.teams.cards import ClickRefused
from graphsync.sandbox.teams.chats import Chats
from graphsync.sandbox.teams.feed import Feed, FeedEntry
from graphsync.sandbox.teams.manifests import Manifest, manifest_in, manifest_of
from graphsync.sandbox.teams.teams_apps import Distribution, Installation, TeamsApp, TeamsApps
from graphsync.sandbox.tenant.directory import User

# How the journal names whoever set the tenant up.
ADMIN = "admin"

Who = User | str


class Teamwork:
    """Apps, feed and bots of one tenant. Every method takes `lock`; `ask` posts to bots, without it."""

    def __init__(
        self, *, core: Core, lock: RLock, chats: Chats, faults: Faults, signing: SigningKeys, ask: Deliver
    ) -> None:
        self.core = core
        self.lock = lock
        self._chats = chats
        self.bots = Bots(core)
        self.activities = Activities(core, self.bots, signing, faults)
        self.bots.listener = self.activities
        self.apps = TeamsApps(core, self.bots)
        self.feed_service = Feed(core, self.apps)
        self.ask = ask

    # Apps ----------------------------------------------------------------------------------------------------

    def add_teams_app(
        self, manifest: Manifest | Mapping[str, Any] | bytes, *, distribution: Distribution = "organization"
    ) -> TeamsApp:
        """Put an app into the catalogue: from a manifest, as it is, as JSON, or packed in a zip.

        Raises:
            UnfitManifest: something in the manifest is wrong.
            GraphRefusal: 409; the manifest id is taken.
        """
        if isinstance(manifest, bytes):
            manifest = manifest_in(manifest)
        elif not isinstance(manifest, Manifest):
            manifest = manifest_of(manifest)
        with self.lock:
            return self.apps.publish(manifest, actor=ADMIN, distribution=distribution)

    def install_app(self, user: Who, app: str) -> Installation:
        """Install an app for a person by hand; `app` is its catalogue id or manifest id."""
        with self.lock:
            person = self.core.user(user)
            return self.apps.install(person, self.apps.named(app), actor=person.address)

    def install_app_in_chat(self, chat_id: str, app: str) -> Installation:
        """Install an app in a chat by hand."""
        with self.lock:
            return self.apps.install_in_chat(self._chats.find(chat_id).id, self.apps.named(app), actor=ADMIN)

    def uninstall_app(self, user: Who, app: str) -> None:
        """Let a person remove an app.

        Raises:
            GraphRefusal: 404; they do not have it.
        """
        with self.lock:
            person = self.core.user(user)
            installation = self.apps.of(person, self.apps.named(app))
            self.apps.remove(person, installation, actor=person.address)

    def block_app(self, user: Who, app: str, *, blocked: bool = True) -> None:
        """Keep an app from a person by the app permission policy, or let them have it again."""
        with self.lock:
            _put(self.core.user(user).blocked_apps, self.apps.named(app).id, there=blocked)

    def mute_app(self, user: Who, app: str, *, muted: bool = True) -> None:
        """Mute an app in a person's activity feed, or hear it again."""
        with self.lock:
            _put(self.core.user(user).muted_apps, self.apps.named(app).id, there=muted)

    def feed(self, user: Who) -> list[FeedEntry]:
        """Return what a person sees in the activity feed, newest first."""
        with self.lock:
            return self.feed_service.of(self.core.user(user))

    # Bots ----------------------------------------------------------------------------------------------------

    def add_bot(self, app_id: str, endpoint: str | None, *, name: str = "") -> Bot:
        """Register a bot with the messaging endpoint that hears of people, or give it another endpoint."""
        with self.lock:
            return self.bots.register(app_id.lower(), name, endpoint)

    def block_bot(self, user: Who, bot_id: str, *, blocked: bool = True) -> None:
        """Let a person block a bot, or unblock it."""
        with self.lock:
            _put(self.core.user(user).blocked_bots, self._bot(bot_id).app_id, there=blocked)

    def remove_bot_chat(self, user: Who, bot_id: str) -> None:
        """Let a person delete their chat with a bot: its conversation id is no longer found."""
        with self.lock:
            self.bots.remove_chat(self.core.user(user), self._bot(bot_id).app_id)

    def bot_messages(self, user: Who, bot_id: str | None = None) -> list[BotMessage]:
        """Return what bots wrote to a person, oldest first, as it looks now; of one bot if it is named."""
        with self.lock:
            return self.bots.messages(self.core.user(user), bot_id)

    def write_to_bot(self, user: Who, bot_id: str, text: str) -> BotMessage:
        """Write a message to a bot as a person; the bot hears of it at the next `run_due`.

        Raises:
            ClickRefused: the person does not have the bot's app, or there is no such bot.
        """
        with self.lock:
            return self.activities.write(self.core.user(user), self._bot(bot_id), text)

    def click(self, user: Who, message_id: str, action: str, inputs: Mapping[str, str] | None = None) -> Clicked:
        """Click an action of the card in a bot's message, and return what the person then sees.

        The bot is asked in the calling thread, without the lock: it may call back.

        Args:
            user: who clicks.
            message_id: the id of the message, as `bot_messages` has it.
            action: the id, verb or title of the action.
            inputs: what is typed into the inputs of the card, by their id.

        Raises:
            ClickRefused: there is no such message, action or input.
        """
        with self.lock:
            invoke = self.activities.click(self._bot_message(user, message_id), action, inputs or {})
        return invoke if isinstance(invoke, Clicked) else self._asked(invoke)

    def refresh_card(self, user: Who, message_id: str) -> Clicked:
        """Look at a bot's message whose card refreshes by itself, and return what the person then sees.

        Raises:
            ClickRefused: there is no such message, or its card does not refresh for this person.
        """
        with self.lock:
            invoke = self.activities.refresh(self._bot_message(user, message_id))
        return self._asked(invoke)

    def _bot(self, bot_id: str) -> Bot:
        bot = self.bots.by_id.get(bot_id.lower())
        if bot is None:
            raise ClickRefused(f"found no bot {bot_id!r}; expected one of {sorted(self.bots.by_id)}")
        return bot

    def _bot_message(self, user: Who, message_id: str) -> BotMessage:
        found = [message for message in self.bots.messages(self.core.user(user)) if message.id == message_id]
        if len(found) != 1:
            raise ClickRefused(f"found {len(found)} messages {message_id!r} of bots to this person; expected one")
        return found[0]

    def _asked(self, invoke: Invoke) -> Clicked:
        with self.lock:
            if invoke.bot.endpoint is None:
                return self.activities.answered(invoke, Receipt(0))
            post = self.activities.posted(invoke.bot, invoke.activity, self.core.behavior.invoke_timeout_s)
        reply = self.ask(*post)
        with self.lock:
            return self.activities.answered(invoke, reply)

    def _tell_a_bot(self) -> bool:
        """Deliver the next activity that is due; return whether there was one."""
        with self.lock:
            outgoing = self.activities.take()
            if outgoing is None:
                return False
            post = self.activities.posted(outgoing.bot, outgoing.activity)
        reply = self.ask(*post)
        with self.lock:
            self.activities.settle(outgoing, reply.status)
        return True


def _put(names: set[str], name: str, *, there: bool) -> None:
    if there:
        names.add(name)
    else:
        names.discard(name)
