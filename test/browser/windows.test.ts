/**
 * Eight windows of one browser share one event stream: each shows a new press, and orders still get
 * through.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk } from "../kit/browser/operator-desk.ts";
import { waitFor } from "../kit/run/wait.ts";

const WINDOWS = 8;
const SLOW = { timeout: 180_000 };
const patient = { timeout: 30_000, interval: 200 };

let demo: Demo;
let browser: Browser;
let context: BrowserContext;
let windows: Page[];
/** Streams of programs other than these windows: the demo itself has one. */
let otherStreams: number;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo({ pillars: 3 }), openBrowser()]);
  otherStreams = await openStreams();
  const { page } = await openOperatorDesk(browser, demo.httpUrl);
  context = page.context();
  // Pictures in eight windows are more than two cores can draw, and not what is asked here.
  await context.route("**/whep*", (route) => route.abort());
  windows = [page];
  while (windows.length < WINDOWS) {
    const next = await context.newPage();
    await next.setViewportSize({ width: 1366, height: 768 });
    await next.goto(demo.httpUrl);
    // Each window that is open already takes its part of the machine.
    await next.getByTestId("link-state").waitFor({ timeout: 120_000 });
    windows.push(next);
  }
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const press = (pillar: string) =>
  postJson(`${demo.controlUrl}/pillars/${pillar}/press`, { kind: "voice", holdMs: 200 });

/** How many alarms of this pillar each window shows. */
const shown = (pages: readonly Page[], pillar: string): Promise<number[]> =>
  Promise.all(
    pages.map((page) => page.locator(`[data-testid=queue-row][data-pillar-id=${pillar}]`).count()),
  );

/** The windows that read the stream for all; the reader holds a lock that the browser lists. */
async function readers(): Promise<Page[]> {
  const isReader = await Promise.all(
    windows.map((page) =>
      page.evaluate(async () => {
        const { held = [] } = await navigator.locks.query();
        const reader = held.find(({ name = "" }) => name.startsWith("anzhu-events"))?.clientId;
        // The list names clients by an id only: a lock taken here shows the id of this window.
        const own = await navigator.locks.request(crypto.randomUUID(), async (lock) => {
          const now = await navigator.locks.query();
          return now.held?.find(({ name }) => name === lock?.name)?.clientId;
        });
        return reader !== undefined && reader === own;
      }),
    ),
  );
  return windows.filter((_, index) => isReader[index]);
}

/**
 * The one window that reads for all. While another takes over there may be none or two for a
 * moment.
 */
async function reader(): Promise<Page> {
  return await waitFor(async () => {
    const found = await readers();
    expect(found).toHaveLength(1);
    return found[0] as Page;
  }, patient);
}

const openStreams = async (): Promise<number> => {
  const answer = await fetch(`${demo.httpUrl}/metrics`);
  const [, count] = /^anzhu_event_streams\S* (\d+)$/m.exec(await answer.text()) ?? [];
  return Number(count);
};

test(
  "every one of eight windows shows a new press, and an order of the last one is answered",
  SLOW,
  async () => {
    await press("demo-001");
    await expect.poll(() => shown(windows, "demo-001"), patient).toEqual(windows.map(() => 1));
    await expect.poll(openStreams, patient).toBe(otherStreams + 1);
    const last = windows.at(-1) as Page;
    // A browser that holds six connections to a host for streams would never send it.
    const status = await last.evaluate(async () => {
      const answer = await fetch("/api/v1/incidents?state=active", {
        signal: AbortSignal.timeout(60_000),
      });
      return answer.status;
    });
    expect(status).toBe(200);
  },
);

test(
  "when the window that reads for all is closed, another takes over and nothing is missed",
  SLOW,
  async () => {
    const first = await reader();
    windows = windows.filter((page) => page !== first);
    await first.close();
    await press("demo-002");
    await expect.poll(() => shown(windows, "demo-002"), patient).toEqual(windows.map(() => 1));
    await expect.poll(openStreams, patient).toBe(otherStreams + 1);
  },
);

test(
  "a window that reads for all and stops running loses that task, and catches up when it runs again",
  SLOW,
  async () => {
    const frozen = await reader();
    const others = windows.filter((page) => page !== frozen);
    const devtools = await context.newCDPSession(frozen);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await press("demo-003");
    await expect.poll(() => shown(others, "demo-003"), patient).toEqual(others.map(() => 1));
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await expect.poll(() => shown(windows, "demo-003"), patient).toEqual(windows.map(() => 1));
  },
);
