/**
 * The dates of the archive are written in the console's language, not the browser's, and can be
 * typed without a mouse.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../kit/browser/chromium.ts";
import { startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk } from "../kit/browser/operator-desk.ts";

let demo: Demo;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  // The browser's language is Chinese in all of these tests; only the console's changes.
  ({ page } = await openOperatorDesk(browser, demo.httpUrl, "supervisor"));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const LANGUAGES = [
  { language: "zh-CN", empty: /^年\/月\/日$/, written: "2026/11/23" },
  { language: "en", empty: /^yyyy-mm-dd$/, written: "2026-11-23" },
] as const;

test.each(LANGUAGES)(
  "in $language a day is asked for, typed, stepped and removed by keyboard alone",
  { timeout: 60_000 },
  async ({ language, empty, written }) => {
    await page.evaluate((chosen) => {
      const before = JSON.parse(localStorage.getItem("anzhu.choices") ?? "{}") as object;
      localStorage.setItem("anzhu.choices", JSON.stringify({ ...before, language: chosen }));
    }, language);
    await page.goto(`${demo.httpUrl}/archive`);
    const field = page.getByTestId("archive-from");
    const shown = async (): Promise<string> => (await field.innerText()).replaceAll(/\s/g, "");
    await expect.poll(shown).toMatch(empty);
    await field.locator("[role=spinbutton]").first().focus();
    await page.keyboard.type("20261123");
    await expect.poll(shown).toBe(written);
    await expect.poll(() => page.url()).toContain("from=2026-11-23");
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => page.url()).toContain("from=2026-11-24");
    for (let n = 0; n < 4; n += 1) await page.keyboard.press("Backspace");
    await expect.poll(() => page.url()).not.toContain("from=");
  },
);
