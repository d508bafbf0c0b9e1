/**
 * What a person sees in the demo's terminal: one screen at the start, then one line per happening.
 */
import type { ServerEvent } from "../../shared/api/event.ts";
import type { Incident } from "../../shared/api/incident.ts";
import type { Place } from "./places.ts";

export type Language = "zh" | "en";

export function languageOf(env: NodeJS.ProcessEnv): Language {
  return (env["LC_ALL"] ?? env["LANG"] ?? "").startsWith("zh") ? "zh" : "en";
}

const WORDS = {
  zh: {
    ready: "安柱演示已就绪",
    console: "接警台",
    accounts: "账号",
    password: "密码都是 demo",
    control: "模拟器接口",
    data: "数据目录",
    keys: "按键",
    press: "按下该柱的报警按钮",
    silent: "先按 s 再按数字：无声报警",
    quit: "退出",
    pressed: "按下报警按钮",
    pressedSilent: "按下无声按钮",
    noKeys: "没有终端：用模拟器接口按按钮",
    open: "报警，正在呼叫",
    acknowledged: "已看到",
    answered: "已接听",
    closed: "已结束",
    voice: "语音",
    other: "无声",
    online: "在线",
    late: "迟到",
    lost: "失联",
    "out-of-service": "停用",
  },
  en: {
    ready: "Anzhu demo is ready",
    console: "Console",
    accounts: "Accounts",
    password: "password: demo",
    control: "Simulator",
    data: "Data",
    keys: "Keys",
    press: "press the button of that pillar",
    silent: "s, then a digit: silent alarm",
    quit: "quit",
    pressed: "button pressed",
    pressedSilent: "silent button pressed",
    noKeys: "no terminal: press by the simulator's interface",
    open: "alarm, ringing",
    acknowledged: "seen",
    answered: "answered",
    closed: "closed",
    voice: "voice",
    other: "silent",
    online: "online",
    late: "late",
    lost: "lost",
    "out-of-service": "out of service",
  },
} as const;

export interface DemoFacts {
  readonly language: Language;
  readonly httpPort: number;
  readonly controlPort: number;
  readonly dataDir: string;
  readonly accounts: readonly string[];
  readonly places: readonly Place[];
  readonly hasKeys: boolean;
}

export function openingScreen(opening: DemoFacts): string {
  const words = WORDS[opening.language];
  const control = `http://127.0.0.1:${opening.controlPort}`;
  const keys = opening.places.slice(0, 9).map((place, i) => `  ${i + 1}  ${place.name}`);
  const [first] = opening.places;
  const curl =
    `curl -X POST -H 'content-type: application/json' ` +
    `-d '{"kind":"voice"}' ${control}/pillars/${first?.id}/press`;
  return [
    "",
    `  ${words.ready}`,
    "",
    `  ${words.console}  http://localhost:${opening.httpPort}`,
    `  ${words.accounts}  ${opening.accounts.join("  ")}   (${words.password})`,
    `  ${words.control}  ${control}`,
    `  ${words.data}  ${opening.dataDir}`,
    "",
    ...(opening.hasKeys
      ? [
          `  ${words.keys}  1-${keys.length} ${words.press} · ${words.silent} · q ${words.quit}`,
          ...keys.map((line) => `  ${line}`),
        ]
      : [`  ${words.noKeys}`, `  ${curl}`]),
    "",
  ].join("\n");
}

/** Turns events into lines; the same state of an incident or a pillar is said once. */
export function newEventLines(language: Language): (event: ServerEvent) => string | undefined {
  const words = WORDS[language];
  const said = new Map<string, string>();
  const isNew = (key: string, value: string): boolean => {
    if (said.get(key) === value) return false;
    said.set(key, value);
    return true;
  };
  return (event) => {
    if (event.type === "incident") {
      const { incident } = event;
      return isNew(incident.id, `${incident.state} ${incident.presses}`)
        ? incidentLine(words, incident)
        : undefined;
    }
    if (event.type !== "pillar") return undefined;
    const { id, name, presence } = event.pillar;
    const before = said.get(id);
    const isTold = isNew(id, presence) && !(before === undefined && presence === "online");
    return isTold ? `${name}  ${words[presence]}` : undefined;
  };
}

function incidentLine(words: (typeof WORDS)[Language], incident: Incident): string {
  const kind = incident.kind === "voice" ? words.voice : words.other;
  const by = incident.ownerName === null ? "" : `  ${incident.ownerName}`;
  const times = incident.presses > 1 ? ` ×${incident.presses}` : "";
  const end = incident.disposition === null ? "" : ` (${incident.disposition})`;
  return `${incident.pillarName}  ${kind}  ${words[incident.state]}${times}${by}${end}`;
}

export function pressLine(language: Language, name: string, isSilent: boolean): string {
  const words = WORDS[language];
  return `${name}  ${isSilent ? words.pressedSilent : words.pressed}`;
}

export function clockTime(at: Date): string {
  return at.toTimeString().slice(0, 8);
}
