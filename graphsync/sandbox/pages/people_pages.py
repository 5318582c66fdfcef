"""Pages about people: who there is, their mail, and what reaches them in Teams."""

from __future__ import annotations

from dataclasses import dataclass

from graphsync.sandbox.outlook.mailboxes import Folder, MailMessage
from graphsync.sandbox.pages.calendar_pages import person_of
from graphsync.sandbox.pages.feed import feed_of
from graphsync.sandbox.pages.visits import PageMissing, Shown, Steering, View, Visit
from graphsync.sandbox.pages.words import shown_body, text_of_html
from graphsync.sandbox.refusals import item_not_found
from graphsync.sandbox.teams.chats import Chat, ChatMessage
from graphsync.sandbox.tenant.directory import NO_MAILBOX_TEXT, User
from graphsync.sandbox.world import World

MOST_ROWS = 50
FOLDERS: dict[str, Folder] = {"inbox": "inbox", "sent": "sentitems", "drafts": "drafts"}
KINDS = {
    "message": "mail",
    "eventMessageRequest": "invitation",
    "eventMessageResponse": "answer",
    "eventMessage": "cancellation",
    "nonDeliveryReport": "not delivered",
    "automaticReply": "automatic reply",
}
_PREVIEW = 120


def people(steering: Steering, visit: Visit) -> Shown:
    """List people, those alone whose name or address has what is searched for."""
    everybody = steering.world.users()
    wanted = visit.options.get("q", "").strip()
    found = [user for user in everybody if _has(user, wanted.lower())]
    return Shown(
        template="people.html",
        title="People",
        section="people",
        values={
            "people": found[:MOST_ROWS],
            "found": len(found),
            "count": len(everybody),
            "wanted": wanted,
            "most": MOST_ROWS,
        },
    )


def _has(user: User, wanted: str) -> bool:
    return wanted in user.display_name.lower() or wanted in user.address.lower()


def mail(steering: Steering, visit: Visit) -> Shown:
    """List the messages in a folder of somebody's mailbox, newest first."""
    world = steering.world
    user = person_of(world, visit.keys[0])
    name = visit.options.get("folder", "inbox")
    if name not in FOLDERS:
        raise PageMissing(f"found folder {name!r}; expected one of {', '.join(FOLDERS)}")
    able = user.mailbox == "ok"
    messages = world.messages(user, FOLDERS[name]) if able else []
    return Shown(
        template="mail.html",
        title=f"Mail of {user.display_name}",
        section="people",
        values={
            "user": user,
            "tab": "mail",
            "heading": "Mail",
            "folder": name,
            "folders": FOLDERS,
            "kinds": KINDS,
            "messages": messages[:MOST_ROWS],
            "count": len(messages),
            "no_mailbox": "" if able else NO_MAILBOX_TEXT,
        },
    )


def message(steering: Steering, visit: Visit) -> Shown:
    """Show one message, its text alone."""
    world = steering.world
    user = person_of(world, visit.keys[0])
    found: MailMessage | None = world.core.mailbox(user).messages.get(visit.keys[1])
    if found is None:
        raise item_not_found()
    meeting = world.core.mailbox(user).by_ical_uid(found.ical_uid) if found.ical_uid else None
    return Shown(
        template="message.html",
        title=found.subject or "(no subject)",
        section="people",
        values={
            "user": user,
            "tab": "mail",
            "message": found,
            "kinds": KINDS,
            "meeting": meeting,
            "body": shown_body(found.body, found.body_type),
            "folder": next(name for name, folder in FOLDERS.items() if folder == found.folder),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    """A message of a chat for a reader."""

    message: ChatMessage
    author: str
    is_own: bool
    text: str
    reactions: list[str]


def teams(steering: Steering, visit: Visit) -> Shown:
    """List somebody's chats, the one last written in first, and their feed."""
    world = steering.world
    user = person_of(world, visit.keys[0])
    chats = world.teams.of(user)
    return Shown(
        template="teams.html",
        title=f"Teams of {user.display_name}",
        section="people",
        values={
            "user": user,
            "tab": "teams",
            "heading": "Teams",
            "chats": [(chat, _others(world, chat, user), _preview(chat)) for chat in chats[:MOST_ROWS]],
            "count": len(chats),
            "feed": feed_of(world, user),
        },
    )


def _name(world: World, user_id: str) -> str:
    user = world.directory.lookup(user_id)
    return user.display_name if user else user_id


def _others(world: World, chat: Chat, user: User) -> str:
    return ", ".join(_name(world, member) for member in chat.member_ids if member != user.id)


def _preview(chat: Chat) -> str:
    text = text_of_html(chat.messages[-1].html) if chat.messages else "nothing written yet"
    return text if len(text) <= _PREVIEW else f"{text[:_PREVIEW]}…"


def chat(steering: Steering, visit: Visit) -> Shown:
    """Show the last messages of a chat, newest first."""
    world = steering.world
    user = person_of(world, visit.keys[0])
    found = next((chat for chat in world.teams.of(user) if chat.id == visit.keys[1]), None)
    if found is None:
        raise PageMissing(f"found chat {visit.keys[1]!r}; expected one of {user.display_name}")
    lines = [
        ChatLine(
            message=message,
            author=_name(world, message.author_id),
            is_own=message.author_id == user.id,
            text=text_of_html(message.html),
            reactions=[
                f"{kind} by {_name(world, by)}"
                for (by, _), kind in zip(message.reactions, message.reaction_types, strict=True)
            ],
        )
        for message in reversed(found.messages[-MOST_ROWS:])
    ]
    others = _others(world, found, user)
    return Shown(
        template="chat.html",
        title=f"Chat with {others}",
        section="people",
        values={"user": user, "tab": "teams", "chat": found, "others": others, "lines": lines},
    )


PAGES: tuple[tuple[str, View], ...] = (
    ("/page/people", people),
    ("/page/people/{address}/mail", mail),
    ("/page/people/{address}/mail/{id}", message),
    ("/page/people/{address}/teams", teams),
    ("/page/people/{address}/teams/{id}", chat),
)
