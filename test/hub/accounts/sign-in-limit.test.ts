import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFairTurns } from "../../../hub/api/http/fair-turns.ts";
import { createSignInLimit, type SignInTry } from "../../../hub/accounts/sign-in-limit.ts";
import { startTestApi, type TestApi } from "../../kit/hub/api-on-doubles.ts";

describe("how often a wrong password may be tried", () => {
  const from = (address: string, deviceId?: string): SignInTry => ({
    username: "wangfang",
    address,
    deviceId,
  });

  test("one address waits after ten tries, and an IPv6 network counts as one address", () => {
    const limit = createSignInLimit(() => 0);
    for (let n = 0; n < 10; n += 1) limit.begin(from(`2001:db8::${n}`));
    expect(limit.waitSeconds(from("2001:db8::ffff"))).toBe(30);
    expect(limit.waitSeconds(from("2001:db9::1"))).toBe(0);
  });

  test("from a thousand addresses one account is tried thirty times, then once a minute", () => {
    let now = 0;
    const limit = createSignInLimit(() => now);
    const tryAll = (): number => {
      let tried = 0;
      for (let n = 0; n < 1000; n += 1) {
        const one = from(`198.51.${n >> 8}.${n & 255}`);
        if (limit.waitSeconds(one) > 0) continue;
        limit.begin(one);
        tried += 1;
      }
      return tried;
    };
    expect(tryAll()).toBe(30);
    now += 60_000;
    expect(tryAll()).toBe(1);
    for (let n = 0; n < 20_000; n += 1) {
      limit.begin({ username: `invented-${n}`, address: "203.0.113.1", deviceId: undefined });
    }
    expect(tryAll()).toBe(0);
  });

  test("strangers shut out neither a device nor an address that has signed in before", () => {
    const limit = createSignInLimit(() => 0);
    limit.right(from("192.0.2.7"));
    for (let n = 0; n < 500; n += 1) limit.begin(from(`198.51.100.${n % 256}`));
    for (let n = 0; n < 500; n += 1) limit.begin(from("192.0.2.8"));
    expect(limit.waitSeconds(from("192.0.2.9"))).toBeGreaterThan(0);
    expect(limit.waitSeconds(from("192.0.2.7"))).toBe(0);
    expect(limit.waitSeconds(from("192.0.2.8", "a device"))).toBe(0);
  });
});

describe("turns", () => {
  test("a sender with many waits behind his own, and others come in between", async () => {
    const turns = createFairTurns({ atOnce: 1, most: 64, mostOfOne: 8 });
    const order: string[] = [];
    const work = async (sender: string): Promise<void> => {
      const turn = await turns.take(sender);
      if (!turn.ok) return void order.push(`${sender} refused`);
      await Promise.resolve();
      order.push(sender);
      turn.done();
    };
    const all = Array.from({ length: 118 }, () => work("hostile"));
    await Promise.all([...all, work("operator")]);
    expect(order.filter((one) => one === "hostile refused")).toHaveLength(118 - 9);
    const served = order.filter((one) => !one.endsWith("refused"));
    expect(served.indexOf("operator")).toBeLessThanOrEqual(2);
    expect(served).toHaveLength(10);
  });

  test("when all together are too many, the sender with most gives one up for a newcomer", async () => {
    const turns = createFairTurns({ atOnce: 1, most: 16, mostOfOne: 8 });
    const first = await turns.take("a");
    const refused: string[] = [];
    const wait = (sender: string): void =>
      void turns.take(sender).then((turn) => turn.ok || refused.push(sender));
    for (let n = 0; n < 8; n += 1) ["a", "b"].forEach(wait);
    wait("operator");
    await Promise.resolve();
    await Promise.resolve();
    expect(refused).toHaveLength(1);
    expect(refused).not.toContain("operator");
    if (first.ok) first.done();
  });
});

describe("at the interface", () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await startTestApi();
  });
  afterEach(() => api.close());

  const signIn = (payload: object, more: object = {}) =>
    api.app.inject({ method: "POST", url: "/api/v1/sessions", payload, ...more });

  test("118 sign-ins with invented names at once do not keep an operator elsewhere from the desk", async () => {
    const flood = Array.from({ length: 118 }, (_, n) =>
      signIn({ username: `invented-${n}`, password: "guess" }, { remoteAddress: "198.51.100.1" }),
    );
    const startedAt = performance.now();
    const operator = await signIn(
      { username: "operator", password: "demo" },
      { remoteAddress: "192.0.2.1" },
    );
    const took = performance.now() - startedAt;
    const answers = await Promise.all(flood);
    const whole = performance.now() - startedAt;
    expect(operator.statusCode).toBe(201);
    expect(took).toBeLessThanOrEqual(whole);
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(refused.length).toBeGreaterThan(80);
    for (const { headers } of refused) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  });

  test("a device that has signed in before gets in at an address that has used up its tries", async () => {
    const right = { username: "operator", password: "demo" };
    const first = await signIn(right, { remoteAddress: "192.0.2.1" });
    const device = first.cookies.find(({ name }) => name.endsWith("anzhu-device"));
    expect(device).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    const remoteAddress = "198.51.100.1";
    const wrong = { username: "operator", password: "guess" };
    for (let n = 0; n < 12; n += 1) await signIn(wrong, { remoteAddress });
    const shut = await signIn(right, { remoteAddress });
    expect(shut.statusCode).toBe(429);
    expect(Number(shut.headers["retry-after"])).toBeGreaterThan(0);
    const cookies = { [device!.name]: device!.value };
    expect((await signIn(right, { remoteAddress, cookies })).statusCode).toBe(201);
    const other = { username: "supervisor", password: "guess" };
    for (let n = 0; n < 12; n += 1) await signIn(other, { remoteAddress, cookies });
    const borrowed = await signIn({ ...other, password: "demo" }, { remoteAddress, cookies });
    expect(borrowed.statusCode).toBe(429);
  });

  test("a device's cookie is no key: with a wrong password it opens nothing, and it waits by itself", async () => {
    const right = { username: "operator", password: "demo" };
    const device = (await signIn(right)).cookies.find(({ name }) => name.endsWith("anzhu-device"));
    const cookies = { [device!.name]: device!.value };
    const wrong = { username: "operator", password: "guess" };
    for (let n = 0; n < 10; n += 1) {
      expect((await signIn(wrong, { cookies })).statusCode).toBe(401);
    }
    expect((await signIn(wrong, { cookies })).statusCode).toBe(429);
  });
});
