import { expect, test, vi } from "vitest";
import type { Username } from "../../../shared/ids.ts";
import { createOnce } from "../../../hub/shell/idempotency.ts";

const asked = { by: "wang" as Username, what: "answer 1", key: "k" };
const succeeds = () => vi.fn(() => Promise.resolve({ ok: true }));

test("a request that is repeated under its key is answered with its first outcome", async () => {
  const once = createOnce<{ ok: boolean }>();
  const work = succeeds();
  const first = once(asked, work);
  expect(once({ ...asked }, work)).toBe(first);
  await first;
  expect(once({ ...asked }, work)).toBe(first);
  expect(work).toHaveBeenCalledOnce();
});

test("a key is good for one person and one request, and without one nothing is remembered", () => {
  const once = createOnce<{ ok: boolean }>();
  const work = succeeds();
  const others = [
    asked,
    { ...asked, by: "li" as Username },
    { ...asked, what: "answer 2" },
    { ...asked, by: "wang answer" as Username, what: "1" },
    { ...asked, key: undefined },
    { ...asked, key: undefined },
  ];
  for (const one of others) void once(one, work);
  expect(work).toHaveBeenCalledTimes(others.length);
});
