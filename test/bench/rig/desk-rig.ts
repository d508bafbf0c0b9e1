/** The demo with one pillar and an operator's browser, as the call benches need them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../../kit/programs/demo.ts";
import { openOperatorDesk } from "../../kit/browser/operator-desk.ts";
import { wavFile } from "../../../simulator/live/sound/sound.ts";

export interface Moment {
  readonly name: string;
  readonly incidentId: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface DeskRig {
  readonly demo: Demo;
  readonly page: Page;
  /** Presses and answers with the epoch ms of the board's edge. */
  press(): Promise<number>;
  /** The console's own mark of that name that is newer than `after`, when it comes. */
  mark(name: string, after: number): Promise<Moment>;
  hear(signal: { kind: "silence" } | { kind: "tone"; hz: number }): Promise<number>;
  /** What the pillar's speaker played last, and the epoch ms of its end. */
  played(seconds: number): Promise<{ wav: Buffer; endAt: number }>;
  /** Closes the open incident by keyboard and waits until the pillar stands by. */
  close(): Promise<void>;
  stop(): Promise<void>;
}

export async function openDeskRig(microphone: Int16Array): Promise<DeskRig> {
  const directory = mkdtempSync(join(tmpdir(), "anzhu-bench-"));
  const file = join(directory, "operator.wav");
  writeFileSync(file, wavFile(microphone));
  const [demo, browser]: [Demo, Browser] = await Promise.all([
    startDemo(),
    openBrowser({ microphone: file }),
  ]);
  const { page } = await openOperatorDesk(browser, demo.httpUrl);
  const pillar = `${demo.controlUrl}/pillars/demo-001`;
  const lamp = async (): Promise<unknown> =>
    ((await (await fetch(`${pillar}/outputs`)).json()) as { lamp: unknown }).lamp;
  return {
    demo,
    page,
    press: async () => {
      const body = { kind: "voice", holdMs: 100 };
      return ((await postJson(`${pillar}/press`, body)) as { pressedAt: number }).pressedAt;
    },
    mark: (name, after) => waitForMark(page, name, after),
    hear: async (signal) => {
      const before = Date.now();
      await fetch(`${pillar}/microphone`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(signal),
      });
      return (before + Date.now()) / 2;
    },
    played: async (seconds) => {
      const before = Date.now();
      const response = await fetch(`${pillar}/speaker.wav?seconds=${seconds}`);
      const endAt = (before + Date.now()) / 2;
      return { wav: Buffer.from(await response.arrayBuffer()), endAt };
    },
    close: async () => {
      await page.getByTestId("disposition-test").click();
      await page.getByTestId("close").click();
      while ((await lamp()) !== "standby") await page.waitForTimeout(20);
    },
    stop: async () => {
      await browser.close();
      await demo.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function waitForMark(page: Page, name: string, after: number): Promise<Moment> {
  const found = await page.waitForFunction(
    ([wanted, since]) =>
      performance
        .getEntriesByName(wanted, "mark")
        .map((entry) => (entry as PerformanceMark).detail as { at: number; incidentId: string })
        .find(({ at }) => at >= since),
    [name, after] as const,
    { polling: 10, timeout: 20_000 },
  );
  const detail = (await found.jsonValue()) as { at: number; incidentId: string };
  return { name, ...detail };
}
