/**
 * A missing picture is shown as missing, and a voice call that becomes a silent one is quiet at
 * once.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Incident } from "../../shared/api/incident.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";

const LISTS = /\/api\/v1\/incidents\?/;
const patient = { timeout: 20_000, interval: 100 };

let demo: Demo;
let browser: Browser;
let desk: OperatorDesk;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  desk = await openOperatorDesk(browser, demo.httpUrl);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const press = (kind: "voice" | "silent") =>
  postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind, holdMs: 200 });

test(
  "a list that could not be read is said in words in both languages, until it was read",
  { timeout: 90_000 },
  async () => {
    const { page } = desk;
    await page.route(LISTS, (route) => route.fulfill({ status: 500, body: "{}" }));
    await page.reload();
    const bar = page.getByTestId("bar-unread-incidents");
    await bar.waitFor();
    expect(await bar.innerText()).toContain("警情列表读取失败");
    await picture(page, "unread-zh");
    await choose(page, { language: "en", theme: "light" });
    await bar.waitFor();
    expect(await bar.innerText()).toContain("The list of alarms could not be read");
    await picture(page, "unread-en-light");
    await page.setViewportSize({ width: 390, height: 800 });
    await picture(page, "unread-en-390");
    await page.setViewportSize({ width: 1366, height: 768 });
    await choose(page, { language: "zh-CN", theme: "dark" });
    await page.unroute(LISTS);
    await bar.waitFor({ state: "detached", timeout: 15_000 });
    expect(await page.getByTestId("bar-unread-pillars").count()).toBe(0);
  },
);

test(
  "a silent press in a voice call makes it a silent one at the desk, and shuts the microphone",
  { timeout: 90_000 },
  async () => {
    const { page } = desk;
    await press("voice");
    await page.getByTestId("queue-row").first().waitFor();
    await page.keyboard.press("F2");
    const muted = () => page.getByTestId("mute").getAttribute("aria-pressed");
    await expect.poll(muted, patient).toBe("false");
    await press("silent");
    await page.getByTestId("call-silent").waitFor();
    expect(await muted()).toBe("true");
    expect(await page.getByTestId("queue-row").first().innerText()).toContain("无声");
    const id = (await page.getByTestId("queue-row").first().getAttribute("data-incident-id")) ?? "";
    const answer = await page.request.get(`${demo.httpUrl}/api/v1/incidents/${id}`);
    expect(Incident.parse(await answer.json())).toMatchObject({ kind: "silent", presses: 2 });
    await picture(page, "silent-zh");
  },
);

/** `ANZHU_PICTURES=dir` saves screenshots there. */
async function picture(page: OperatorDesk["page"], name: string): Promise<void> {
  const dir = process.env["ANZHU_PICTURES"];
  if (dir) await page.screenshot({ path: `${dir}/${name}.png` });
}

/** Stores a person's settings as the console itself does. */
async function choose(page: OperatorDesk["page"], choices: object): Promise<void> {
  await page.evaluate(
    (kept) => localStorage.setItem("anzhu.choices", kept),
    JSON.stringify(choices),
  );
  await page.reload();
}
