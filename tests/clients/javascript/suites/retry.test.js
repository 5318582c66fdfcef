// The client's retry middleware: https://learn.microsoft.com/graph/throttling
import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphError, RetryHandlerOptions } from "@microsoft/microsoft-graph-client";
import { ANA, addFault, anEvent, eventsOf, graph, lastRequests, refusal } from "../sandbox.js";

const client = graph();
const never = [new RetryHandlerOptions(0, 0)];
const soon = [new RetryHandlerOptions(0, 3)];

async function statuses(operation) {
  return (await lastRequests()).filter((each) => each.operation === operation).map((each) => each.status);
}

test("429 with Retry-After is tried again after that time", async () => {
  await addFault({ operation: "getUser", kind: "throttled", retry_after_s: 1 });
  const started = performance.now();
  const user = await client.api(ANA).get();
  assert.equal(user.displayName, "Ana");
  assert.ok(performance.now() - started >= 1000);
  assert.deepEqual((await statuses("getUser")).sort(), [200, 429]);
});

test("without retries it is a GraphError 429 with the header", async () => {
  await addFault({ operation: "getMailboxSettings", kind: "throttled", retry_after_s: 12 });
  const error = await refusal(
    client.api(`${ANA}/mailboxSettings`).middlewareOptions(never).get(),
    429,
    "ApplicationThrottled",
  );
  assert.equal(error.headers.get("Retry-After"), "12");
});

test("503 and 504 are tried again, three times at most", async () => {
  await addFault({ operation: "getCalendar", kind: "gateway_timeout" });
  await addFault({ operation: "getCalendar", kind: "unavailable", retry_after_s: 0 });
  assert.equal((await client.api(`${ANA}/calendar`).middlewareOptions(soon).get()).name, "Calendar");
  await addFault({ operation: "getCalendar", kind: "unavailable", retry_after_s: 0, times: "always" });
  await refusal(client.api(`${ANA}/calendar`).middlewareOptions(soon).get(), 503, "ServiceUnavailable");
  assert.equal((await statuses("getCalendar")).filter((each) => each === 503).length, 5);
});

test("a POST that was stored and answered 503 makes one event, by its transactionId", async () => {
  await addFault({ operation: "createEvent", kind: "unavailable_after", retry_after_s: 0 });
  const event = await client.api(`${ANA}/events`).post(anEvent("Retried", { transactionId: "js-retried" }));
  assert.deepEqual((await statuses("createEvent")).sort(), [201, 503]);
  const copies = (await eventsOf("ana@fabrikam.test")).filter((each) => each.subject === "Retried");
  assert.deepEqual(copies.map((each) => each.id), [event.id]);
});

test("a connection that breaks off is an error without Graph's code, and the next request is answered", async () => {
  await addFault({ operation: "listUsers", kind: "dropped" });
  await assert.rejects(client.api("/users").get(), (error) => {
    assert.ok(error instanceof GraphError);
    assert.equal(error.requestId, null);
    return true;
  });
  assert.equal((await client.api("/users").get()).value.length, 4);
});
