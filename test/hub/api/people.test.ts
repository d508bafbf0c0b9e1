/** Accounts over HTTP, what ends together with a session, and what the audit records. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PROMISED_MS } from "../../../shared/promises.ts";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { MAX_READS_PER_PERSON, MAX_REFUSALS, network } from "../../../hub/api/audit-notes.ts";
import { Username } from "../../../shared/ids.ts";
import { INCIDENT, RECORDING, startTestApi, type TestApi } from "../../kit/hub/api-on-doubles.ts";
import { waitFor } from "../../kit/run/wait.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api.close());

const PASSWORD = "lamp at the corner";
const LI = { username: "li.na", displayName: "李娜", role: "operator", password: PASSWORD };
const signInAs = (payload: object) =>
  api.app.inject({ method: "POST", url: "/api/v1/sessions", payload });
const make = (account: object = LI) =>
  api.as("admin", "POST", "/api/v1/accounts", { payload: account });
const patch = (username: string, payload: object) =>
  api.as("admin", "PATCH", `/api/v1/accounts/${username}`, { payload });

describe("accounts", () => {
  test("an administrator makes one, and the person signs in", async () => {
    const made = await make();
    expect(made.statusCode).toBe(201);
    expect(made.headers.location).toBe("/api/v1/accounts/li.na");
    expect(made.json()).toMatchObject({ username: "li.na", isDisabled: false, lastUsedAt: null });
    expect((await signInAs({ username: "li.na", password: PASSWORD })).statusCode).toBe(201);
    const { items } = (await api.as("admin", "GET", "/api/v1/accounts")).json();
    expect(items.find((one: { username: string }) => one.username === "li.na")).toMatchObject({
      lastUsedAt: expect.any(String),
      sessions: 1,
    });
    expect(api.facts).toContainEqual(
      expect.objectContaining({
        type: "account-changed",
        username: "li.na",
        change: "created",
        by: "admin",
      }),
    );
    expect(JSON.stringify(api.facts)).not.toContain(PASSWORD);
  });

  test("an area is given, shown and taken away, and no call is handed to somebody outside", async () => {
    expect((await make({ ...LI, scope: "east" })).json()).toMatchObject({ scope: "east" });
    const handOver = () =>
      api.as("operator", "POST", `/api/v1/incidents/${INCIDENT}/transfer`, {
        payload: { to: "li.na" },
      });
    expect((await handOver()).statusCode).toBe(200);
    expect((await patch("li.na", { scope: "west" })).json()).toMatchObject({ scope: "west" });
    const refused = await handOver();
    expect(refused.statusCode).toBe(400);
    expect(refused.json().detail).toContain("whose area the incident lies in, found li.na");
    expect(api.facts).toContainEqual(
      expect.objectContaining({ type: "account-changed", change: "scope", scope: "west" }),
    );
    const areas = (await api.as("technician", "GET", "/api/v1/areas")).json();
    expect(areas.items).toContainEqual({ id: "A1", name: "A1", in: "east" });
  });

  test("an administrator of a part manages no accounts, and the last one of all stays that", async () => {
    const answer = await patch("admin", { scope: "east" });
    expect(answer.statusCode).toBe(409);
    expect(answer.json().detail).toContain("last administrator");
    const admin = { ...LI, username: "east.admin", role: "admin", scope: "east" };
    await make(admin);
    const { token } = (await signInAs({ username: "east.admin", password: PASSWORD })).json();
    const headers = { authorization: `Bearer ${token}` };
    const list = await api.app.inject({ url: "/api/v1/accounts", headers });
    expect(list.json()).toMatchObject({ status: 403, code: "forbidden" });
    expect(list.json().detail).toContain("its area is east, and this is about everything");
  });

  test("nobody but an administrator sees or changes accounts", async () => {
    for (const role of ["operator", "supervisor", "technician"] as const) {
      const answers = [
        await api.as(role, "GET", "/api/v1/accounts"),
        await api.as(role, "POST", "/api/v1/accounts", { payload: LI }),
        await api.as(role, "PATCH", "/api/v1/accounts/operator", { payload: { role: "admin" } }),
        await api.as(role, "POST", "/api/v1/accounts/admin/password", {
          payload: { password: PASSWORD },
        }),
      ];
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 403]);
    }
  });

  test.each([
    ["a name that exists", { ...LI, username: "operator" }, 409],
    ["a short password", { ...LI, password: "short" }, 400],
    ["its own name as password", { ...LI, password: "li.na-2026" }, 400],
    ["a name that turns the line around", { ...LI, displayName: "李\u202E" }, 400],
    ["a field nobody asked for", { ...LI, isDemo: true }, 400],
    ["an unknown role", { ...LI, role: "root" }, 400],
    ["an area that is not there", { ...LI, scope: "north" }, 400],
    ["an area with a line break", { ...LI, scope: "ea\nst" }, 400],
  ])("%s is refused in words", async (_name, account, status) => {
    const answer = await make(account);
    expect(answer.statusCode).toBe(status);
    expect(answer.json().detail).toMatch(/expected|exists|Unrecognized key/);
  });

  test("the last administrator stays one, whoever asks", async () => {
    for (const change of [{ isDisabled: true }, { role: "operator" }]) {
      const answer = await patch("admin", change);
      expect(answer.statusCode).toBe(409);
      expect(answer.json().detail).toContain("last administrator");
    }
    expect((await patch("nobody", { isDisabled: true })).statusCode).toBe(404);
    expect((await patch("operator", {})).statusCode).toBe(400);
  });

  test("a disabled person gets no call handed over, and is offered for none", async () => {
    await patch("supervisor", { isDisabled: true });
    const { items } = (await api.as("operator", "GET", "/api/v1/operators")).json();
    expect(items.map((one: { username: string }) => one.username)).toEqual(["operator"]);
    const to = await api.as("operator", "POST", `/api/v1/incidents/${INCIDENT}/transfer`, {
      payload: { to: "supervisor" },
    });
    expect(to.statusCode).toBe(400);
  });
});

describe("what belongs to a session ends with it", () => {
  const WAYS = {
    "signing out": () => api.as("operator", "DELETE", "/api/v1/sessions/current"),
    "a new password": () =>
      api.as("admin", "POST", "/api/v1/accounts/operator/password", {
        payload: { password: PASSWORD },
      }),
    "a new role": () => patch("operator", { role: "technician" }),
    "another area": () => patch("operator", { scope: "west" }),
    disabling: () => patch("operator", { isDisabled: true }),
    "disabling on the command line": async () => {
      const accounts = openAccounts(join(api.dir, "accounts.db"));
      await accounts.change(Username.parse("operator"), { isDisabled: true }, null);
      accounts.close();
    },
  };

  test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
    "%s ends view, stream and token within a second",
    async (way) => {
      const base = await api.listen();
      const token = await api.signIn("operator");
      const headers = { authorization: `Bearer ${token}` };
      const offer = { headers: { "content-type": "application/sdp" }, payload: "v=0\r\n" };
      await api.as("operator", "POST", `/api/v1/incidents/${INCIDENT}/whep`, offer);
      const { signInId } = api.views[0]!;
      api.viewing.add(signInId);
      const stream = await fetch(`${base}/api/v1/events`, { headers });
      const ended = readToEnd(stream);
      const startedAt = performance.now();
      await WAYS[way]();
      await waitFor(() => expect(api.endedViews).toEqual([signInId]), {
        timeout: PROMISED_MS.viewEnded,
      });
      await ended;
      expect(performance.now() - startedAt).toBeLessThan(PROMISED_MS.viewEnded);
      const after = await fetch(`${base}/api/v1/sessions/current`, { headers });
      expect(after.status).toBe(401);
    },
  );

  test("its time ends it, without anybody asking", async () => {
    const accounts = openAccounts(join(api.dir, "accounts.db"));
    const token = await accounts.openSession(Username.parse("operator"), Date.now() + 1200);
    const session = await accounts.session(token);
    accounts.close();
    api.viewing.add(session!.id);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(api.endedViews).toEqual([]);
    await waitFor(() => expect(api.endedViews).toEqual([session!.id]), { timeout: 2000 });
  });

  test("the end of one person's session ends no other person's", async () => {
    await api.signIn("operator");
    const supervisor = await api.as("supervisor", "POST", `/api/v1/incidents/${INCIDENT}/whep`, {
      headers: { "content-type": "application/sdp" },
      payload: "v=0\r\n",
    });
    expect(supervisor.statusCode).toBe(201);
    api.viewing.add(api.views[0]!.signInId);
    await patch("operator", { isDisabled: true });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(api.endedViews).toEqual([]);
  });
});

async function readToEnd(stream: Response): Promise<void> {
  const reader = stream.body!.getReader();
  while (!(await reader.read()).done);
}

describe("the audit is told", () => {
  test("who signed in and out, from where", async () => {
    await api.as("operator", "DELETE", "/api/v1/sessions/current");
    expect(api.facts).toMatchObject([
      { type: "session-opened", username: "operator", from: "127.0.0.1" },
      { type: "session-closed", username: "operator", from: "127.0.0.1" },
    ]);
  });

  test("who read an incident: once for minutes, however often the desk asks", async () => {
    for (let n = 0; n < 5; n++) {
      await api.as("operator", "GET", `/api/v1/incidents/${INCIDENT}`);
      await api.as("operator", "GET", `/api/v1/incidents/${INCIDENT}/timeline`);
    }
    await api.as("supervisor", "GET", `/api/v1/incidents/${INCIDENT}`);
    const reads = api.facts.filter(({ type }) => type === "records-read");
    expect(reads).toMatchObject([
      { what: "incident", of: INCIDENT, by: "operator", from: "127.0.0.1" },
      { what: "incident", of: INCIDENT, by: "supervisor" },
    ]);
  });

  test("who read the audit, and only supervisors and administrators can", async () => {
    expect((await api.as("operator", "GET", "/api/v1/audit")).statusCode).toBe(403);
    expect((await api.as("technician", "GET", "/api/v1/audit")).statusCode).toBe(403);
    expect((await api.as("admin", "GET", "/api/v1/audit")).json()).toEqual({
      items: [],
      next: null,
    });
    expect(api.facts.at(-1)).toMatchObject({ type: "records-read", what: "audit", by: "admin" });
  });

  test("whether a recording was played or taken away", async () => {
    await api.as("operator", "GET", `/api/v1/recordings/${RECORDING}/media`);
    await api.as("operator", "GET", `/api/v1/recordings/${RECORDING}/media?download=1`);
    const seen = api.facts.filter(({ type }) => type === "recording-viewed");
    expect(seen).toMatchObject([
      { by: "operator", how: "play", of: INCIDENT },
      { by: "operator", how: "download", of: INCIDENT },
    ]);
  });

  test("wrong sign-ins with name and address; a name nobody has is not kept", async () => {
    await signInAs({ username: "operator", password: "guess" });
    await signInAs({ username: "my-secret-password", password: "guess" });
    expect(api.facts).toMatchObject([
      { type: "sign-in-refused", username: "operator", from: "127.0.0.1", count: 1 },
      { type: "sign-in-refused", username: null, from: "127.0.0.1", count: 1 },
    ]);
  });

  test("a thousand guesses from a thousand addresses cost a bounded number of facts", async () => {
    const { createAuditNotes } = await import("../../../hub/api/audit-notes.ts");
    const facts: { count?: number }[] = [];
    const notes = createAuditNotes({
      hub: { record: async (more) => void facts.push(...(more as object[])) },
      accounts: { find: async () => undefined },
      log: { error: () => {} },
    });
    for (let n = 0; n < 1000; n++) {
      await notes.refusedSignIn("x", `10.0.${n >> 8}.${n & 255}`);
    }
    await notes.close();
    expect(facts).toHaveLength(MAX_REFUSALS + 1);
    expect(facts.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(1000);
    expect(facts.at(-1)).toMatchObject({ username: null, from: null });
  });

  test("one person's reading of everything costs a bounded number of facts", async () => {
    const { createAuditNotes } = await import("../../../hub/api/audit-notes.ts");
    const facts: unknown[] = [];
    const notes = createAuditNotes({
      hub: { record: async (more) => void facts.push(...more) },
      accounts: { find: async () => undefined },
      log: { error: () => {} },
    });
    const request = { ip: "::1", caller: { username: "li", displayName: "Li" } };
    for (let n = 0; n < 500; n++) {
      const id = n.toString(16).padStart(32, "0") as typeof INCIDENT;
      notes.read("incident", id, request as never);
    }
    await notes.close();
    expect(facts).toHaveLength(MAX_READS_PER_PERSON + 1);
    expect(facts.at(-1)).toMatchObject({ what: "incidents", of: null, count: 400 });
  });

  test("an operator reads alarms also while nothing can be written", async () => {
    await api.signIn("operator");
    api.onRecord = () => Promise.reject(new Error("disk full"));
    const answer = await api.as("operator", "GET", `/api/v1/incidents/${INCIDENT}`);
    expect(answer.statusCode).toBe(200);
    const media = await api.as("operator", "GET", `/api/v1/recordings/${RECORDING}/media`);
    expect(media.statusCode).toBe(500);
  });

  test("of an IPv6 address the network", () => {
    expect(network("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(network("2001:db8:1:2::6")).toBe("2001:db8:1:2::/64");
    expect(network("::ffff:10.1.2.3")).toBe("10.1.2.3");
    expect(network("::1")).toBe("::1");
    expect(network("2001:db8::7")).toBe("2001:db8::7");
  });
});
