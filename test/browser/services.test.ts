/** An administrator makes a service at the console, is shown its token once, and revokes it. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings } from "../kit/browser/axe.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";
import { startDemo, type Demo } from "../kit/programs/demo.ts";

let demo: Demo;
let browser: Browser;
let admin: OperatorDesk;
beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  admin = await openOperatorDesk(browser, demo.httpUrl, "admin");
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

test("a service is made, reads with its token, and is revoked at the second press", async () => {
  const { page, complaints } = admin;
  await page.goto(`${demo.httpUrl}/people`);
  await page.getByTestId("service-add").click();
  await page.getByTestId("service-name").fill("dashboard");
  await page.getByRole("checkbox", { name: "查阅报警柱" }).check();
  expect(await findings(page)).toEqual([]);
  await page.getByTestId("service-confirm").click();
  const token = await page.getByTestId("service-token").inputValue();
  expect(token).toMatch(/^anzhu_/);
  expect(await findings(page)).toEqual([]);
  const status = async (): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${demo.httpUrl}/api/v1/pillars`, { headers })).status;
  };
  expect(await status()).toBe(200);
  await page.keyboard.press("Escape");
  const row = page.locator("[data-service=dashboard]");
  await row.getByText("查阅报警柱").waitFor();
  await page.getByText("anzhu_").waitFor({ state: "hidden" });
  const revoke = row.getByTestId("service-revoke");
  await revoke.click();
  expect(await status()).toBe(200);
  if (process.env["ANZHU_PICTURES"]) {
    await page.screenshot({ path: `${process.env["ANZHU_PICTURES"]}/services.png` });
  }
  await revoke.click();
  await row.waitFor({ state: "detached" });
  expect(await status()).toBe(401);
  expect(complaints).toEqual([]);
}, 60_000);

test.each([
  ["refused", "{ writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"],
  ["missing", "undefined"],
])(
  "where the clipboard is %s, the token is selected and the keys are named",
  { timeout: 60_000 },
  async (name, clipboard) => {
    const { page, complaints } = admin;
    await page.goto(`${demo.httpUrl}/people`);
    await page.getByTestId("service-add").click();
    await page.getByTestId("service-name").fill(name);
    await page.getByRole("checkbox", { name: "查阅报警柱" }).check();
    await page.getByTestId("service-confirm").click();
    const field = page.getByTestId("service-token");
    const token = await field.inputValue();
    expect(token).toMatch(/^anzhu_/);
    await page.evaluate(`Object.defineProperty(navigator, "clipboard", { value: ${clipboard} })`);
    await page.getByTestId("service-copy").click();
    expect(await page.getByRole("alert").innerText()).toContain("Ctrl+C");
    const selected = await field.evaluate((element: HTMLInputElement) => ({
      text: element.value.slice(element.selectionStart ?? 0, element.selectionEnd ?? 0),
      isFocused: element.ownerDocument.activeElement === element,
    }));
    expect(selected).toEqual({ text: token, isFocused: true });
    expect(await findings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  },
);
