/**
 * Nothing stale is shown as live: when a desk loses its hub, a bar says so and every page turns
 * grey.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { below, commandOf } from "../fault/harness/programs/process.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk } from "../kit/browser/operator-desk.ts";

const SLOW = 120_000;
/** Every degraded state must be on a screen within this time. */
const VISIBLE = { timeout: PROMISED_MS.visible };
const PAGES = [
  { nav: "nav-desk", regions: ["queue-row", "call-panel", "place-panel"] },
  { nav: "nav-fleet", regions: ["fleet-table"] },
  { nav: "nav-archive", regions: ["archive-list"] },
] as const;

const DESK = [PAGES[0].nav, PAGES[0].regions] as const;

let demo: Demo;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo({ pillars: 2 }), openBrowser()]);
  ({ page } = await openOperatorDesk(browser, demo.httpUrl, "supervisor"));
  await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
  await page.getByTestId("queue-row").waitFor();
}, SLOW);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});
/** The processes of the hub: stopped together they behave like a machine that stands still. */
const hub = (): number[] =>
  below(demo.process.pid!).filter((pid) => /hub\/(?:media\/)?main\.ts/.test(commandOf(pid)));
const signal = (name: NodeJS.Signals): void => hub().forEach((pid) => process.kill(pid, name));
afterEach(() => signal("SIGCONT"));

async function look(at: Page, nav: string, regions: readonly string[]): Promise<void> {
  await at.getByTestId(nav).click();
  for (const region of regions) await at.getByTestId(region).first().waitFor();
}

const isGrey = (at: Page, region: string): Promise<boolean> =>
  at
    .getByTestId(region)
    .first()
    .evaluate((element) => {
      const stale = element.closest(".stale");
      return stale !== null && getComputedStyle(stale).filter.includes("grayscale");
    });
const isTold = (at: Page): Promise<boolean> => at.getByTestId("bar-link").isVisible();
const expectTold = (at: Page): Promise<void> => expect.poll(() => isTold(at), VISIBLE).toBe(true);
const expectLive = (at: Page): Promise<void> => expect.poll(() => isTold(at), VISIBLE).toBe(false);

test.each(PAGES)(
  "a hub that stands still is told at $nav, and what the page shows is grey",
  { timeout: SLOW },
  async ({ nav, regions }) => {
    await look(page, nav, regions);
    signal("SIGSTOP");
    await expectTold(page);
    for (const region of regions) {
      expect([region, await isGrey(page, region)]).toEqual([region, true]);
    }
    signal("SIGCONT");
    await expectLive(page);
    for (const region of regions) {
      expect([region, await isGrey(page, region)]).toEqual([region, false]);
    }
  },
);

test(
  "a picture that has stopped is marked, and never shown as live",
  { timeout: SLOW },
  async () => {
    await look(page, ...DESK);
    const picture = page.getByTestId("video-main");
    await expect.poll(() => picture.getAttribute("data-state"), VISIBLE).toBe("live");
    signal("SIGSTOP");
    await expect.poll(() => picture.getAttribute("data-state"), VISIBLE).toBe("frozen");
    signal("SIGCONT");
    await expect.poll(() => picture.getAttribute("data-state"), { timeout: 30_000 }).toBe("live");
  },
);

test(
  "a laptop that slept while the hub went away says so when it wakes",
  { timeout: SLOW },
  async () => {
    const laptop = await page.context().newCDPSession(page);
    await laptop.send("Page.setWebLifecycleState", { state: "frozen" });
    signal("SIGSTOP");
    await laptop.send("Page.setWebLifecycleState", { state: "active" });
    await expectTold(page);
    signal("SIGCONT");
    await expectLive(page);
  },
);

test("a network that is gone is told, and its return too", { timeout: SLOW }, async () => {
  await page.context().setOffline(true);
  await expectTold(page);
  await page.context().setOffline(false);
  await expectLive(page);
});

test(
  "a stream that was cut without a word is replaced in time, and a press of that time is on the screen",
  { timeout: SLOW },
  async () => {
    const router = await forgetfulRouter(Number(new URL(demo.httpUrl).port));
    try {
      const { page: far } = await openOperatorDesk(browser, router.url, "supervisor");
      await expect
        .poll(() => far.getByTestId("link-state").getAttribute("data-state"))
        .toBe("live");
      const rows = far.getByTestId("queue-row");
      const before = await rows.count();
      router.forgetStreams();
      await postJson(`${demo.controlUrl}/pillars/demo-002/press`, { kind: "voice", holdMs: 200 });
      await expect.poll(() => rows.count(), VISIBLE).toBe(before + 1);
      await expectLive(far);
      await far.context().close();
    } finally {
      await router.close();
    }
  },
);

test("a hub that is killed is told, and every page is grey", { timeout: SLOW }, async () => {
  await look(page, ...DESK);
  // The demo is stopped as well, because it would start the hub again at once.
  process.kill(demo.process.pid!, "SIGSTOP");
  try {
    signal("SIGKILL");
    await expectTold(page);
    for (const region of PAGES[0].regions)
      expect([region, await isGrey(page, region)]).toEqual([region, true]);
  } finally {
    process.kill(demo.process.pid!, "SIGCONT");
  }
});

/**
 * A proxy to the hub that can drop the event streams and nothing else, like a router that forgets
 * idle connections.
 */
async function forgetfulRouter(
  port: number,
): Promise<{ url: string; forgetStreams(): void; close(): Promise<void> }> {
  const streams = new Set<Socket>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect({ port, host: "127.0.0.1" });
    for (const one of [near, far]) {
      sockets.add(one);
      one.on("error", () => undefined);
    }
    near.on("data", (bytes) => {
      if (bytes.includes("GET /api/v1/events")) streams.add(far);
      far.write(bytes);
    });
    far.on("data", (bytes) => near.write(bytes));
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forgetStreams: () => {
      for (const far of streams) far.pause();
      streams.clear();
    },
    close: async () => {
      sockets.forEach((one) => one.destroy());
      server.close();
      await once(server, "close");
    },
  };
}
