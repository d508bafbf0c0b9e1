/** A technician on the fleet page starts a self-test and sees it pass, and is not shown calls. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk } from "../kit/browser/operator-desk.ts";

let demo: Demo;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  ({ page } = await openOperatorDesk(browser, demo.httpUrl, "technician"));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const row = () => page.locator("[data-testid=tests] > ul > li");
const setFault = (fault: string, on: boolean) =>
  postJson(`${demo.controlUrl}/pillars/demo-001/faults`, { fault, on });

test(
  "a self-test is followed from the command to the receipt, and passes",
  { timeout: 60_000 },
  async () => {
    await page.getByTestId("self-test").first().click();
    await expect.poll(() => row().first().getAttribute("data-result")).toBe("passed");
    await expect.poll(() => row().first().locator("ol > li.done").count()).toBe(3);
    expect(await row().first().innerText()).toMatch(/\d+ 毫秒/);
  },
);

test("a call from the same pillar is not shown to a technician", { timeout: 60_000 }, async () => {
  await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
  const lamp = async (): Promise<unknown> =>
    (
      (await (await fetch(`${demo.controlUrl}/pillars/demo-001/outputs`)).json()) as {
        lamp: string;
      }
    ).lamp;
  await expect.poll(lamp).toBe("received");
  // The self-test comes after the call on the stream: when it is shown, the call would be shown as
  // well.
  await page.getByTestId("self-test").first().click();
  await expect.poll(() => row().count()).toBe(2);
  await expect.poll(() => row().first().getAttribute("data-result")).toBe("passed");
  expect(await page.getByTestId("queue-row").count()).toBe(0);
});

test(
  "a self-test of a pillar that cannot answer has failed, and says why",
  { timeout: 60_000 },
  async () => {
    await setFault("power-off", true);
    await page.getByTestId("self-test").first().click();
    await expect.poll(() => row().first().getAttribute("data-result")).toBe("failed");
    expect(await row().first().innerText()).toContain("no answer within");
    await setFault("power-off", false);
  },
);
