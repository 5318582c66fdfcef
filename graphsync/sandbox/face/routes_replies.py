"""Routes of replies and forwarding: sent at once, or made as drafts.

Sources: https://learn.microsoft.com/graph/api/message-reply, message-replyall, message-forward, message-createreply,
message-createreplyall, message-createforward
"""

from __future__ import annotations

from graphsync.sandbox.face.bodies import parameters_of
from graphsync.sandbox.face.calls import Answer, Call, Handler, Route
from graphsync.sandbox.face.routes_folders import WRITE, message_answer, message_id_of, message_routes
from graphsync.sandbox.face.routes_mail import mime_of
from graphsync.sandbox.outlook.replies import Answering, ReplyKind, draft_answer, send_answer
from graphsync.sandbox.world import World

SEND = ("Mail.Send",)


def _asked(call: Call, kind: ReplyKind, action: str) -> Answering:
    mime = mime_of(call)
    if mime is not None:
        # What is sent at once goes to the people of the original: https://learn.microsoft.com/graph/api/message-reply
        left_out = () if action not in {"reply", "replyAll"} else ("toRecipients", "ccRecipients")
        message = {key: value for key, value in mime.body.items() if key not in left_out}
        return Answering(kind=kind, parameters={"message": message}, headers=mime.headers, zone=call.prefer.zone)
    known = ("comment", "message", "toRecipients") if kind == "forward" else ("comment", "message")
    found = parameters_of(call.json(), known, action)
    return Answering(kind=kind, parameters=found, headers={}, zone=call.prefer.zone)


def _sending(kind: ReplyKind) -> Handler:
    def send(world: World, call: Call) -> Answer:
        call.query.finish()
        asked = _asked(call, kind, kind)
        send_answer(world.mailroom, call.user, message_id_of(world, call), asked, actor=call.actor)
        return Answer(status=202)

    return send


def _drafting(kind: ReplyKind, action: str) -> Handler:
    def draft(world: World, call: Call) -> Answer:
        call.query.finish()
        asked = _asked(call, kind, action)
        message = draft_answer(world.mailroom, call.user, message_id_of(world, call), asked, actor=call.actor)
        return message_answer(call, message, status=201)

    return draft


ROUTES: list[Route] = [
    *message_routes("POST", "/{message}/reply", "replyMessage", SEND, _sending("reply")),
    *message_routes("POST", "/{message}/replyAll", "replyAllMessage", SEND, _sending("replyAll")),
    *message_routes("POST", "/{message}/forward", "forwardMessage", SEND, _sending("forward")),
    *message_routes("POST", "/{message}/createReply", "createReplyMessage", WRITE, _drafting("reply", "createReply")),
    *message_routes(
        "POST", "/{message}/createReplyAll", "createReplyAllMessage", WRITE, _drafting("replyAll", "createReplyAll")
    ),
    *message_routes(
        "POST", "/{message}/createForward", "createForwardMessage", WRITE, _drafting("forward", "createForward")
    ),
]
