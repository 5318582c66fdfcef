// Pages by the client's PageIterator: https://learn.microsoft.com/graph/sdks/paging
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { PageIterator } from "@microsoft/microsoft-graph-client";
import { ANA, BASE_URL, BO, WINDOW, anEvent, graph, lastRequests, made } from "../sandbox.js";

const client = graph();
const SUBJECTS = Array.from({ length: 23 }, (_, index) => `Page ${String(index).padStart(2, "0")}`);

before(async () => {
  for (const subject of SUBJECTS) {
    await made(client, subject);
  }
});

test("ten come without $top, and the next link leads on", async () => {
  const first = await client.api(`${ANA}/events`).get();
  assert.equal(first.value.length, 10);
  assert.ok(decodeURIComponent(first["@odata.nextLink"]).startsWith(`${BASE_URL}v1.0${ANA}/events?`));
});

test("a PageIterator visits everything once", async () => {
  const first = await client.api(`${ANA}/events`).orderby("subject").select("subject").top(5).get();
  const seen = [];
  const iterator = new PageIterator(client, first, (event) => seen.push(event.subject) > 0);
  await iterator.iterate();
  assert.deepEqual(seen, SUBJECTS);
  assert.ok(iterator.isComplete());
});

test("a PageIterator stops when told and goes on where it was", async () => {
  const first = await client.api(`${ANA}/events`).orderby("subject").select("subject").top(8).get();
  const seen = [];
  const iterator = new PageIterator(client, first, (event) => seen.push(event.subject) % 9 !== 0);
  await iterator.iterate();
  assert.deepEqual([seen.length, iterator.isComplete()], [9, false]);
  await iterator.resume();
  await iterator.resume();
  assert.deepEqual([seen, iterator.isComplete()], [SUBJECTS, true]);
});

test("the options of the first page are in the next link", async () => {
  const query = { ...WINDOW, $top: 9, $select: "subject,start", $filter: "startswith(subject, 'Page 0')", $orderby: "subject" };
  let page = await client.api(`${ANA}/calendarView`).query(query).get();
  const seen = [];
  while (page) {
    for (const event of page.value) {
      assert.deepEqual(Object.keys(event).sort(), ["@odata.etag", "id", "start", "subject"]);
      seen.push(event.subject);
    }
    const next = page["@odata.nextLink"];
    page = next ? await client.api(next).get() : null;
  }
  assert.deepEqual(seen, SUBJECTS.slice(0, 10));
});

test("headers go with every page when they are given to the iterator", async () => {
  const headers = { Prefer: 'outlook.timezone="Tokyo Standard Time"' };
  const first = await client.api(`${ANA}/events`).headers(headers).select("start").top(20).get();
  const zones = new Set();
  await new PageIterator(client, first, (event) => zones.add(event.start.timeZone) !== null, { headers }).iterate();
  assert.deepEqual([...zones], ["Tokyo Standard Time"]);
});

test("a mailbox without events is one empty page", async () => {
  const found = await client.api(`${BO}/events`).get();
  assert.deepEqual([found.value, found["@odata.nextLink"]], [[], undefined]);
  await client.api(`${BO}/events`).post(anEvent("No longer empty"));
  assert.equal((await client.api(`${BO}/events`).get()).value.length, 1);
});

test("people come by pages too", async () => {
  const first = await client.api("/users").select(["displayName"]).top(2).get();
  const seen = [];
  await new PageIterator(client, first, (user) => seen.push(user.displayName) > 0).iterate();
  assert.deepEqual(seen.sort(), ["Ana", "Bo", "Cy", "No"]);
  const requests = (await lastRequests(3)).filter((each) => each.operation === "listUsers");
  assert.equal(requests.length, 2);
});
