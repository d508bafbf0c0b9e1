/**
 * What is known of a fault beside the tests that carry its id in their title.
 *
 * A table: one line for each piece of evidence.
 */

/** Tests that try a fault and live beside the part they test: id, file, words of the title. */
export const ELSEWHERE: readonly (readonly [id: string, file: string, words: string])[] = [
  [
    "A1",
    "test/simulator/world/corpus.test.ts",
    "keeps every promise when the power fails before single effects of a short day",
  ],
  [
    "A2",
    "test/fault/power-cut.test.ts",
    "the pillar's power is cut around a press, also in the middle of its commit: what was stored is there and calls",
  ],
  ["C3", "test/simulator/world/corpus.test.ts", "seed %i keeps every promise"],
  ["D3", "test/simulator/world/corpus.test.ts", "seed %i keeps every promise"],
  ["D8", "test/simulator/world/corpus.test.ts", "seed %i keeps every promise"],
  ["F2", "test/simulator/world/corpus.test.ts", "seed %i keeps every promise"],
  ["B10", "test/simulator/world/corpus.test.ts", "seed %i keeps every promise"],
  [
    "O6",
    "test/simulator/world/corpus.test.ts",
    "gives the same trace for the same seed, and another for another",
  ],
  [
    "O7",
    "test/simulator/world/canaries.test.ts",
    "each has a name of its own, and none is missing",
  ],
  [
    "B10",
    "test/hub/journal/backup.test.ts",
    "that is old costs no alarm: the pillars tell again what it lacks",
  ],
  [
    "B11",
    "test/hub/journal/backup.test.ts",
    "is made while the hub works, is whole, and overwrites nothing",
  ],
  [
    "C6",
    "test/hub/core/pillar/certificate.test.ts",
    "C6 a day after it, no clock that is set back",
  ],
  ["G1", "test/wire/renewal.test.ts", "an expired certificate renews nothing"],
  [
    "G4",
    "test/hub/revocation.test.ts",
    "a revoked pillar is cut off, its media ends, and its alarms are refused by both ways",
  ],
  ["G1", "test/hub/quarantine.test.ts", "is still answered: its alarm rings, marked as unverified"],
  [
    "I-1",
    "test/browser/hostile-text.test.ts",
    "text from outside is never run as code, on its whole way",
  ],
  ["I-1", "test/browser/hostile-text.test.ts", "%s shows any text and runs none"],
  ["H11", "test/hub/api/bombs.test.ts", "%s costs less than 50 ms for each bomb"],
  [
    "H11",
    "test/hub/api/bombs.test.ts",
    "%s as a body is answered with a refusal in less than 50 ms",
  ],
  [
    "I-5",
    "test/hub/log-injection.test.ts",
    "a text in the hub's log stays in its line and steers no terminal",
  ],
  [
    "I-5",
    "test/hub/log-injection.test.ts",
    "a cell of an export is never a formula, nor does it turn its row around",
  ],
  [
    "I-11",
    "test/hub/shell/webhook.test.ts",
    "an address outside must be HTTPS, or on this machine",
  ],
  [
    "I-13",
    "test/hub/journal/backup.test.ts",
    "verify names the first row that does not fit, and fails",
  ],
  [
    "N2",
    "test/hub/shell/webhook.test.ts",
    "is still told after a restart of the hub, once, under the same id",
  ],
  ["D14", "test/wire/https-fallback.test.ts", "is never told to a hub of another authority"],
  [
    "A4",
    "test/device/adapters/ledger/ledger-sqlite.test.ts",
    "nothing confirmed is lost when the agent is killed in the middle of storing",
  ],
  [
    "A10",
    "test/fault/disk.test.ts",
    "the pillar's disk is read-only from the start: the press goes out, and the fault is seen",
  ],
  [
    "J5",
    "test/device/core/gate.test.ts",
    "for another pillar, of another session or boot, and too late",
  ],
  ["J5", "test/device/core/gate.test.ts", "when it is replayed"],
  [
    "A7",
    "test/hub/media/process.test.ts",
    "that is killed in a recording leaves it playable, comes back, and serves again",
  ],
  [
    "E2",
    "test/wire/broker-traffic.test.ts",
    "an alarm whose commit fails is not acknowledged, and the connection closes",
  ],
  ["E4", "test/wire/broker-traffic.test.ts", '["QoS 2", upTopic'],
  ["E4", "test/wire/external-broker.test.ts", "takes no message of QoS 2 and no retained one"],
  [
    "E3",
    "test/wire/broker-traffic.test.ts",
    "alarms that overtake each other on their way to the disk all arrive, each once",
  ],
  [
    "D7",
    "test/wire/external-broker.test.ts",
    "that stops without closing anything is found out within 15 s",
  ],
  [
    "E5",
    "test/wire/api-events.test.ts",
    "a client that does not read is let go, and the others go on",
  ],
  [
    "F1",
    "test/hub/core/incident/alarm.test.ts",
    "that arrives twice opens one incident and gets the same receipt",
  ],
  [
    "F8",
    "test/wire/agent-press.test.ts",
    "is not called received because somebody says so who is not the hub",
  ],
  [
    "G1",
    "test/wire/broker-admission.test.ts",
    "a certificate of another hub's authority is refused, and the log says so",
  ],
  ["G1", "test/wire/broker-admission.test.ts", "no certificate is refused, and the log says so"],
  [
    "G2",
    "test/hub/link/embedded/topic-access.test.ts",
    "of all filters a pillar gets only its own down",
  ],
  ["G3", "test/wire/broker-admission.test.ts", '["another client id"'],
  [
    "G7",
    "test/hub/accounts/accounts.test.ts",
    "wrong secrets, however many, void no code; its time does",
  ],
  ["G9", "test/wire/agent-press.test.ts", "of another authority is refused, and the log says why"],
  ["G10", "test/wire/broker-admission.test.ts", "TLS 1.2 is refused, and the log says so"],
  [
    "H1",
    "test/hub/link/entrance/length-guard.test.ts",
    "a packet that announces too much is refused before its body, wherever it is cut",
  ],
  [
    "H2",
    "test/wire/broker-traffic.test.ts",
    "no bytes from a connected pillar can stop the broker",
  ],
  [
    "H3",
    "test/wire/broker-traffic.test.ts",
    "a flood of heartbeats is slowed, and another pillar's alarm does not wait for it",
  ],
  ["H5", "test/wire/api-events.test.ts", "a request that never finishes its headers is cut off"],
  [
    "H10",
    "test/hub/api/access.test.ts",
    "after ten wrong passwords the name waits, and another name does not",
  ],
  ["I-2", "test/hub/api/access.test.ts", "another site's page cannot sign somebody in"],
  ["I-3", "test/hub/api/walk.test.ts", "%s gives nobody what is not there or not theirs"],
  [
    "I-3",
    "test/shared/access/may.test.ts",
    "every role gets what the table above says, in every situation",
  ],
  ["I-3", "test/hub/api/media.test.ts", "an offer is answered with 201, a location and SDP"],
  ["I-4", "test/hub/api/walk.test.ts", "%s refuses it as described"],
  [
    "I-4",
    "test/hub/api/walk.test.ts",
    "no name in the place of a file leads out of the console's folder",
  ],
  ["I-4", "test/hub/api/media.test.ts", "what is no plain file is not sent"],
  ["I-10", "test/hub/api/walk.test.ts", "every wrong input at every route"],
  ["I-6", "test/hub/api/access.test.ts", "a token is worth nothing after signing out"],
  ["I-9", "test/hub/api/incidents.test.ts", "losing a race is answered 409 with who won"],
  ["J1", "test/hub/media/relay/offer.test.ts", "no text can make the reader throw"],
  [
    "J1",
    "test/hub/media/relay/camera-names.test.ts",
    "with a hundred names for one picture are refused, and none of the voice's are passed on",
  ],
  [
    "J3",
    "test/hub/media/relay/replay-window.test.ts",
    "no order and no repetition makes a packet count twice",
  ],
  [
    "K3",
    "test/wire/reuse-port.test.ts",
    "a pillar with an alarm that comes behind a crowd shakes hands before most of it",
  ],
  ["L3", "test/wire/modbus-board.test.ts", "that echoes before it answers is as good as any"],
  [
    "M5",
    "test/hub/media/recorder/recover.test.ts",
    "a recording torn at any byte keeps every whole fragment, and nothing else",
  ],
  ["N5", "test/hub/core/incident/alarm.test.ts", "does not hide the call that follows it"],
  [
    "N6",
    "test/hub/core/incident/alarm.test.ts",
    "after the call was closed opens another incident",
  ],
];

/** What no program of ours can do alone: a person, a rig or the real thing is needed. */
export const BY_HAND: ReadonlyMap<string, string> = new Map([
  ["B12", "a worn card in the real board"],
  ["K4", "`npm run bench -- heartbeat`: some minutes of it, not an hour"],
  ["L7", "microphone, speaker and camera of the real pillar, pulled one by one"],
]);

/** What a test does not show, or where we decided otherwise. */
export const NOTES: ReadonlyMap<string, string> = new Map([
  [
    "A1",
    "the rig cuts around a press on both sides; every single effect is cut in the simulated world",
  ],
  [
    "A3",
    "a few rounds in CI, fifty in the sweep `boots`; a thousand, and a real supply, by nobody yet",
  ],
  [
    "A2",
    "at any instant from the contact to 300 ms after it; the hold-up of a real supply by nobody yet",
  ],
  ["A9", "the agent's watchdog; systemd's own comes with the installation"],
  ["A11", "a memory control group of version 1; skipped with its reason where there is none"],
  ["B4", "one place in CI; every call up to the fortieth in the sweep `disks`"],
  ["B5", "one place in CI; every call up to the fortieth in the sweep `disks`"],
  ["B8", "a sample in CI; every byte of the last 4 KiB in the sweeps `ledgers` and `journals`"],
  ["A6", "mosquitto between pillars and hub; skipped with its reason where it is not installed"],
  ["E9", "mosquitto between pillars and hub; skipped with its reason where it is not installed"],
  ["E3", "the own broker is not subject to it; through an aedes that is, alarms are said again"],
  ["B14", "no Postgres yet"],
  ["H7", "no WebSocket: consoles use server-sent events"],
  ["F9", "commands to a pillar stay strict, by decision: authority fails closed"],
  ["C3", "in the simulated world: one of the kinds a seed may draw"],
  [
    "C1",
    "an hour back stands for a clock in local time in autumn, a second back for a leap second",
  ],
  ["D1", "seconds at real processes, a day in the simulated world"],
  [
    "D3",
    "whole messages over real sockets, which TCP would never reorder; packets in the simulated world",
  ],
  ["D4", "a token bucket in a namespace; skipped with its reason where it cannot be had"],
  ["D8", "in the simulated world: one of the kinds a seed may draw"],
  ["F2", "by somebody between a real agent and a real hub; and in the simulated world"],
  ["H2", "two thousand packets in CI; a million in the sweep `packets`"],
  ["K3", "a crowd of 150 in CI; ten thousand behind a restarted hub by `npm run bench -- herd`"],
  ["L2", "no supervised pair yet: a line cut beside the board looks like a button nobody presses"],
  [
    "N1",
    "to the hub a muted tab is a console like any other: only an operator's act stops a deadline",
  ],
  ["D2", "two namespaces with nftables; skipped with its reason where they cannot be had"],
]);
