"""What the control API shows and does of Teams: a person's feed, what bots wrote, clicks, and the person's switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphsync.sandbox.scenarios.fields import Field, Unfit, described, flag, text, written
from graphsync.sandbox.teams.cards import buttons_of
from graphsync.sandbox.world import World

Json = dict[str, Any]


def _inputs(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
        raise Unfit(described(value), "the text of each input by its id")
    return dict(value)


def feed(world: World, person: str, found: Json) -> Json:
    """Return the activity feed of a person, newest first."""
    return {
        "value": [
            {
                "id": entry.id,
                "app": entry.app_id,
                "activityType": entry.activity_type,
                "text": entry.text,
                "preview": entry.preview,
                "topic": entry.topic,
                "webUrl": entry.web_url,
                "chainId": entry.chain_id,
                "at": written(entry.updated_at),
            }
            for entry in world.feed(person)
        ]
    }


def bot_messages(world: World, person: str, found: Json) -> Json:
    """Return what bots wrote to a person, oldest first, with the actions there are to click."""
    return {
        "value": [
            {
                "id": message.id,
                "bot": message.bot_id,
                "text": message.text,
                "summary": message.summary,
                "card": message.card,
                "actions": [
                    item.action.get("id") or item.action.get("verb") or item.action.get("title")
                    for item in buttons_of(message.card or {})
                ],
                "at": written(message.updated_at),
            }
            for message in world.bot_messages(person)
        ]
    }


def click(world: World, person: str, found: Json) -> Json:
    """Click an action, and return what the person sees."""
    seen = world.click(person, found["message"], found["action"], found.get("inputs"))
    return {"kind": seen.kind, "text": seen.text, "card": seen.card}


def say(world: World, person: str, found: Json) -> Json:
    """Write a message to a bot."""
    return {"message": world.write_to_bot(person, found["bot"], found["text"]).id}


def set_app(world: World, person: str, found: Json) -> Json:
    """Set what a person, or the policy for them, does with an app."""
    app = found["app"]
    bot_id = world.apps.named(app).current.manifest.bot_id
    if "blocked_by_policy" in found:
        world.block_app(person, app, blocked=found["blocked_by_policy"])
    if "muted" in found:
        world.mute_app(person, app, muted=found["muted"])
    if bot_id is not None and "bot_blocked" in found:
        world.block_bot(person, bot_id, blocked=found["bot_blocked"])
    if bot_id is not None and found.get("chat_removed"):
        world.remove_bot_chat(person, bot_id)
    user = world.user(person)
    app_id = world.apps.named(app).id
    return {
        "app": app_id,
        "blocked_by_policy": app_id in user.blocked_apps,
        "muted": app_id in user.muted_apps,
        "bot_blocked": bot_id in user.blocked_bots,
    }


# Method, path, the keys of the body, and who does it.
REQUESTS: tuple[tuple[str, str, dict[str, Field] | None, Callable[[World, str, Json], Json]], ...] = (
    ("GET", "/people/{address}/feed", None, feed),
    ("GET", "/people/{address}/bot-messages", None, bot_messages),
    (
        "POST",
        "/people/{address}/click",
        {"message": Field(text, required=True), "action": Field(text, required=True), "inputs": Field(_inputs)},
        click,
    ),
    ("POST", "/people/{address}/say", {"bot": Field(text, required=True), "text": Field(text, required=True)}, say),
    (
        "POST",
        "/people/{address}/app",
        {
            "app": Field(text, required=True),
            "blocked_by_policy": Field(flag),
            "muted": Field(flag),
            "bot_blocked": Field(flag),
            "chat_removed": Field(flag),
        },
        set_app,
    ),
)
