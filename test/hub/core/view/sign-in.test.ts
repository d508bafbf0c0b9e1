/** When the end of a sign-in session is noticed. */
import { expect, test } from "vitest";
import { isSignInOver, noSignInsSeen, signInsToLookUp } from "../../../../hub/core/view/sign-in.ts";

const look = (ids: readonly string[], version: string, at = 0) => ({
  ...{ inUse: new Set(ids), version, at },
});

test("a session is looked up at first, when its time is over, and whenever the accounts have changed", () => {
  const seen = noSignInsSeen();
  expect(signInsToLookUp(seen, look(["a", "b"], "1"))).toEqual(["a", "b"]);
  expect(isSignInOver(seen, "a", { expiresAt: 100 })).toBe(false);
  expect(isSignInOver(seen, "b", { expiresAt: 200 })).toBe(false);
  seen.version = "1";
  expect(signInsToLookUp(seen, look(["a", "b"], "1", 99))).toEqual([]);
  expect(signInsToLookUp(seen, look(["a", "b", "c"], "1", 100))).toEqual(["a", "c"]);
  expect(signInsToLookUp(seen, look(["a", "b"], "2", 99))).toEqual(["a", "b"]);
});

test("one that is not found is over; one that is in use no more is forgotten", () => {
  const seen = noSignInsSeen();
  expect(isSignInOver(seen, "a", undefined)).toBe(true);
  isSignInOver(seen, "b", { expiresAt: 100 });
  seen.version = "1";
  signInsToLookUp(seen, look([], "1"));
  expect(seen.expiresAtById.size).toBe(0);
});
