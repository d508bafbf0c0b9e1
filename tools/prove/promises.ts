/**
 * What Anzhu promises, and what checks each promise: the one
 * table behind `docs/promises.md` and `npm run prove`.
 *
 * `short` are the test files that `npm run prove` runs, all of them within ten minutes on two
 * cores; `full` is what a longer check of the same promise is called.
 */
import { PROMISED_MS } from "../../shared/promises.ts";

interface Words {
  readonly promise: string;
  readonly kept: string;
}

export interface Promised {
  /** For `npm run prove -- --only <name>`. */
  readonly name: string;
  readonly en: Words;
  readonly zh: Words;
  readonly short: readonly string[];
  readonly full: string;
}

const s = (ms: number): string => String(ms / 1000);

export const PROMISES: readonly Promised[] = [
  {
    name: "no-loss",
    en: {
      promise: "A press the pillar recorded reaches the hub's journal, once",
      kept: `ledger (SQLite, WAL, FULL), resending until the hub's own receipt, HTTPS fallback after 5 s, replay after a restore, the board's own count after a crash; over a line that loses 30 % within ${s(PROMISED_MS.accepted)} s`,
    },
    zh: {
      promise: "柱上记下的每次按压都进入中心的日志，且只算一次",
      kept: `柱上台账（SQLite，WAL，FULL），收到中心回执前一直重发，5 秒后另走 HTTPS，中心恢复备份后重报，设备程序崩溃后按板子的计数补报；丢包三成的线路上 ${s(PROMISED_MS.accepted)} 秒内收到`,
    },
    short: [
      "test/simulator/world/corpus.test.ts",
      "test/fault/power.test.ts",
      "test/fault/restore.test.ts",
      "test/fault/counter.test.ts",
      "test/fault/loss.test.ts",
    ],
    full: "npm run simulate -- world --seeds 1000",
  },
  {
    name: "no-false-word",
    en: {
      promise:
        '"Received" is said only after the hub\'s commit, "an operator is with you" only while one is',
      kept: `\`accepted\` is signed and sent after the journal's fsync; lamp, voice and words follow from the state alone, and a word that is no longer true is taken back within ${s(PROMISED_MS.wordTakenBack)} s`,
    },
    zh: {
      promise: "中心落盘之后才说“已收到”，有人在线时才说“已接听”",
      kept: `回执在日志落盘之后签发；灯、语音、文字只由状态决定，不再属实的话 ${s(PROMISED_MS.wordTakenBack)} 秒内收回`,
    },
    short: [
      "test/device/core/states.test.ts",
      "test/device/core/call/call.test.ts",
      "test/simulator/world/promise.test.ts",
      "test/scenario/hub-restart.test.ts",
      "test/wire/forged.test.ts",
    ],
    full: "npm run simulate -- world --dense --seeds 100",
  },
  {
    name: "owner-or-deadline",
    en: {
      promise: "Every open incident has an owner or a running deadline",
      kept: `10, 20, 40 s: other desks, supervisor, a signed call outside, each at most ${s(PROMISED_MS.stepLate)} s late; an operator who vanished is released after 30 s`,
    },
    zh: {
      promise: "每个未结警情都有人负责，或有正在走的时限",
      kept: `10、20、40 秒：其他席位、值班长、对外呼叫，每步最多迟 ${s(PROMISED_MS.stepLate)} 秒；接警员失联 30 秒后警情重新响铃`,
    },
    short: ["test/hub/core/incident/deadline.test.ts", "test/fault/people.test.ts"],
    full: "npm run bench -- escalation",
  },
  {
    name: "no-ear-without-cause",
    en: {
      promise: "No sound or picture leaves a pillar without cause",
      kept: `a gate at the pillar, open from the receipt of a call to its end, or for a look that is named in the journal and that its lamp shows, and shut ${s(PROMISED_MS.lookEnded)} s after that at most; at the hub only for those who may watch, until ${s(PROMISED_MS.viewEnded)} s after their session or right ends, and it is written down`,
    },
    zh: {
      promise: "没有缘由，柱上的声音和画面不外传",
      kept: `柱上有闸门，从呼叫被接收到呼叫结束才打开；无人呼叫时查看须记名留痕、指示灯亮起，结束后最迟 ${s(PROMISED_MS.lookEnded)} 秒关闭；在中心只给有权的人看，会话或权限结束后 ${s(PROMISED_MS.viewEnded)} 秒内停止，并留下记录`,
    },
    short: [
      "test/device/core/gate.test.ts",
      "test/device/media/send/gate.test.ts",
      "test/hub/core/view/look.test.ts",
      "test/hub/api/media.test.ts",
    ],
    full: "npx vitest run test/device/media test/hub/media test/fault/look.test.ts",
  },
  {
    name: "fail-closed-fail-open",
    en: {
      promise: "Authority fails closed, alarms fail open",
      kept: "a command counts only if signed, fresh and wholly understood; an alarm from a dead disk, an expired certificate or a newer pillar still rings",
    },
    zh: {
      promise: "权限从严，报警从宽",
      kept: "指令须有签名、未过期且每个字都认得才算数；存储坏了、证书过期、软件更新的报警柱照样响铃",
    },
    short: [
      "test/fault/messages.test.ts",
      "test/fault/forgotten.test.ts",
      "test/hub/quarantine.test.ts",
      "test/device/core/heed.test.ts",
    ],
    full: "npx vitest run test/fault test/hub/quarantine.test.ts test/shared",
  },
  {
    name: "alarm-before-media",
    en: {
      promise: "The alarm path does not depend on the media path",
      kept: "media runs in child processes that may die",
    },
    zh: { promise: "报警不依赖音视频", kept: "音视频在子进程里，死了也不影响报警" },
    short: ["test/fault/camera.test.ts", "test/device/media/process.test.ts"],
    full: "npx vitest run test/fault test/hub/media/process.test.ts",
  },
  {
    name: "visible",
    en: {
      promise: `What is broken is on a screen within ${s(PROMISED_MS.visible)} s`,
      kept: `heartbeats every 5 s, faults in words, a dead line noticed within ${s(PROMISED_MS.deadLineNoticed)} s, nothing stale shown as live`,
    },
    zh: {
      promise: `哪里坏了，${s(PROMISED_MS.visible)} 秒内在屏幕上`,
      kept: `每 5 秒一次心跳，故障用人话说明，断线 ${s(PROMISED_MS.deadLineNoticed)} 秒内发现，过时的内容不当作实时显示`,
    },
    short: [
      "test/hub/core/pillar/presence.test.ts",
      "test/hub/visible.test.ts",
      "test/browser/stale.test.ts",
      "test/fault/network.test.ts",
    ],
    full: "npx vitest run test/fault test/browser",
  },
  {
    name: "evidence",
    en: {
      promise:
        "The evidence shows where it was changed; a recording survives `kill -9` up to its last fragment",
      kept: "a hash chain over every fact and over every pillar's alarms; fragmented MP4, one second a fragment, each synced",
    },
    zh: {
      promise: "证据被改动能查出在哪里；录像在程序被强杀后保留到最后一段",
      kept: "所有事实和每根柱的报警各成哈希链；分段 MP4，一秒一段，逐段落盘",
    },
    short: [
      "test/hub/journal/backup.test.ts",
      "test/hub/journal/kill.test.ts",
      "test/hub/media/recorder/recover.test.ts",
    ],
    full: "npx vitest run test/hub/journal test/hub/journal/backup.test.ts test/hub/media",
  },
  {
    name: "bounded",
    en: {
      promise: "Everything is bounded",
      kept: `each queue, retry, message and table has a named limit and a test at it; one hostile client costs the others at most ${s(PROMISED_MS.hostileCost)} s`,
    },
    zh: {
      promise: "一切有上限",
      kept: `队列、重试、报文、表都有写明的上限和到上限的测试；一个捣乱的客户端最多让别人多等 ${s(PROMISED_MS.hostileCost)} 秒`,
    },
    short: [
      "test/fault/flood.test.ts",
      "test/hub/link/entrance/length-guard.test.ts",
      "test/hub/link/entrance/connection-limit.test.ts",
      "test/hub/core/time/bounds.test.ts",
      "test/wire/broker-traffic.test.ts",
    ],
    full: "npx vitest run test/fault test/hub/link test/wire",
  },
  {
    name: "revoked",
    en: {
      promise: `A revoked identity is dead within ${s(PROMISED_MS.revoked)} s`,
      kept: "its socket is destroyed, picture and voice end, nothing it says counts; the hub asks nobody, and an old backup brings nothing back",
    },
    zh: {
      promise: `身份吊销 ${s(PROMISED_MS.revoked)} 秒内生效`,
      kept: "连接切断，音视频结束，它说的都不算；不必问外部，旧备份也不会让它复活",
    },
    short: ["test/fault/revocation.test.ts", "test/hub/revocation.test.ts"],
    full: "npx vitest run test/fault/revocation.test.ts test/browser/revoke.test.ts",
  },
  {
    name: "calendar",
    en: {
      promise: "No calendar silences a button",
      kept: "certificates renew themselves; an expired one still rings, as unverified; a pillar in 1970 reaches its hub",
    },
    zh: {
      promise: "日历不会让按钮失声",
      kept: "证书自动续期；过期的照样响铃并标明未核验；时钟停在 1970 年也连得上",
    },
    short: [
      "test/wire/renewal.test.ts",
      "test/hub/core/pillar/certificate.test.ts",
      "test/fault/clock.test.ts",
    ],
    full: "npx vitest run test/wire/renewal.test.ts test/fault/revocation.test.ts test/fault/clock.test.ts",
  },
  {
    name: "tests-notice",
    en: {
      promise: "The tests would notice",
      kept: "known bugs are planted one by one; each must be found",
    },
    zh: { promise: "测试真能发现问题", kept: "逐个埋下已知错误，每个都必须被查出" },
    short: ["test/simulator/world/canaries.test.ts", "test/fault/checker.test.ts"],
    full: "npm run simulate -- world --canaries",
  },
];
