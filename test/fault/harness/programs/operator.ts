/** An operator without a screen: signs in once, orders over the hub's public interface. */
import type { Incident, Recording } from "../../../../shared/api/incident.ts";
import type { Pillar } from "../../../../shared/api/pillar.ts";

export interface OperatorClient {
  request(path: string, init?: RequestInit & { readonly as?: string }): Promise<Response>;
  get<T>(path: string, as?: string): Promise<T>;
  /** Throws when the hub refuses. */
  order(incidentId: string, name: string, body?: unknown): Promise<void>;
  /** Incidents that are not closed. */
  active(): Promise<readonly Incident[]>;
  incident(id: string): Promise<Incident>;
  pillar(id: string): Promise<Pillar>;
  recordings(incidentId: string): Promise<readonly Recording[]>;
  /** Answers and closes whatever is open. */
  clear(): Promise<void>;
}

export function newOperatorClient(url: string, password: string): OperatorClient {
  const tokens = new Map<string, string>();
  const token = async (username: string): Promise<string> => {
    const known = tokens.get(username);
    if (known !== undefined) return known;
    const answer = await fetch(`${url}/api/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    const session = (await answer.json()) as { token: string };
    tokens.set(username, session.token);
    return session.token;
  };
  const request: OperatorClient["request"] = async (path, { as = "operator", ...init } = {}) => {
    const ask = async (): Promise<Response> => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${await token(as)}`);
      return fetch(`${url}/api/v1${path}`, { ...init, headers });
    };
    const answer = await ask();
    if (answer.status !== 401) return answer;
    // The session is over: by its time, or by a clock that leapt.
    tokens.delete(as);
    return ask();
  };
  const get = async <T>(path: string, as?: string): Promise<T> => {
    const answer = await request(path, as === undefined ? {} : { as });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const order: OperatorClient["order"] = async (incidentId, name, body = {}) => {
    const answer = await request(`/incidents/${incidentId}/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  };
  const active: OperatorClient["active"] = async () =>
    (await get<{ items: Incident[] }>("/incidents?state=active&limit=200")).items;
  return {
    request,
    get,
    order,
    active,
    incident: (id) => get<Incident>(`/incidents/${id}`),
    pillar: (id) => get<Pillar>(`/pillars/${id}`),
    recordings: async (id) =>
      (await get<{ items: Recording[] }>(`/incidents/${id}/recordings`)).items,
    clear: async () => {
      for (const { id, state } of await active()) {
        if (state !== "answered") await order(id, "answer");
        await order(id, "close", { disposition: "test", note: "" });
      }
    },
  };
}
