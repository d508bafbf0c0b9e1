/** The console below a path of another web server, and how many bytes its first page needs. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD } from "../../simulator/demo/demo-hub.ts";
import { buildConsole } from "../../tools/setup/console-build.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { freePort } from "../kit/programs/free-ports.ts";

/**
 * Bytes that a slow line must carry before somebody can sign in; docs/measurements.md has the
 * figure.
 */
const MOST_TO_SIGN_IN = 200_000;

let street: Street;
let browser: Browser;
let page: Page;
const paths = new Set<string>();
const failed: string[] = [];

beforeAll(async () => {
  await buildConsole();
  const publicUrl = `http://127.0.0.1:${await freePort()}/anzhu`;
  [street, browser] = await Promise.all([openStreet({ http: { publicUrl } }), openBrowser()]);
  const context = await browser.newContext({ permissions: ["microphone"] });
  page = await context.newPage();
  page.on("request", (request) => paths.add(new URL(request.url()).pathname));
  page.on("requestfailed", (request) => {
    // Requests that were aborted because the page was left are no failures.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") failed.push(request.url());
  });
  page.on("response", (answer) => {
    if (answer.status() >= 500 || answer.status() === 404) failed.push(answer.url());
  });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await street?.close();
});

describe("the console under a path", () => {
  test("comes compressed to the page where a person signs in", { timeout: 60_000 }, async () => {
    const client = await page.context().newCDPSession(page);
    await client.send("Network.enable");
    let bytes = 0;
    let files = 0;
    client.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
      files += 1;
    });
    await page.goto(`${street.hub.url}/anzhu/`);
    await page.getByTestId("sign-in").waitFor();
    await page.waitForLoadState("networkidle");
    expect(new URL(page.url()).pathname).toBe("/anzhu/sign-in");
    console.log(`to the sign-in page: ${bytes} bytes in ${files} answers`);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(MOST_TO_SIGN_IN);
  });

  test("lets a person in, and never leaves its path", { timeout: 60_000 }, async () => {
    await page.locator("input[name=username]").fill("operator");
    await page.locator("input[name=password]").fill(PASSWORD);
    await page.locator("form button[type=submit]").click();
    await expect.poll(() => new URL(page.url()).pathname).toBe("/anzhu/desk");
    await expect.poll(() => paths.has("/anzhu/api/v1/events")).toBe(true);
    await page.locator("a.skip").focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).hash).toBe("#main");
    expect(new URL(page.url()).pathname).toBe("/anzhu/desk");
    await page.goto(`${street.hub.url}/anzhu/archive/${"0".repeat(32)}`);
    await page.locator("main").waitFor();
    await page.reload();
    await page.locator("main").waitFor();
    expect(new URL(page.url()).pathname).toContain("/anzhu/archive");
    expect([...paths].filter((path) => !path.startsWith("/anzhu/"))).toEqual([]);
    expect(failed.filter((url) => !url.includes(`/incidents/${"0".repeat(32)}`))).toEqual([]);
  });
});

test(
  "a page whose address the hub does not know says so in the reader's language",
  { timeout: 60_000 },
  async () => {
    const stranger = await (await browser.newContext()).newPage();
    await stranger.route("**/api/v1/sessions", async (route) => {
      // The request of a browser without Sec-Fetch-Site behind a proxy that changes the host name.
      const answer = await fetch(`${street.hub.url}/api/v1/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: "http://desk.example" },
        body: route.request().postData() ?? "",
      });
      await route.fulfill({ status: answer.status, body: await answer.text() });
    });
    await stranger.goto(`${street.hub.url}/anzhu/sign-in`);
    const problem = stranger.getByTestId("sign-in-problem");
    await stranger.locator("input[name=username]").fill("operator");
    await stranger.locator("input[name=password]").fill(PASSWORD);
    await stranger.locator("form button[type=submit]").click();
    // The same answer, in whichever language the reader chooses then.
    for (const [words, name] of [
      ["中心不认识本页的地址", "zh"],
      ["The hub does not know this page's address", "en"],
    ] as const) {
      await expect.poll(() => problem.innerText()).toContain(words);
      expect(await problem.innerText()).toContain(new URL(street.hub.url).origin);
      if (process.env["SHOTS"])
        await stranger.screenshot({ path: `${process.env["SHOTS"]}/${name}.png` });
      await stranger.getByTestId("language").click();
    }
  },
);
