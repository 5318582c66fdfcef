// Batches by BatchRequestContent and BatchResponseContent: https://learn.microsoft.com/graph/sdks/batch-requests
import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchRequestContent, BatchResponseContent } from "@microsoft/microsoft-graph-client";
import { ANA, BO, addFault, anEvent, eventsOf, graph, refusal } from "../sandbox.js";

const client = graph();
// The client cuts scheme and host off; what is left is relative to the version, as the page asks.
const at = (path) => `https://graph.microsoft.com${path}`;

function get(id, path, dependsOn) {
  return { id, dependsOn, request: new Request(at(path), { method: "GET" }) };
}

function post(id, path, body, dependsOn) {
  const request = new Request(at(path), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return { id, dependsOn, request };
}

async function sent(steps) {
  const content = await new BatchRequestContent(steps).getContent();
  return new BatchResponseContent(await client.api("/$batch").post(content));
}

test("parts side by side have an answer each, whatever the order", async () => {
  const answers = await sent([
    post("make", `${ANA}/events`, anEvent("By batch")),
    get("ana", ANA),
    get("query", `${ANA}/events?$top=1&$select=subject&$filter=subject eq 'nothing'`),
    get("lost", "/users/ghost@fabrikam.test"),
  ]);
  assert.equal(answers.getResponses().size, 4);
  const event = answers.getResponseById("make");
  assert.equal(event.status, 201);
  assert.equal((await event.json()).subject, "By batch");
  assert.equal((await answers.getResponseById("ana").json()).displayName, "Ana");
  assert.deepEqual((await answers.getResponseById("query").json()).value, []);
  const lost = answers.getResponseById("lost");
  assert.equal(lost.status, 404);
  assert.equal((await lost.json()).error.code, "Request_ResourceNotFound");
  assert.ok((await eventsOf("ana@fabrikam.test")).some((each) => each.subject === "By batch"));
});

test("a chain is done in its order", async () => {
  const answers = await sent([
    post("1", `${ANA}/events`, anEvent("Chained")),
    get("2", `${ANA}/events?$filter=subject eq 'Chained'`, ["1"]),
  ]);
  assert.equal((await answers.getResponseById("2").json()).value.length, 1);
});

test("what depends on a failure is answered 424 and not done", async () => {
  const batch = new BatchRequestContent([
    get("1", `${ANA}/events/nothing`),
    post("2", `${ANA}/events`, anEvent("Never")),
    post("3", `${ANA}/events`, anEvent("Never")),
  ]);
  batch.addDependency("2");
  batch.addDependency("3");
  const answers = new BatchResponseContent(await client.api("/$batch").post(await batch.getContent()));
  const status = Object.fromEntries([...answers.getResponsesIterator()].map(([id, answer]) => [id, answer.status]));
  assert.deepEqual(status, { 1: 404, 2: 424, 3: 424 });
  assert.ok(!(await eventsOf("ana@fabrikam.test")).some((each) => each.subject === "Never"));
});

test("a part without body is answered 202, 204 or its error", async () => {
  const event = await client.api(`${ANA}/events`).post(anEvent("Batched away"));
  const answers = await sent([
    { id: "gone", request: new Request(at(`${ANA}/events/${event.id}`), { method: "DELETE" }) },
    post("mail", `${ANA}/sendMail`, {
      message: { subject: "By batch", toRecipients: [{ emailAddress: { address: "bo@fabrikam.test" } }] },
    }),
  ]);
  assert.deepEqual([answers.getResponseById("gone").status, answers.getResponseById("mail").status], [204, 202]);
});

test("a throttled part has its own Retry-After, and the batch is 200", async () => {
  await addFault({ operation: "getUser", kind: "throttled", retry_after_s: 7 });
  const answers = await sent([get("throttled", ANA)]);
  const part = answers.getResponseById("throttled");
  assert.equal(part.status, 429);
  assert.equal(part.headers.get("Retry-After"), "7");
});

test("twenty parts are one batch", async () => {
  const steps = Array.from({ length: 20 }, (_, index) => get(String(index), index % 2 ? ANA : BO));
  const answers = await sent(steps);
  assert.deepEqual(
    new Set([...answers.getResponses().values()].map((answer) => answer.status)),
    new Set([200]),
  );
  assert.throws(() => new BatchRequestContent([...steps, get("20", ANA)]), { name: "Limit Exceeded Error" });
});

test("the version in the address of a part is answered 400", async () => {
  // The client cuts off the host alone: https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/1178
  const answers = await sent([get("1", `/v1.0${ANA}`)]);
  const part = answers.getResponseById("1");
  assert.equal(part.status, 400);
  assert.match((await part.json()).error.message, /Resource not found for the segment 'v1\.0'/);
});

test("more than twenty parts and parts that all name one other are a GraphError 400", async () => {
  const requests = Array.from({ length: 21 }, (_, index) => ({ id: String(index), method: "GET", url: ANA }));
  await refusal(client.api("/$batch").post({ requests }), 400, "BadRequest");
  // The client lets all parts name one other; the page has a chain or none.
  await refusal(sent([get("1", ANA), get("2", ANA, ["1"]), get("3", ANA, ["1"])]), 400, "BadRequest");
});
