/**
 * People look through the camera of a pillar from which nobody calls: a technician without sound, an
 * operator with it and a reason. The lamp says so, a press ends it, and the audit names them.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings } from "../kit/browser/axe.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";
import { loudestInPage } from "../kit/browser/remote-sound.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { waitFor } from "../kit/run/wait.ts";

const HZ = 700;
const REASON = "邻居反映有异响";
const patient = { timeout: 20_000, interval: 100 };
const long = { timeout: 120_000 };

let demo: Demo;
let browser: Browser;
let technician: OperatorDesk;
let operator: OperatorDesk;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo({ pillars: 2 }), openBrowser()]);
  await postJson(`${demo.controlUrl}/pillars/demo-001/microphone`, { kind: "tone", hz: HZ });
  technician = await openOperatorDesk(browser, demo.httpUrl, "technician");
  operator = await openOperatorDesk(browser, demo.httpUrl);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

test(
  "a technician checks the picture: it moves, without sound, and the lamp says so",
  long,
  async () => {
    const { page } = technician;
    await openPanel(page);
    expect(await page.getByTestId("look-listen").count()).toBe(0);
    await page.getByTestId("look-check").click();
    await expect.poll(lamp, patient).toBe("watched");
    await expectMovingPicture(page);
    expect(await page.getByTestId("look-left").innerText()).toMatch(/^剩余 0[12]:\d\d$/);
    expect(await page.getByTestId("look-lamp").innerText()).toContain("指示灯正在显示有人查看");
    expect((await loudestInPage(page)).hz).toBe(0);
    expect(await page.locator("audio").count()).toBe(0);
    expect(await findings(page)).toEqual([]);
  },
);

test("a picture that stops is not shown as live", long, async () => {
  const { page } = technician;
  await fault("camera-off", true);
  const view = page.getByTestId("look-panel").locator("figure");
  await expect.poll(() => view.getAttribute("data-state"), patient).toBe("frozen");
  await fault("camera-off", false);
  await expect.poll(() => view.getAttribute("data-state"), patient).toBe("live");
});

test("stopping is told to the pillar, and the keyboard goes on from there", long, async () => {
  const { page } = technician;
  await page.getByTestId("look-stop").press("Enter");
  await expect.poll(() => why(page), patient).toBe("stopped");
  await expect.poll(lamp, patient).toBe("standby");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
  expect(await page.getByTestId("look-check").isEnabled()).toBe(true);
});

test("whoever leaves the page, goes to another pillar or reloads looks no more", long, async () => {
  const { page } = technician;
  const ways = [
    () => page.locator("[data-pillar-id=demo-002]").getByTestId("look").click(),
    () => page.getByTestId("look-close").click(),
    () => page.reload(),
  ];
  for (const leave of ways) {
    await openPanel(page);
    await page.getByTestId("look-check").click();
    await expect.poll(lamp, patient).toBe("watched");
    await leave();
    await expect.poll(lamp, patient).toBe("standby");
  }
});

test("an operator is asked why, then hears and sees", long, async () => {
  const { page } = operator;
  await openPanel(page);
  await page.getByTestId("look-listen").click();
  await page.getByTestId("listen-confirm").click();
  await page.getByRole("alert").waitFor();
  expect(await findings(page)).toEqual([]);
  await picture(page, "dialog-zh-dark-1920");
  await page.getByTestId("listen-reason").fill(REASON);
  await page.getByTestId("listen-confirm").click();
  await expect.poll(lamp, patient).toBe("watched");
  await expectMovingPicture(page);
  await waitFor(async () => {
    const { hz, db } = await loudestInPage(page);
    expect(Math.abs(hz - HZ)).toBeLessThan(15);
    expect(db).toBeGreaterThan(-60);
  }, patient);
  const audio = page.locator("audio");
  expect(await audio.evaluate((one: HTMLAudioElement) => [one.paused, one.muted])).toEqual([
    false,
    false,
  ]);
  expect(await page.getByTestId("look-left").innerText()).toMatch(/^剩余 (?:09:\d\d|10:00)$/);
  await picture(page, "listen-zh-dark-1920");
});

test("whoever checks meanwhile still hears nothing", long, async () => {
  const { page } = technician;
  await openPanel(page);
  await page.getByTestId("look-check").click();
  await expectMovingPicture(page);
  expect((await loudestInPage(page)).hz).toBe(0);
  expect((await loudestInPage(operator.page)).hz).toBeGreaterThan(0);
});

test("a press ends it, the lamp goes to the call, and the page leads there", long, async () => {
  const { page } = operator;
  await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
  await expect.poll(lamp, patient).toBe("received");
  await expect.poll(() => why(page), patient).toBe("called");
  // A technician is not told of calls: the connection is over.
  await expect.poll(() => why(technician.page), patient).toBe("lost");
  expect(await page.getByTestId("look-check").isDisabled()).toBe(true);
  expect(await page.getByTestId("look-over").innerText()).toContain("请先处理警情");
  expect(await findings(page)).toEqual([]);
  await picture(page, "called-zh-dark-1920");
  await picture(technician.page, "lost-zh-dark-1920");
  await page.getByTestId("look-to-call").click();
  await page.waitForURL(/\/desk$/);
  await page.keyboard.press("F2");
  await expect.poll(lamp, patient).toBe("answered");
});

test(
  "who may not know of the call is told in the server's words that it goes first",
  long,
  async () => {
    const { page } = technician;
    await openPanel(page);
    await page.getByTestId("look-check").click();
    await expect.poll(() => why(page), patient).toBe("refused");
    expect(await page.getByTestId("look-over").innerText()).toContain("现在不能查看该柱");
    expect(await page.getByTestId("look-over").innerText()).toContain("somebody calls");
    await picture(page, "refused-zh-dark-1920");
  },
);

test("a pillar that is not there cannot be looked at, in words", long, async () => {
  const { page } = technician;
  await fault("power-off", true, "demo-002");
  await openPanel(page, "demo-002");
  await expect
    .poll(() => page.getByTestId("look-check").isDisabled(), { timeout: 60_000 })
    .toBe(true);
  expect(await page.getByTestId("look-why-not").innerText()).toContain("不在线");
  await picture(page, "offline-zh-dark-1920");
  await fault("power-off", false, "demo-002");
});

test("the audit names who looked, for what and why", long, async () => {
  const { page } = await openOperatorDesk(browser, demo.httpUrl, "supervisor");
  await page.getByTestId("nav-audit").click();
  const list = page.getByTestId("audit-list");
  await list.getByText(REASON).first().waitFor();
  const line = list.locator("li", { hasText: REASON }).first();
  expect(await line.innerText()).toContain("查看画面并收听声音");
  expect(await line.innerText()).toContain("demo-001");
  expect(await list.innerText()).toContain("检查画面，不收声音");
  await page.context().close();
});

test("signing out ends it", long, async () => {
  const { page } = technician;
  await closeCall();
  await openPanel(page);
  await page.getByTestId("look-check").click();
  await expect.poll(lamp, patient).toBe("watched");
  await page.getByTestId("person-menu").click();
  await page.getByTestId("sign-out").click();
  await page.waitForURL(/sign-in/);
  await expect.poll(lamp, patient).toBe("standby");
});

test("the browser reported no error but the refusal", () => {
  expect(technician.complaints.filter((said) => !said.includes("409"))).toEqual([]);
  expect(operator.complaints).toEqual([]);
});

const DIRECTORY = process.env["ANZHU_PICTURES"];

/** `ANZHU_PICTURES=dir` saves screenshots there. */
async function picture(page: Page, name: string): Promise<void> {
  if (DIRECTORY) await page.screenshot({ path: `${DIRECTORY}/look-${name}.png` });
}

const APPEARANCES = [
  ["zh-CN", "dark", 1366],
  ["en", "light", 1366],
  ["zh-CN", "light", 1920],
  ["en", "dark", 1920],
  ["zh-CN", "dark", 390],
  ["en", "light", 390],
] as const;

test.skipIf(!DIRECTORY)("pictures in both languages, themes and all widths", long, async () => {
  const { page } = await openOperatorDesk(browser, demo.httpUrl, "supervisor");
  for (const [language, theme, width] of APPEARANCES) {
    const name = `${language}-${theme}-${width}`;
    await page.setViewportSize({
      width,
      height: width === 390 ? 844 : Math.round((width * 9) / 16),
    });
    await page.evaluate(
      (kept) => localStorage.setItem("anzhu.choices", kept),
      JSON.stringify({ language, theme }),
    );
    await openPanel(page);
    await picture(page, `idle-${name}`);
    expect(await findings(page)).toEqual([]);
    await page.getByTestId("look-check").click();
    await expectMovingPicture(page);
    await picture(page, `live-${name}`);
    expect(await findings(page)).toEqual([]);
    await page.getByTestId("look-stop").click();
    await page.getByTestId("look-over").waitFor();
    await picture(page, `over-${name}`);
    await page.getByTestId("look-listen").click();
    await picture(page, `ask-${name}`);
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press("Escape");
  }
  await page.context().close();
});

async function openPanel(page: Page, pillar = "demo-001"): Promise<void> {
  await page.goto(`${demo.httpUrl}/fleet`);
  await page.locator(`[data-pillar-id=${pillar}]`).getByTestId("look").click();
  await page.getByTestId("look-panel").waitFor();
}

async function expectMovingPicture(page: Page): Promise<void> {
  const panel = page.getByTestId("look-panel");
  const frames = () =>
    panel
      .locator("video")
      .evaluate((video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames);
  await expect.poll(() => panel.locator("figure").getAttribute("data-state"), patient).toBe("live");
  const before = await frames();
  await expect.poll(frames, patient).toBeGreaterThan(before + 10);
}

async function lamp(): Promise<unknown> {
  const response = await fetch(`${demo.controlUrl}/pillars/demo-001/outputs`);
  return ((await response.json()) as { lamp: unknown }).lamp;
}

const why = (page: Page) => page.getByTestId("look-over").getAttribute("data-why");

const fault = (name: string, on: boolean, pillar = "demo-001") =>
  postJson(`${demo.controlUrl}/pillars/${pillar}/faults`, { fault: name, on });

async function closeCall(): Promise<void> {
  const { page } = operator;
  await page.getByTestId("disposition-resolved").click();
  await page.getByTestId("close").click();
  await expect.poll(lamp, patient).toBe("standby");
}
