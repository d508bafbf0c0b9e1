import { HubFaultCode } from "../../shared/api/hub.ts";
import { describe, expect, test } from "vitest";
import { en } from "../../hub/console/i18n/en.ts";
import { zhCN } from "../../hub/console/i18n/zh-CN.ts";
import { Disposition, IncidentState } from "../../shared/api/incident.ts";
import { Presence } from "../../shared/api/pillar.ts";
import { ProblemCode } from "../../shared/api/problem.ts";
import { ServiceScope } from "../../shared/api/service.ts";
import { Role } from "../../shared/api/session.ts";
import { AlarmKind } from "../../shared/protocol/alarm.ts";
import { FaultCode } from "../../shared/protocol/heartbeat.ts";

type Tree = { readonly [key: string]: string | Tree };

function flat(tree: Tree, path = ""): [key: string, words: string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[path + key, value]] : flat(value, `${path}${key}.`),
  );
}
const chinese = flat(zhCN);
const english = new Map(flat(en));
const blanks = (words: string): string[] => (words.match(/\{\w+\}/g) ?? []).toSorted();

describe("the console's words", () => {
  test("both languages have the same keys", () => {
    expect(chinese.map(([key]) => key).toSorted()).toEqual([...english.keys()].toSorted());
    expect(chinese.length).toBeGreaterThan(200);
  });

  test("both languages fill in the same values", () => {
    const differing = chinese.filter(
      ([key, words]) => blanks(english.get(key) ?? "").join() !== blanks(words).join(),
    );
    expect(differing).toEqual([]);
  });

  test("no word is missing, and none holds a sign that the translator reads as a command", () => {
    const all = [...chinese, ...english];
    expect(all.filter(([, words]) => words.trim() === "" || /[|@]/.test(words))).toEqual([]);
  });

  test("Chinese is Chinese: no English word but names of keys and programs", () => {
    const allowed = /\{\w+\}|\b(?:F\d|Esc|Ctrl|Enter|MB|anzhu-hub enrol)\b/g;
    const mixed = chinese.filter(([, words]) => /[A-Za-z]{2,}/.test(words.replace(allowed, "")));
    expect(mixed).toEqual([]);
  });

  test.each([
    ["fault", FaultCode.options],
    ["notification", ProblemCode.options],
    ["disposition", Disposition.options],
    ["state", IncidentState.options],
    ["kind", AlarmKind.options],
    ["presence", Presence.options],
    ["role", Role.options],
    ["scope", ServiceScope.options.map((scope) => scope.replace(":read", ""))],
    ["hubFault", HubFaultCode.options],
    ["notification", HubFaultCode.options],
  ] as const)("every %s the hub can name has its words", (group, codes) => {
    expect(Object.keys(zhCN[group])).toEqual(expect.arrayContaining([...codes]));
  });
});
