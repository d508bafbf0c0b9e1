import { expect, test } from "vitest";
import { newTurns } from "../../../../../hub/console/desk/call/connection/turn.ts";

function gate() {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

test("at most so many run at once, and all run in the order they came", async () => {
  const turns = newTurns(2);
  const started: number[] = [];
  const gates = [0, 1, 2, 3].map(gate);
  const work = gates.map(async ({ passed }, n) =>
    turns.take(async () => {
      started.push(n);
      await passed;
    }),
  );
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  gates[1]?.open();
  await work[1];
  await Promise.resolve();
  expect(started).toEqual([0, 1, 2]);
  for (const { open } of gates) open();
  await Promise.all(work);
  expect(started).toEqual([0, 1, 2, 3]);
});

test("work that fails gives its place to the next", async () => {
  const turns = newTurns(1);
  const failing = turns.take(() => Promise.reject(new Error("no picture")));
  const next = turns.take(() => Promise.resolve("a picture"));
  await expect(failing).rejects.toThrow("no picture");
  expect(await next).toBe("a picture");
  expect(await turns.take(() => Promise.resolve("another"))).toBe("another");
});
