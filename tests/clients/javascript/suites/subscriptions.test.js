// Subscriptions with a receiver of Node's own: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { after, before, test } from "node:test";
import { ANA, graph, made, now, refusal, step } from "../sandbox.js";

const client = graph();
const STATE = "js-receiver";
const received = [];
let answer = "echo";
let url;

const receiver = createServer(
  { cert: readFileSync(process.env.RECEIVER_CERTIFICATE), key: readFileSync(process.env.RECEIVER_KEY) },
  async (request, response) => {
    const token = new URL(request.url, url).searchParams.get("validationToken");
    let body = "";
    for await (const part of request) {
      body += part;
    }
    if (token !== null) {
      response.writeHead(200, { "Content-Type": "text/plain" }).end(answer === "echo" ? token : answer);
      return;
    }
    received.push(...JSON.parse(body).value);
    response.writeHead(202).end();
  },
);

before(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  url = `https://localhost:${receiver.address().port}/notify`;
});

after(() => {
  receiver.closeAllConnections();
  receiver.close();
});

async function subscribe(more = {}) {
  const expires = new Date((await now()).getTime() + 24 * 3600 * 1000);
  return client.api("/subscriptions").post({
    changeType: "created,updated,deleted",
    notificationUrl: url,
    resource: "users/ana@fabrikam.test/events",
    expirationDateTime: expires.toISOString(),
    clientState: STATE,
    ...more,
  });
}

test("what happens in a calendar reaches the receiver", async () => {
  const subscription = await subscribe();
  assert.deepEqual([subscription.changeType, subscription.clientState], ["created,updated,deleted", STATE]);
  const event = await made(client, "Told");
  await step("5 minutes");
  await client.api(`${ANA}/events/${event.id}`).delete();
  await step("5 minutes");
  assert.deepEqual(received.map((each) => each.changeType), ["created", "deleted"]);
  for (const item of received) {
    assert.deepEqual(
      [item.subscriptionId, item.clientState, item.resourceData.id, item.resourceData["@odata.type"]],
      [subscription.id, STATE, event.id, "#Microsoft.Graph.Event"],
    );
  }
  await client.api(`/subscriptions/${subscription.id}`).delete();
});

test("a subscription is listed, renewed, reauthorized and deleted", async () => {
  const { id } = await subscribe();
  const listed = await client.api("/subscriptions").get();
  assert.deepEqual(listed.value.map((each) => [each.id, each.clientState]), [[id, null]]);

  const later = new Date((await now()).getTime() + 48 * 3600 * 1000).toISOString();
  const renewed = await client.api(`/subscriptions/${id}`).patch({ expirationDateTime: later });
  assert.equal(new Date(renewed.expirationDateTime).toISOString(), later);
  await client.api(`/subscriptions/${id}/reauthorize`).post(undefined);
  const read = await client.api(`/subscriptions/${id}`).get();
  assert.equal(read.expirationDateTime, renewed.expirationDateTime);

  await client.api(`/subscriptions/${id}`).delete();
  await refusal(client.api(`/subscriptions/${id}`).get(), 404, "ResourceNotFound");
});

test("a receiver that does not echo makes a GraphError 400", async () => {
  answer = "something else";
  try {
    await refusal(subscribe(), 400, "InvalidRequest");
  } finally {
    answer = "echo";
  }
  assert.deepEqual((await client.api("/subscriptions").get()).value, []);
});

test("a second one of the same kind is a GraphError 409", async () => {
  const { id } = await subscribe();
  const error = await refusal(subscribe(), 409, "ExtensionError");
  assert.match(error.message, new RegExp(id));
  await client.api(`/subscriptions/${id}`).delete();
});
