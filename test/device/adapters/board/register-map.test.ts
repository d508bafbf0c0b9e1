/** The register map in the documents is the same as the agent's own table. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  DEBOUNCE_MS,
  INPUT_BITS,
  INPUT_BLOCK,
  LAMP_VALUES,
  MAGIC,
  OUTPUT_BLOCK,
} from "../../../../device/adapters/board/register-map.ts";

const page = readFileSync(new URL("../../../../docs/register-map.md", import.meta.url), "utf8");

function table(heading: string): Record<string, number> {
  const section = page.slice(page.indexOf(heading)).split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| (\d+) \| `([A-Za-z-]+)` \|/gm)];
  return Object.fromEntries(rows.map(([, address, name]) => [name, Number(address)]));
}

test("the input registers stand in the page as in the agent", () => {
  const { start, length, ...registers } = INPUT_BLOCK;
  expect(table("## Input registers")).toEqual(registers);
  expect([start, length]).toEqual([0, Object.keys(registers).length]);
});

test("the contacts stand in the page as in the agent", () => {
  expect(table("## Discrete inputs")).toEqual(INPUT_BITS);
});

test("outputs and lamp patterns stand in the page as in the agent", () => {
  const { lamp, siren, watchdogSeconds } = OUTPUT_BLOCK;
  expect(table("## Holding registers")).toEqual({ lamp, siren, watchdogSeconds, ...LAMP_VALUES });
});

test("mark and debouncing time stand in the page", () => {
  expect(page).toContain(`0x${MAGIC.toString(16).toUpperCase()}`);
  expect(page).toContain(`closed for ${DEBOUNCE_MS} ms`);
});
