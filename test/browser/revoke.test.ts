/**
 * An administrator revokes an identity on the fleet page: the questions, the messages, and the page
 * afterwards.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings } from "../kit/browser/axe.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";

let demo: Demo;
let browser: Browser;
let desk: OperatorDesk;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  desk = await openOperatorDesk(browser, demo.httpUrl, "admin");
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

test("nobody but an administrator is offered it", async () => {
  const { page } = await openOperatorDesk(browser, demo.httpUrl, "supervisor");
  await page.goto(`${demo.httpUrl}/fleet`);
  await page.getByTestId("identify").waitFor();
  expect(await page.getByTestId("revoke").count()).toBe(0);
  await page.context().close();
});

test("it says what will happen, asks why, and the row says what was done", async () => {
  const { page, complaints } = desk;
  await page.goto(`${demo.httpUrl}/fleet`);
  expect(await page.getByTestId("certificate").innerText()).toMatch(/有效至 \d{4}-\d\d-\d\d/);
  await page.getByTestId("revoke").click();
  const dialog = page.getByTestId("revoke-dialog");
  expect(await dialog.locator("li").count()).toBe(5);
  expect(await dialog.innerText()).toContain("110");
  await page.getByTestId("revoke-confirm").click();
  await dialog.getByRole("alert").waitFor();
  expect(await page.getByTestId("revoke").count()).toBe(1);
  expect(await findings(page)).toEqual([]);
  await page.getByTestId("revocation-key-compromised").click();
  await dialog.locator("textarea").fill("钥匙箱丢失");
  await page.getByTestId("revoke-confirm").click();
  await dialog.waitFor({ state: "detached" });
  const cell = page.getByTestId("certificate");
  await expect.poll(() => cell.innerText()).toContain("身份已吊销");
  expect(await cell.innerText()).toContain("管理员");
  expect(await page.getByTestId("identify").count()).toBe(0);
  expect(await findings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});
