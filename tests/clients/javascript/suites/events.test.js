// Events by Microsoft's JavaScript client: https://learn.microsoft.com/graph/api/resources/event
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANA, BO, ClientCredentials, anEvent, attendee, copyOf, eventsOf, graph, made, refusal, step } from "../sandbox.js";

const client = graph();

test("an event is created, read, changed and deleted", async () => {
  const event = await made(client, "Life of an event", { body: { contentType: "HTML", content: "<p>Agenda</p>" } });
  assert.equal(event.type, "singleInstance");
  assert.deepEqual(event.start, { dateTime: "2026-01-13T09:00:00.0000000", timeZone: "UTC" });

  const read = await client.api(`${ANA}/events/${event.id}`).select("subject,organizer").get();
  assert.deepEqual(Object.keys(read).sort(), ["@odata.context", "@odata.etag", "id", "organizer", "subject"]);
  assert.equal(read.organizer.emailAddress.address, "ana@fabrikam.test");

  const changed = await client.api(`${ANA}/events/${event.id}`).patch({ subject: "Renamed", showAs: "tentative" });
  assert.equal(changed.subject, "Renamed");
  assert.notEqual(changed.changeKey, event.changeKey);
  assert.equal((await eventsOf("ana@fabrikam.test")).find((each) => each.id === event.id).subject, "Renamed");

  assert.equal(await client.api(`${ANA}/events/${event.id}`).delete(), undefined);
  assert.ok(!(await eventsOf("ana@fabrikam.test")).some((each) => each.id === event.id));
});

test("an invitation is answered, and the answer reaches the organizer", async () => {
  const event = await made(client, "Invitation", { attendees: [attendee("bo@fabrikam.test")] });
  const copy = await copyOf(client, BO, event);
  assert.notEqual(copy.id, event.id);
  assert.equal(copy.responseStatus.response, "notResponded");
  await client.api(`${BO}/events/${copy.id}/accept`).post({ comment: "With pleasure", sendResponse: true });
  await step("1 hour");
  const seen = await client.api(`${ANA}/events/${event.id}`).select(["attendees"]).get();
  assert.equal(seen.attendees[0].status.response, "accepted");
});

test("a meeting is cancelled, and the attendee's copy says so", async () => {
  const event = await made(client, "Called off", { attendees: [attendee("bo@fabrikam.test")] });
  await client.api(`${ANA}/events/${event.id}/cancel`).post({ comment: "Snow" });
  await step("1 hour");
  const copy = await copyOf(client, BO, event);
  assert.deepEqual([copy.isCancelled, copy.subject], [true, "Canceled: Called off"]);
});

test("a series has its occurrences in the calendar view", async () => {
  const series = await made(client, "Weekly", {
    recurrence: {
      pattern: { type: "weekly", interval: 1, daysOfWeek: ["tuesday"], firstDayOfWeek: "monday" },
      range: { type: "numbered", startDate: "2026-01-13", numberOfOccurrences: 3, recurrenceTimeZone: "Romance Standard Time" },
    },
  });
  assert.equal(series.type, "seriesMaster");
  const view = await client
    .api(`${ANA}/calendarView`)
    .query({ startDateTime: "2026-01-12T00:00:00Z", endDateTime: "2026-02-12T00:00:00Z" })
    .filter(`seriesMasterId eq '${series.id}'`)
    .orderby("start/dateTime")
    .get();
  assert.deepEqual(
    view.value.map((each) => each.start.dateTime.slice(0, 10)),
    ["2026-01-13", "2026-01-20", "2026-01-27"],
  );
});

test("a list is filtered, ordered, cut and counted", async () => {
  for (const name of ["C of three", "A of three", "B of three"]) {
    await made(client, name);
  }
  const found = await client
    .api(`${ANA}/events`)
    .filter("contains(subject, 'of three')")
    .orderby("subject desc")
    .select(["subject"])
    .top(2)
    .count()
    .get();
  assert.deepEqual(found.value.map((each) => each.subject), ["C of three", "B of three"]);
  // All that match, whatever the page: https://learn.microsoft.com/graph/query-parameters (count)
  assert.equal(found["@odata.count"], 3);
});

test("free and busy times come with the digits of the page", async () => {
  const day = "2026-01-14";
  await client.api(`${BO}/events`).post(
    anEvent("Busy", {
      start: { dateTime: `${day}T10:00:00`, timeZone: "UTC" },
      end: { dateTime: `${day}T11:00:00`, timeZone: "UTC" },
    }),
  );
  const answer = await client.api(`${ANA}/calendar/getSchedule`).post({
    schedules: ["bo@fabrikam.test", "ghost@fabrikam.test"],
    startTime: { dateTime: `${day}T09:00:00`, timeZone: "UTC" },
    endTime: { dateTime: `${day}T12:00:00`, timeZone: "UTC" },
    availabilityViewInterval: 60,
  });
  assert.deepEqual(answer.value.map((each) => each.availabilityView), ["020", undefined]);
  assert.equal(answer.value[1].error.responseCode, "5009");
});

test("what is gone is a GraphError with Graph's code and request id", async () => {
  const event = await made(client, "Soon gone");
  await client.api(`${ANA}/events/${event.id}`).del();
  const error = await refusal(client.api(`${ANA}/events/${event.id}`).get(), 404, "ErrorItemNotFound");
  assert.equal(error.message, "The specified object was not found in the store.");
  assert.equal(error.requestId, error.headers.get("request-id"));
  assert.ok(error.date instanceof Date && !Number.isNaN(error.date.getTime()));
  assert.equal(JSON.parse(error.body).code, "ErrorItemNotFound");
});

test("a body that is wrong is a GraphError 400", async () => {
  await refusal(
    client.api(`${ANA}/events`).post(anEvent("Backwards", { end: { dateTime: "2026-01-13T09:00:00", timeZone: "Romance Standard Time" } })),
    400,
    "ErrorPropertyValidationFailure",
  );
  await refusal(client.api(`${ANA}/events`).post("{"), 400, "RequestBodyRead");
  await refusal(
    client.api(`${ANA}/events`).post(anEvent("Zone", { start: { dateTime: "2026-01-13T09:00:00", timeZone: "Mars" } })),
    400,
    "TimeZoneNotSupportedException",
  );
});

test("one transactionId makes one event", async () => {
  const first = await made(client, "Once", { transactionId: "js-once" });
  const again = await made(client, "Once", { transactionId: "js-once" });
  assert.equal(again.id, first.id);
  const error = await refusal(made(client, "Other", { transactionId: "js-once" }), 400, "ErrorDuplicateTransactionId");
  assert.equal(JSON.parse(error.body)["@event.existingEventId"], first.id);
});

test("an old etag is a GraphError 412", async () => {
  const event = await made(client, "Two writers");
  await client.api(`${ANA}/events/${event.id}`).patch({ subject: "First writer" });
  await refusal(
    client.api(`${ANA}/events/${event.id}`).header("If-Match", event["@odata.etag"]).patch({ subject: "Second writer" }),
    412,
    "ErrorIrresolvableConflict",
  );
});

test("a bearer nobody issued is a GraphError 401", async () => {
  const stranger = graph({ authProvider: { getAccessToken: async () => "nobody's" } });
  await refusal(stranger.api(`${ANA}/events`).get(), 401, "InvalidAuthenticationToken");
});

test("the token is asked for once, and a wrong secret is the provider's own error", async () => {
  const provider = new ClientCredentials();
  const patient = graph({ authProvider: provider });
  await patient.api(ANA).get();
  await patient.api(BO).get();
  assert.equal(provider.asked, 1);
  const forgetful = graph({ authProvider: new ClientCredentials({ secret: "wrong" }) });
  await assert.rejects(forgetful.api(ANA).get(), /AADSTS7000215/);
});
