/**
 * Every page in both themes and both languages: axe finds nothing serious, and the browser reports
 * no error.
 *
 * WCAG 2.0, 2.1 and 2.2, levels A and AA, as far as a program can check them.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findings } from "../kit/browser/axe.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";

const LOOKS = [
  { language: "zh-CN", theme: "dark", width: 1920, height: 1080 },
  { language: "zh-CN", theme: "light", width: 1366, height: 768 },
  { language: "en", theme: "dark", width: 1366, height: 768 },
  { language: "en", theme: "light", width: 1920, height: 1080 },
] as const;

let demo: Demo;
let browser: Browser;
let desk: OperatorDesk;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  desk = await openOperatorDesk(browser, demo.httpUrl, "supervisor");
  await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
  await desk.page.getByTestId("queue-row").waitFor();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

describe.each(LOOKS)("in $language, $theme, at $width x $height", (look) => {
  test.each([
    ["the desk while an alarm rings", "/desk", "call-panel"],
    ["the archive", "/archive", "archive-list"],
    ["the fleet", "/fleet", "fleet-table"],
  ])("%s has no serious finding", async (_page, path, testId) => {
    await dress(desk.page, look);
    await desk.page.goto(demo.httpUrl + path);
    await desk.page.getByTestId(testId).waitFor();
    expect(await desk.page.locator("html").getAttribute("lang")).toBe(look.language);
    expect(await findings(desk.page)).toEqual([]);
    expect(await desk.page.evaluate(() => document.body.scrollWidth <= innerWidth)).toBe(true);
  });
});

test("the page for signing in has no serious finding", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(demo.httpUrl);
  await page.getByTestId("sign-in").waitFor();
  expect(await findings(page)).toEqual([]);
});

test("the content security policy was never broken", () => {
  expect(desk.complaints).toEqual([]);
});

async function dress(page: Page, look: (typeof LOOKS)[number]): Promise<void> {
  await page.setViewportSize({ width: look.width, height: look.height });
  await page.evaluate(({ language, theme }) => {
    const chosen = JSON.parse(localStorage.getItem("anzhu.choices") ?? "{}") as object;
    localStorage.setItem("anzhu.choices", JSON.stringify({ ...chosen, language, theme }));
  }, look);
}
