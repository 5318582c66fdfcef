// Mail, people and chats by Microsoft's JavaScript client: https://learn.microsoft.com/graph/api/resources/message
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANA, BO, graph, refusal, step } from "../sandbox.js";

const client = graph();

function aMessage(subject, more = {}) {
  return {
    subject,
    body: { contentType: "HTML", content: "<p>How are you?</p>" },
    toRecipients: [{ emailAddress: { address: "bo@fabrikam.test" } }],
    ...more,
  };
}

async function inbox(subject) {
  const found = await client.api(`${BO}/mailFolders/inbox/messages`).filter(`subject eq '${subject}'`).get();
  return found.value;
}

test("a message is sent, and arrives with its headers", async () => {
  const internetMessageHeaders = [{ name: "x-mentoring", value: "42" }];
  await client.api(`${ANA}/sendMail`).post({ message: aMessage("Sent", { internetMessageHeaders }), saveToSentItems: false });
  await step("2 minutes");
  const [arrived] = await inbox("Sent");
  assert.equal(arrived.from.emailAddress.address, "ana@fabrikam.test");
  assert.match(arrived.body.content, /<p>How are you\?<\/p>/);
  const read = await client.api(`${BO}/messages/${arrived.id}`).select("internetMessageHeaders").get();
  assert.deepEqual(read.internetMessageHeaders, internetMessageHeaders);
});

test("a draft is made and sent, and keeps its id", async () => {
  const prefer = { Prefer: 'IdType="ImmutableId"' };
  const draft = await client.api(`${ANA}/messages`).headers(prefer).post(aMessage("Draft"));
  assert.ok(draft.isDraft);
  await client.api(`${ANA}/messages/${draft.id}/send`).headers(prefer).post(undefined);
  const sent = await client.api(`${ANA}/mailFolders/sentitems/messages`).filter("subject eq 'Draft'").get();
  assert.deepEqual(sent.value.map((each) => [each.id, each.isDraft]), [[draft.id, false]]);
  await step("2 minutes");
  assert.equal((await inbox("Draft")).length, 1);
});

test("messages are ordered by what leads the filter, or refused", async () => {
  const list = (filter) => client.api(`${BO}/messages`).filter(filter).orderby("receivedDateTime desc").get();
  const from = "from/emailAddress/address eq 'ana@fabrikam.test'";
  const found = await list(`receivedDateTime ge 2026-01-01T00:00:00Z and ${from}`);
  const times = found.value.map((each) => each.receivedDateTime);
  assert.deepEqual(times, times.toSorted().reverse());
  await refusal(list(from), 400, "InefficientFilter");
});

test("a message without recipients is a GraphError 400", async () => {
  const message = aMessage("Nobody", { toRecipients: [] });
  await refusal(client.api(`${ANA}/sendMail`).post({ message }), 400, "ErrorInvalidRecipients");
});

test("a person is selected from the directory and has mailbox settings", async () => {
  const bo = await client.api(BO).select("id", "displayName", "mail").get();
  assert.deepEqual([bo.displayName, bo.mail], ["Bo", "bo@fabrikam.test"]);
  assert.equal((await client.api(`/users/${bo.id}/mailboxSettings`).get()).timeZone, "Eastern Standard Time");
  await refusal(client.api("/users/ghost@fabrikam.test").get(), 404, "Request_ResourceNotFound");
  await refusal(client.api("/users/none@fabrikam.test/messages").get(), 404, "MailboxNotEnabledForRESTAPI");
});

test("a chat is made, once, and an application does not write into it", async () => {
  const members = ["ana@fabrikam.test", "bo@fabrikam.test"].map((address) => ({
    "@odata.type": "#microsoft.graph.aadUserConversationMember",
    roles: ["owner"],
    "user@odata.bind": `https://graph.microsoft.com/v1.0/users('${address}')`,
  }));
  const make = () => client.api("/chats").post({ chatType: "oneOnOne", members });
  const chat = await make();
  assert.equal((await make()).id, chat.id);
  const listed = await client.api(`${BO}/chats`).expand("members").get();
  assert.deepEqual(listed.value.map((each) => [each.id, each.members.length]), [[chat.id, 2]]);
  await refusal(client.api(`/chats/${chat.id}/messages`).post({ body: { content: "Hello" } }), 412, "PreconditionFailed");
});
