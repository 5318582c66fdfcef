// Headers: preferences, what the client says of itself, what an answer carries.
// https://learn.microsoft.com/graph/use-the-api, https://learn.microsoft.com/graph/api/event-get
import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphError, ResponseType } from "@microsoft/microsoft-graph-client";
import { ANA, graph, made } from "../sandbox.js";

const client = graph();
const raw = (path, prefer) => {
  const request = client.api(path).responseType(ResponseType.RAW);
  return (prefer === undefined ? request : request.header("Prefer", prefer)).get();
};

test("a zone asked for is applied and told", async () => {
  const event = await made(client, "Zones");
  const answer = await raw(`${ANA}/events/${event.id}`, 'outlook.timezone="Tokyo Standard Time"');
  assert.equal(answer.headers.get("Preference-Applied"), 'outlook.timezone="Tokyo Standard Time"');
  assert.deepEqual((await answer.json()).start, {
    dateTime: "2026-01-13T18:00:00.0000000",
    timeZone: "Tokyo Standard Time",
  });
});

test("a body is text when asked for, beside other preferences", async () => {
  const event = await made(client, "Text", { body: { contentType: "HTML", content: "<p>Agenda &amp; more</p>" } });
  const answer = await raw(
    `${ANA}/events/${event.id}?$select=body,start`,
    'outlook.body-content-type="text", outlook.timezone="UTC", IdType="ImmutableId"',
  );
  const applied = answer.headers.get("Preference-Applied");
  for (const name of ['outlook.body-content-type="text"', 'outlook.timezone="UTC"', 'IdType="ImmutableId"']) {
    assert.ok(applied.includes(name), `${name} in ${applied}`);
  }
  assert.deepEqual((await answer.json()).body, { contentType: "text", content: "Agenda & more" });
});

test("a preference nobody knows is passed over", async () => {
  const answer = await raw(`${ANA}/events`, "respond-async, return=minimal");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("Preference-Applied"), null);
});

test("a zone nobody knows is a GraphError", async () => {
  await assert.rejects(client.api(`${ANA}/events`).header("Prefer", 'outlook.timezone="Mars"').get(), (error) => {
    assert.ok(error instanceof GraphError);
    assert.equal(error.code, "TimeZoneNotSupportedException");
    return true;
  });
});

test("the client's request id comes back, and Graph adds its own", async () => {
  const id = "0e8a3c58-6a3f-4a38-9d5c-7c2f5b1d9a10";
  const answer = await client.api(ANA).header("client-request-id", id).responseType(ResponseType.RAW).get();
  assert.equal(answer.headers.get("client-request-id"), id);
  assert.match(answer.headers.get("request-id"), /^[0-9a-f-]{36}$/);
  assert.notEqual(answer.headers.get("request-id"), id);
  assert.ok(answer.headers.get("Date"));
  assert.match(answer.headers.get("content-type"), /^application\/json;odata\.metadata=minimal/);
});

test("without one the client makes it, together with its SdkVersion", async () => {
  const answer = await client.api(ANA).responseType(ResponseType.RAW).get();
  assert.match(answer.headers.get("client-request-id"), /^[0-9a-f-]{36}$/);
  assert.notEqual(answer.headers.get("client-request-id"), answer.headers.get("request-id"));
});

test("odd but legal encodings of a query are understood", async () => {
  const event = await made(client, "O'Neill & 50% + more");
  const filter = encodeURIComponent("subject eq 'O''Neill & 50% + more'");
  for (const path of [
    `${ANA}/events?$filter=${filter}`,
    `${ANA}/events?%24filter=${filter}`,
    `${ANA.replace("@", "%40")}/events?$filter=${filter.replaceAll("%20", "+")}`,
    `/users('ana@fabrikam.test')/events?$filter=${filter}`,
  ]) {
    const found = await client.api(path).get();
    assert.deepEqual(found.value.map((each) => each.id), [event.id], path);
  }
  const encoded = await client.api(`${ANA}/events/${encodeURIComponent(event.id)}`).get();
  assert.equal(encoded.id, event.id);
});
