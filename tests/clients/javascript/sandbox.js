// What the suites share: Microsoft's client pointed at a sandbox, and the sandbox's clock and faults.
//
// Where the sandbox is comes from the environment: GRAPH_BASE_URL, GRAPH_AUTHORITY_URL, GRAPH_CLIENT_ID,
// GRAPH_CLIENT_SECRET, SANDBOX_CONTROL_URL, and RECEIVER_CERTIFICATE and RECEIVER_KEY for a notification endpoint.
// The sandbox's authority is trusted by NODE_EXTRA_CA_CERTS.
import assert from "node:assert/strict";
import { Client, GraphError } from "@microsoft/microsoft-graph-client";

export const ANA = "/users/ana@fabrikam.test";
export const BO = "/users/bo@fabrikam.test";
export const CY = "/users/cy@fabrikam.test";
export const BASE_URL = process.env.GRAPH_BASE_URL;
export const HOSTS = new Set(["localhost"]);
export const WINDOW = { startDateTime: "2026-01-12T00:00:00Z", endDateTime: "2026-01-26T00:00:00Z" };

// The client's AuthenticationProvider: https://learn.microsoft.com/graph/sdks/choose-authentication-providers
export class ClientCredentials {
  #token;

  constructor({ secret = process.env.GRAPH_CLIENT_SECRET } = {}) {
    this.secret = secret;
    this.asked = 0;
  }

  async getAccessToken() {
    this.#token ??= await this.#ask();
    return this.#token;
  }

  async #ask() {
    this.asked += 1;
    const answer = await fetch(`${process.env.GRAPH_AUTHORITY_URL}/oauth2/v2.0/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: process.env.GRAPH_CLIENT_ID,
        client_secret: this.secret,
        scope: "https://graph.microsoft.com/.default",
      }),
    });
    const content = await answer.json();
    if (!answer.ok) {
      throw new Error(content.error_description);
    }
    return content.access_token;
  }
}

// `baseUrl` and `customHosts` are the client's own options for another host than graph.microsoft.com.
export function graph(options = {}) {
  return Client.initWithMiddleware({
    authProvider: new ClientCredentials(),
    baseUrl: BASE_URL,
    customHosts: HOSTS,
    ...options,
  });
}

export function anEvent(subject, more = {}) {
  return {
    subject,
    start: { dateTime: "2026-01-13T10:00:00", timeZone: "Romance Standard Time" },
    end: { dateTime: "2026-01-13T11:00:00", timeZone: "Romance Standard Time" },
    ...more,
  };
}

export function attendee(address, type = "required") {
  return { emailAddress: { address }, type };
}

export async function refusal(promise, status, code) {
  const error = await promise.then(
    () => assert.fail(`expected ${status} ${code}; it succeeded`),
    (reason) => reason,
  );
  assert.ok(error instanceof GraphError, `expected a GraphError; found ${error}`);
  assert.deepEqual({ status: error.statusCode, code: error.code }, { status, code });
  return error;
}

async function control(method, path, body) {
  const answer = await fetch(`${process.env.SANDBOX_CONTROL_URL}${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const content = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${JSON.stringify(content)}`);
  return content;
}

export const step = (span) => control("POST", "/clock", { step: span });
export const now = async () => new Date((await control("GET", "/clock")).now);
export const addFault = (fault) => control("POST", "/faults", fault);
export const lastRequests = async (count = 200) => (await control("GET", `/requests?last=${count}`)).value;
export const eventsOf = async (address) => (await control("GET", `/people/${address}/events`)).value;

export async function made(client, subject, more = {}) {
  return client.api(`${ANA}/events`).post(anEvent(subject, more));
}

export async function copyOf(client, mailbox, event) {
  const found = await client.api(`${mailbox}/events`).filter(`iCalUId eq '${event.iCalUId}'`).get();
  return found.value[0];
}
