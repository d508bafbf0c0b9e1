import { describe, expect, test } from "vitest";
import {
  deskAction,
  isOfInputMethod,
  KEY_LIST,
  type KeyStroke,
} from "../../hub/console/desk/keys.ts";
import { Disposition } from "../../shared/api/incident.ts";
import { zhCN } from "../../hub/console/i18n/zh-CN.ts";

const stroke = (key: string, change: Partial<KeyStroke> = {}): KeyStroke => ({
  key,
  type: "keydown",
  isRepeat: false,
  isComposing: false,
  ctrl: false,
  alt: false,
  meta: false,
  place: "page",
  ...change,
});
const name = (key: string, change: Partial<KeyStroke> = {}): string | undefined =>
  deskAction(stroke(key, change))?.name;

describe("the desk's keys", () => {
  test("Esc leaves a field and is no command, so it never hangs up", () => {
    for (const ctrl of [false, true]) expect(name("Escape", { ctrl })).toBeUndefined();
    expect(name("Escape", { place: "control" })).toBeUndefined();
    for (const place of ["note", "field", "results"] as const) {
      expect(name("Escape", { place })).toBe("leave-field");
    }
  });

  test("a call can be answered, held and muted while a note is written", () => {
    expect(["F2", "F4", "F9", "F8"].map((key) => name(key, { place: "note" }))).toEqual([
      "answer",
      "hold",
      "mute",
      "dispatch",
    ]);
  });

  test("letters and digits are text while somebody types", () => {
    for (const key of ["a", "n", "1", "/", "?", " "]) {
      for (const place of ["note", "field"] as const) expect(name(key, { place })).toBeUndefined();
    }
  });

  test("nothing acts while an input method composes, not even a function key", () => {
    for (const key of ["F2", "Enter", "1", " "]) {
      expect(name(key, { isComposing: true, ctrl: key === "Enter" })).toBeUndefined();
    }
  });

  test("an input method's keys are known in each browser", () => {
    expect(isOfInputMethod({ isComposing: true, keyCode: 13 })).toBe(true);
    // Safari at the Enter that ends a composition.
    expect(isOfInputMethod({ isComposing: false, keyCode: 229 })).toBe(true);
    expect(isOfInputMethod({ isComposing: false, keyCode: 13 })).toBe(false);
  });

  test("a key held down answers once", () => {
    expect(name("F2", { isRepeat: true })).toBeUndefined();
  });

  test("the browser's own keys stay the browser's", () => {
    for (const key of ["F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12"]) {
      expect(name(key)).toBeUndefined();
    }
    for (const key of ["w", "t", "n", "F4"]) expect(name(key, { ctrl: true })).toBeUndefined();
  });

  test("digits pick rows", () => {
    expect(deskAction(stroke("1"))).toEqual({ name: "pick-row", row: 0 });
    expect(deskAction(stroke("9"))).toEqual({ name: "pick-row", row: 8 });
    expect(deskAction(stroke("0"))).toEqual({ name: "pick-own" });
  });

  test("in the closing form digits choose the result, and letters stay keys", () => {
    const place = "results";
    expect(deskAction(stroke("2", { place }))).toEqual({
      name: "pick-result",
      result: Disposition.options[1],
    });
    expect(name("9", { place })).toBeUndefined();
    expect(name("n", { place })).toBe("note");
  });

  test("Ctrl+Enter keeps a note and closes from anywhere else; Ctrl+F9 hangs up", () => {
    expect(name("Enter", { ctrl: true, place: "note" })).toBe("keep-note");
    for (const place of ["page", "field", "results"] as const) {
      expect(name("Enter", { ctrl: true, place })).toBe("close");
    }
    expect(name("F9", { ctrl: true })).toBe("hang-up");
  });
});

describe("push to talk", () => {
  test("Space speaks while it is down", () => {
    expect(deskAction(stroke(" "))).toEqual({ name: "talk", isDown: true });
    expect(deskAction(stroke(" ", { type: "keyup" }))).toEqual({ name: "talk", isDown: false });
  });

  test("Space on a button presses the button", () => {
    for (const place of ["control", "results"] as const) {
      expect(name(" ", { place })).toBeUndefined();
    }
  });

  test("releasing always shuts the microphone, wherever the focus went meanwhile", () => {
    const up = stroke(" ", { type: "keyup", place: "field" });
    expect(deskAction(up)).toEqual({ name: "talk", isDown: false });
  });
});

test("every key of the list has its words", () => {
  for (const { text } of KEY_LIST) {
    expect(zhCN.keys).toHaveProperty(text.replace("keys.", ""));
  }
});
