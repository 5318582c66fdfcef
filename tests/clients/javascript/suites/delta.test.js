// Delta of a calendar view: https://learn.microsoft.com/graph/delta-query-events
import assert from "node:assert/strict";
import { test } from "node:test";
import { PageIterator } from "@microsoft/microsoft-graph-client";
import { ANA, WINDOW, addFault, graph, made, refusal } from "../sandbox.js";

const client = graph();
const PREFER = { Prefer: "odata.maxpagesize=2" };

const begin = () => client.api(`${ANA}/calendarView/delta`).query(WINDOW).headers(PREFER).get();
const resume = (link) => client.api(link).headers(PREFER).get();

async function round(first) {
  const items = [];
  const iterator = new PageIterator(client, first, (item) => items.push(item) > 0, { headers: PREFER });
  await iterator.iterate();
  return { items, deltaLink: iterator.getDeltaLink() };
}

test("a first round gives everything by pages and ends in a delta link", async () => {
  for (const subject of ["One", "Two", "Three"]) {
    await made(client, subject);
  }
  const first = await begin();
  assert.equal(first.value.length, 2);
  assert.equal(first["@odata.deltaLink"], undefined);
  assert.match(first["@odata.nextLink"], /\$skiptoken=/);
  const { items, deltaLink } = await round(first);
  assert.deepEqual(items.map((each) => each.subject).sort(), ["One", "Three", "Two"]);
  assert.match(deltaLink, /\$deltatoken=/);
});

test("the delta link gives what was created, changed and deleted since", async () => {
  const changed = await made(client, "To be changed");
  const deleted = await made(client, "To be deleted");
  const { deltaLink } = await round(await begin());
  const quiet = await resume(deltaLink);
  assert.deepEqual(quiet.value, []);

  const created = await made(client, "New");
  await client.api(`${ANA}/events/${changed.id}`).patch({ subject: "Changed" });
  await client.api(`${ANA}/events/${deleted.id}`).delete();
  const { items, deltaLink: next } = await round(await resume(quiet["@odata.deltaLink"]));
  const byId = new Map(items.map((each) => [each.id, each]));
  assert.equal(byId.get(created.id).subject, "New");
  assert.equal(byId.get(changed.id).subject, "Changed");
  assert.deepEqual(byId.get(deleted.id)["@removed"], { reason: "deleted" });
  assert.equal(byId.size, 3);
  assert.deepEqual((await resume(next)).value, []);
});

test("a state that was dropped is a GraphError 410, and a new round begins", async () => {
  const { deltaLink } = await round(await begin());
  await addFault({ operation: "calendarViewDelta", kind: "delta_expired" });
  await refusal(resume(deltaLink), 410, "SyncStateNotFound");
  assert.ok((await round(await begin())).items.length > 0);
});

test("what delta does not take is a GraphError 400", async () => {
  await refusal(client.api(`${ANA}/calendarView/delta`).query(WINDOW).select("subject").get(), 400, "BadRequest");
});
