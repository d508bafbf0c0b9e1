/**
 * The desk under an operator's hands: nothing typed is lost, sent half or written to another
 * caller's incident; no button moves; a call is answered from every page.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, CDPSession, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../kit/browser/chromium.ts";
import { openOperatorDesk } from "../kit/browser/operator-desk.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";

const patient = { timeout: 30_000, interval: 100 };

let demo: Demo;
let browser: Browser;
let page: Page;
let inputMethod: CDPSession;
let incidentId: string;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo({ pillars: 3 }), openBrowser()]);
  ({ page } = await openOperatorDesk(browser, demo.httpUrl));
  await page.setViewportSize({ width: 1366, height: 768 });
  inputMethod = await page.context().newCDPSession(page);
  await press("demo-001");
  await page.keyboard.press("F2");
  await page.getByTestId("hang-up").waitFor();
  incidentId = (await panel().getAttribute("data-incident-id")) ?? "";
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const panel = (): Locator => page.getByTestId("call-panel");
const note = (): Locator => page.getByTestId("note");

async function press(pillar: string): Promise<void> {
  await postJson(`${demo.controlUrl}/pillars/${pillar}/press`, { kind: "voice", holdMs: 200 });
  await page.locator(`[data-testid=queue-row][data-pillar-id=${pillar}]`).waitFor();
}

interface Entry {
  readonly type: string;
  readonly [detail: string]: unknown;
}

/** What the hub has of the first incident, of these types. */
async function told(...types: readonly string[]): Promise<Entry[]> {
  const answer = await page.request.get(`${demo.httpUrl}/api/v1/incidents/${incidentId}/timeline`);
  const { items } = (await answer.json()) as { items: Entry[] };
  return items.filter(({ type }) => types.includes(type));
}

const focused = (): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? "");

test("words that wait in a field outlive a reload of the page", async () => {
  await page.keyboard.press("n");
  await page.keyboard.type("a man with a knife");
  await page.keyboard.press("F8");
  await page.keyboard.type("car 3");
  await page.reload();
  await page.getByTestId("hang-up").waitFor();
  await expect.poll(() => note().inputValue(), patient).toBe("a man with a knife");
  expect(await page.getByTestId("unit").inputValue()).toBe("car 3");
});

test("Ctrl+Enter in a note keeps the note, and the incident stays open", async () => {
  await note().focus();
  await page.keyboard.press("Control+Enter");
  await expect.poll(() => note().inputValue(), patient).toBe("");
  expect(await told("incident-noted", "incident-closed")).toMatchObject([
    { type: "incident-noted" },
  ]);
});

test("the Enter that ends a composed word does not send the sentence", async () => {
  const composition = { text: "nihao", selectionStart: 5, selectionEnd: 5 };
  await inputMethod.send("Input.imeSetComposition", composition);
  // An input method keeps the key to itself: nothing is inserted for it.
  const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 };
  for (const type of ["rawKeyDown", "keyUp"] as const) {
    await inputMethod.send("Input.dispatchKeyEvent", { type, ...enter });
  }
  await inputMethod.send("Input.insertText", { text: "你好" });
  await page.keyboard.type(", he says");
  expect(await note().inputValue()).toBe("你好, he says");
  await page.keyboard.press("Enter");
  await expect.poll(() => note().inputValue(), patient).toBe("");
  expect(await told("incident-noted")).toHaveLength(2);
});

test("Esc leaves a field, so that letters are keys again", async () => {
  await page.keyboard.type("he is");
  await page.keyboard.press("Escape");
  expect(await focused()).not.toBe("note");
  await page.keyboard.press("n");
  await expect.poll(focused, patient).toBe("note");
  expect(await note().inputValue()).toBe("he is");
});

test("P changes how urgent the incident is, with a reason that stands in its history", async () => {
  await page.keyboard.press("Escape");
  await page.keyboard.press("p");
  await page.getByTestId("grade-dialog").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Tab");
  await page.keyboard.type("known here");
  await page.keyboard.press("Enter");
  await page.getByTestId("grade-dialog").waitFor({ state: "detached" });
  const [graded] = await told("incident-regraded");
  expect(graded).toMatchObject({
    detail: { kind: "priority", reason: { kind: "person", reason: "known here" } },
  });
  await page.keyboard.press("n");
  expect(await note().inputValue()).toBe("he is");
});

test("closing sends the note and the unit that were not sent, and what is typed next goes nowhere", async () => {
  await press("demo-002");
  // The note is still on its way when the incident is closed.
  await page.route("**/note", async (route) => {
    await delay(1000);
    await route.continue();
  });
  await note().press("Enter");
  await page.keyboard.press("Control+F9");
  await page.keyboard.press("2");
  await page.getByTestId("disposition-dispatched").locator("input:checked").waitFor();
  await page.keyboard.press("Control+Enter");
  await expect.poll(async () => await told("incident-closed"), patient).toHaveLength(1);
  expect(await told("incident-noted", "unit-dispatched", "incident-closed")).toMatchObject([
    {},
    {},
    { type: "incident-noted" },
    { type: "unit-dispatched" },
    { type: "incident-closed" },
  ]);
  await expect.poll(() => panel().getAttribute("data-incident-id"), patient).not.toBe(incidentId);
  await page.keyboard.type("no more of this");
  expect(await note().inputValue()).toBe("");
});

test("answering the next caller while a note is written takes the cursor out of the note", async () => {
  await page.keyboard.press("F2");
  await page.getByTestId("hang-up").waitFor();
  await press("demo-001");
  await note().focus();
  await page.keyboard.type("about the second");
  const second = await panel().getAttribute("data-incident-id");
  await page.keyboard.press("F2");
  // Within the pause after it a letter is no key; the release of Space still shuts the microphone.
  const taken = await page.evaluate(async () => {
    const isMoved = () => document.activeElement?.getAttribute("data-testid") === "call-panel";
    while (!isMoved()) await new Promise(requestAnimationFrame);
    const isTaken = (type: string, key: string): boolean =>
      !dispatchEvent(new KeyboardEvent(type, { key, cancelable: true }));
    return [isTaken("keydown", "n"), isTaken("keyup", " "), isMoved()];
  });
  expect(taken).toEqual([true, false, true]);
  expect(await panel().getAttribute("data-incident-id")).not.toBe(second);
  expect(await note().inputValue()).toBe("");
  await page.locator(`[data-testid=queue-row][data-incident-id="${second}"] .open`).click();
  await expect.poll(() => note().inputValue(), patient).toBe("about the second");
});

const FRAME = ["call-controls", "meter-own", "note", "close", "disposition-test"] as const;

/** Where what an operator presses stands, and whether it is seen without scrolling. */
async function frame(): Promise<unknown> {
  const boxes = FRAME.map(async (id) => {
    const box = await page.getByTestId(id).first().boundingBox();
    return [id, box?.x, box?.y, box?.height, (box?.y ?? 0) + (box?.height ?? 0) <= 768];
  });
  return await Promise.all(boxes);
}

test("no button of a call moves when notices come and go, and all are seen at 1366 by 768", async () => {
  const resting = await frame();
  expect(JSON.stringify(resting)).not.toContain("false");
  const states: readonly [string, () => Promise<void>][] = [
    ["muted", () => page.keyboard.press("F9")],
    ["held", () => page.keyboard.press("F4").then(() => page.getByTestId("call-held").waitFor())],
    [
      "talking again",
      () => page.keyboard.press("F4").then(() => page.getByTestId("hang-up").waitFor()),
    ],
    ["others wait", () => press("demo-003")],
    [
      "hung up",
      () => page.keyboard.press("Control+F9").then(() => page.getByTestId("resume").waitFor()),
    ],
    [
      "cut off from the hub",
      async () => {
        await page.context().setOffline(true);
        await page.getByTestId("bar-link").waitFor();
      },
    ],
  ];
  for (const [state, reach] of states) {
    await reach();
    expect([state, await frame()]).toEqual([state, resting]);
  }
  await page.context().setOffline(false);
  await page.getByTestId("bar-link").waitFor({ state: "detached" });
});

test("what is mine stands above all who wait, and 0 leads back to it", async () => {
  const top = async (id: string): Promise<number> =>
    (await page.getByTestId(id).boundingBox())?.y ?? Number.NaN;
  expect(await top("queue-mine")).toBeLessThan(await top("queue-waiting"));
  const own = await panel().getAttribute("data-incident-id");
  await page.locator("[data-testid=queue-waiting] .open").first().click();
  await expect.poll(() => panel().getAttribute("data-incident-id"), patient).not.toBe(own);
  await page.keyboard.press("0");
  const mine = page.locator("[data-testid=queue-mine] [data-testid=queue-row]");
  const ids = await mine.evaluateAll((rows) =>
    rows.map((row) => row.getAttribute("data-incident-id")),
  );
  expect(ids).toContain(await panel().getAttribute("data-incident-id"));
});

test("F2 answers from the archive, where a strip says who waits, and shows the desk", async () => {
  await page.getByTestId("nav-archive").click();
  const strip = page.getByTestId("ring-strip");
  await strip.waitFor();
  const id = await strip.getAttribute("data-incident-id");
  await page.keyboard.press("F2");
  await page.getByTestId("hang-up").waitFor();
  expect(await panel().getAttribute("data-incident-id")).toBe(id);
});
