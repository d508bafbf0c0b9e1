/**
 * Group J8: an ffmpeg that is missing, hangs or dies
 * costs the picture, is seen, and costs no alarm.
 */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 90_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

function script(name: string, text: string): string {
  const path = join(street.dir, `ffmpeg-${name}`);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const SURROUNDINGS: Record<string, () => Record<string, string>> = {
  missing: () => ({ PATH: "/nonexistent", FFMPEG_BIN: "" }),
  "misnamed in FFMPEG_BIN": () => ({ FFMPEG_BIN: "/nonexistent/ffmpeg" }),
  hanging: () => ({ FFMPEG_BIN: script("hanging", "exec sleep 600") }),
  dying: () => ({ FFMPEG_BIN: script("dying", "echo 'No such device' >&2; exit 1") }),
};

test.each(Object.keys(SURROUNDINGS))(
  "J8 ffmpeg %s: the alarm goes through, and the fault is on the API within 15 s",
  { timeout: SLOW },
  async (how) => {
    const pillar = await street.add(how.split(" ")[0]!.toLowerCase(), {
      media: {
        cameras: [{ id: "front", source: { kind: "test" } }],
        size: "640x360",
        microphone: { kind: "test" },
      },
    });
    pillar.start({ env: SURROUNDINGS[how]!() });
    await pillar.untilArmed();
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).faults, {
        timeout: PROMISED_MS.visible,
      })
      .toEqual(expect.arrayContaining(["camera-lost", "microphone-lost"]));
    // When ffmpeg is at fault, a technician who looks at the camera travels in vain.
    const lacksFfmpeg = how.startsWith("mis");
    expect((await street.hub.operator.pillar(pillar.id)).faults.includes("ffmpeg-missing")).toBe(
      lacksFfmpeg,
    );
    await pillar.press();
    await pillar.untilLamp("received");
    expect(await street.verdict()).toEqual([]);
    await street.hub.operator.clear();
    await pillar.close();
  },
);
