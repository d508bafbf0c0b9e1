/** The text of each fact in the timeline and in the audit, in both languages. */
import { describe, expect, test, vi } from "vitest";
import { describeDetail, describeFact } from "../../hub/console/archive/detail.ts";
import { en } from "../../hub/console/i18n/en.ts";
import type { Text } from "../../hub/console/i18n/index.ts";
import { zhCN } from "../../hub/console/i18n/zh-CN.ts";
import { describeAuditDetail, describeEntry } from "../../hub/console/people/audit.ts";
import { AuditDetail } from "../../shared/api/audit.ts";
import { IncidentDetail } from "../../shared/api/timeline.ts";
import { idOf } from "../kit/console/incidents.ts";

/** The console's modules read the browser's theme when they are loaded. */
vi.hoisted(() => {
  const matchMedia = () => ({ matches: false, addEventListener: () => {} });
  Object.assign(globalThis, { matchMedia, localStorage: { getItem: () => null } });
});

type Detail<K extends AuditDetail["kind"]> = Extract<AuditDetail, { kind: K }>;

/** Fails for a key that the language does not have. */
function textOf(messages: object): Text {
  return (key, values = {}) => {
    const found = key
      .split(".")
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], messages);
    if (typeof found !== "string") throw new Error(`no words for ${key}`);
    return found.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  };
}
const english = textOf(en);
const chinese = textOf(zhCN);

const GAPS = {
  spans: [{ track: "picture", fromMs: 0, toMs: 900 }],
  count: 1,
  missingMs: { picture: 900, citizen: 0, operator: 0, everything: 0 },
} as const;
const END = { recordingId: idOf(2), state: "closed", durationMs: 61_000 } as const;

const END_OF_SERVICE = "2026-12-31T00:00:00.000Z";

const SAID: { readonly [K in AuditDetail["kind"]]: readonly [object, string, string, string] } = {
  alarm: [
    { alarm: "voice", seq: 7, via: "mqtt" },
    "Voice alarm, number 7, over MQTT",
    "语音报警，序号 7，经 MQTT",
    "",
  ],
  typed: [{ text: "help: now" }, "", "", "help: now"],
  "same-number": [
    { seq: 7, earlierEventId: idOf(3) },
    "Number 7 was used before",
    "序号 7 已被使用过",
    "",
  ],
  due: [
    { at: new Date(2026, 10, 23, 20, 5, 9).toISOString(), reason: "unacknowledged" },
    "Until 20:05:09: not seen by anybody",
    "截止 20:05:09：无人确认",
    "",
  ],
  overdue: [{ reason: "owner-lost" }, "its desk is gone", "席位离线", ""],
  escalation: [{ level: "desks" }, "All desks called", "已呼叫全部席位", ""],
  "from-person": [{ name: "李" }, "From", "原处理人", "李"],
  "to-person": [{ name: "王" }, "To", "转交给", "王"],
  receiver: [{ host: "a.example", failure: "HTTP 503" }, "a.example", "a.example", "HTTP 503"],
  revocation: [{ reason: "retired" }, "Pillar taken out of service", "报警柱停用", ""],
  hold: [{ isHeld: true }, "", "", ""],
  priority: [
    { priority: 1, reason: { kind: "rule", rule: "night" } },
    "Urgent (at night)",
    "紧急（夜间报警）",
    "",
  ],
  note: [{ text: "resolved: no" }, "", "", "resolved: no"],
  unit: [{ unit: "Car 3" }, "", "", "Car 3"],
  close: [{ disposition: "false-press", note: "a child" }, "False press", "误按", "a child"],
  recording: [{ recordingId: idOf(2) }, "", "", ""],
  "recording-end": [{ ...END, gaps: GAPS }, "complete, 1:01, gaps: 1", "完整，1:01，缺失 1 处", ""],
  deletion: [
    { reason: "age" },
    "older than this hub keeps recordings",
    zhCN.recording.because.age,
    "",
  ],
  lock: [{ reason: "court 12: 7" }, "", "", "court 12: 7"],
  view: [{ role: "talk" }, "", "", ""],
  account: [{ change: "role", role: "admin", scope: "east" }, "Administrator", "管理员", "east"],
  read: [{ what: "incident" }, "", "", ""],
  viewed: [{ how: "download" }, "", "", ""],
  look: [
    { purpose: "listen", reason: "a shout: twice" },
    "picture and sound",
    "查看画面并收听声音",
    "a shout: twice",
  ],
  command: [{ name: "siren" }, "Siren", "警笛", ""],
  "command-result": [
    { name: "restart-media", outcome: "unanswered", detail: "no answer within 5 s" },
    "Restart media: no answer",
    "重启音视频：无应答",
    "no answer within 5 s",
  ],
  service: [
    { change: "made", scopes: ["incidents:read", "metrics:read"], expiresAt: END_OF_SERVICE },
    "read incidents, read metrics",
    "查阅警情、读取监控指标",
    "",
  ],
  sealed: [{ index: 9, reason: "a password" }, "Entry 9", "第 9 条", "a password"],
};

describe("a detail", () => {
  test.each(Object.entries(SAID))("of kind %s is said in both languages", (kind, row) => {
    const [values, inEnglish, inChinese, quoted] = row;
    const detail = AuditDetail.parse({ kind, ...values });
    expect(describeAuditDetail(detail, english)).toEqual({ phrase: inEnglish, quoted });
    expect(describeAuditDetail(detail, chinese)).toEqual({ phrase: inChinese, quoted });
  });

  test("of a recording without a gap, or of which that is not known, speaks of none", () => {
    for (const gaps of [null, { ...GAPS, spans: [], count: 0 }]) {
      const detail = IncidentDetail.parse({ kind: "recording-end", ...END, gaps });
      expect(describeDetail(detail, english).phrase).toBe("complete, 1:01");
    }
  });
});

const of = <K extends AuditDetail["kind"]>(kind: K): Detail<K> =>
  AuditDetail.parse({ kind, ...SAID[kind][0] }) as Detail<K>;

describe("a fact", () => {
  test.each([
    ["incident-held", of("hold"), "timeline.incident-held"],
    ["incident-held", { ...of("hold"), isHeld: false }, "timeline.resumed"],
    ["incident-answered", null, "timeline.incident-answered"],
    ["incident-answered", of("from-person"), "timeline.takenOver"],
    ["view-opened", of("view"), "timeline.talk-opened"],
    ["view-closed", of("view"), "timeline.talk-closed"],
    ["view-closed", { ...of("view"), role: "watch" }, "timeline.view-closed"],
    ["of-a-newer-hub", null, "timeline.other"],
  ] as const)("%s with %o is %s", (type, detail, key) => {
    expect(describeFact(type, detail)).toBe(key);
    expect(describeEntry({ type, detail })).toBe(key);
  });

  test.each([
    ["account-changed", of("account"), "auditFact.role"],
    ["service-changed", of("service"), "auditFact.made"],
    ["records-read", of("read"), "auditFact.incident"],
    ["recording-viewed", of("viewed"), "auditFact.download"],
    ["command-sent", of("command"), "auditFact.command-sent"],
    ["command-result", of("command-result"), "auditFact.command-result"],
    ["fact-sealed", of("sealed"), "auditFact.fact-sealed"],
    ["pillar-revoked", of("revocation"), "auditFact.pillar-revoked"],
    ["session-opened", null, "auditFact.session-opened"],
  ] as const)("%s of the audit is said by what was done: %o", (type, detail, key) => {
    expect(describeEntry({ type, detail })).toBe(key);
  });
});
