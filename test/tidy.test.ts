import { describe, expect, test } from "vitest";
import { allImports } from "./tidy/imports.ts";
import { violations } from "./tidy/rules.ts";
import { readTree } from "./tidy/tree.ts";

const tree = readTree();

describe("the house is tidy", () => {
  test("the rules looked at the real tree", () => {
    for (const part of ["device/", "hub/", "hub/console/", "shared/", "simulator/", "test/"]) {
      expect([...tree.keys()].filter((path) => path.startsWith(part)).length).toBeGreaterThan(5);
    }
    expect(allImports(tree).length).toBeGreaterThan(100);
  });

  test("no rule is broken", () => {
    expect(violations(tree)).toEqual([]);
  });
});

describe("a planted violation is found", () => {
  const planted = (path: string, text: string): string[] =>
    violations(new Map([...tree, [path, text]]))
      .filter((violation) => violation.path === path)
      .map(({ rule }) => rule);

  test.each([
    ["the device imports the hub", "device/main.ts", `import "../hub/main.ts";`, "direction"],
    ["the hub imports the device", "hub/main.ts", `import "../device/main.ts";`, "direction"],
    ["the console imports the hub", "hub/console/main.ts", `import "../main.ts";`, "direction"],
    ["a core imports its shell", "hub/core/hub.ts", `import "../shell.ts";`, "direction"],
    [
      "a core imports a type of its program's ports",
      "device/core/ledger/outbox.ts",
      `import type { MediaPort } from "../../ports.ts";`,
      "direction",
    ],
    ["a core imports the platform", "device/core/call/call.ts", `import "node:fs";`, "direction"],
    ["shared imports the platform", "shared/ids.ts", `import "node:fs";`, "direction"],
    ["a core uses a file", "hub/core/hub.ts", `import "../../shared/host/sqlite.ts";`, "direction"],
    [
      "a page uses a file",
      "hub/console/main.ts",
      `import "../../shared/host/sqlite.ts";`,
      "direction",
    ],
    ["a message uses a file", "shared/ids.ts", `import "./host/sqlite.ts";`, "direction"],
    ["WebRTC uses a file", "shared/webrtc/werift.ts", `import "node:fs";`, "direction"],
    ["WebRTC imports a package", "shared/webrtc/werift.ts", `import "mqtt";`, "direction"],
    ["a name holds a control character", "hub/main.ts", `const name = "to-\u0001-hub";`, "control"],
    ["shared imports a package", "shared/ids.ts", `import x from "kysely";`, "direction"],
    [
      "production imports the simulator",
      "hub/main.ts",
      `import("../simulator/main.ts")`,
      "direction",
    ],
    ["a file grows past 400 lines", "hub/main.ts", "\n".repeat(402), "size"],
    ["a file is named for nothing", "hub/api/utils.ts", "", "name"],
    ["a file name is in another case", "hub/api/serverThing.ts", "", "name"],
    ["a role is compared", "hub/main.ts", `if (by.role !== "admin") refuse();`, "words"],
    [
      "a test waits for a second",
      "test/hub/late.test.ts",
      "await vi.waitFor(() => expect(rings).toBe(1));",
      "words",
    ],
    [
      "a module registers hooks for whoever loads it first",
      "test/kit/run/closing.ts",
      "afterAll(() => close());",
      "words",
    ],
    ["an error is swallowed", "hub/main.ts", "try { x(); } catch {}", "words"],
    ["a claim is made that nobody tested", "README.md", "It is compliant.", "words"],
    [
      "two files import each other's types",
      "hub/core/decision.ts",
      `import type { HubEvent } from "./hub.ts";`,
      "circle",
    ],
    ["a file lies loose beside the program", "hub/loose.ts", "export const x = 1;", "room"],
    ["nobody imports a file", "shared/forgotten.ts", "export const x = 1;", "dead"],
    ["README names a file that is gone", "README.md", "1. `hub/gone.ts` rings", "press"],
    ["a page promises what nothing checks", "docs/promises.md", "# Nothing\n", "promise"],
    [
      "a promise is checked by a script that is gone",
      "docs/promises.zh-CN.md",
      "# 承诺与检验\n| 承诺 | 检验 |\n|---|---|\n| 不漏 | [a](../test/gone.test.ts); `npm run gone` |\n",
      "promise",
    ],
  ])("%s", (_what, path, text, rule) => {
    expect(planted(path, text)).toContain(rule);
  });
});
