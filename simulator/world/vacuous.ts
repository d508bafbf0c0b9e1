/**
 * What must have happened at least once in a run of many seeds, or the run has proven nothing of it.
 *
 * Each kind of fault that was switched on must have struck, and must have had its effect.
 */
import { FAULT_KINDS } from "./profile.ts";

const EFFECTS: readonly string[] = [
  "acknowledged-then-lost",
  "broker-dropped-overtaken",
  "broker-duplicated-down",
  "broker-duplicated-up",
  "broker-lost-down",
  "broker-lost-up",
  "broker-reordered-down",
  "broker-reordered-up",
  "held-down",
  "held-up",
  "hub-clock-stepped-back",
  "hub-clock-stepped-on",
  "hub-disk-eio",
  "hub-disk-full",
  "hub-disk-lost",
  "hub-disk-reordered",
  "hub-disk-slow",
  "hub-disk-torn",
  "hub-effect-crash",
  "hub-journal-recovered",
  "hub-killed",
  "hub-power-cut",
  "hub-restored-older",
  "hub-started-from-snapshot",
  "link-ended-by-closed",
  "link-ended-by-keep-alive",
  "link-ended-by-reset",
  "accepted-by-https",
  "accepted-by-later-door",
  "broker-kept-for-hub",
  "broker-lost-to-hub",
  "broker-reached",
  "broker-restarted",
  "connection-refused-expired",
  "escalated-desks",
  "escalated-external",
  "escalated-supervisor",
  "expired-unheard",
  "fault-gone",
  "fault-shown",
  "ledger-back",
  "ledger-broken",
  "ledger-moved",
  "posted-to-dead-door",
  "posted-to-right-door",
  "posted-to-slow-door",
  "pressed-in-quiet",
  "recorded-unverified",
  "told-without-broker",
  "called-outside",
  "operator-vanished",
  "order-refused",
  "ordered-close",
  "ordered-hold",
  "ordered-reopen",
  "ordered-transfer",
  "packet-lost",
  "pillar-clock-stepped-back",
  "pillar-clock-stepped-on",
  "pillar-disk-eio",
  "pillar-disk-full",
  "pillar-disk-lost",
  "pillar-disk-reordered",
  "pillar-disk-slow",
  "pillar-disk-torn",
  "pillar-effect-crash",
  "pillar-killed",
  "pillar-power-cut",
  "pillar-repaired",
  "pillar-started-without-disk",
  "pressed-alarm",
  "pressed-in-call",
  "resend-asked",
];

/** A grid is a whole from this many on. */
const GRID_PILLARS = 3;
const GRID_EFFECTS: readonly string[] = ["grid-lost", "grid-back"];

export function vacuous(coverage: ReadonlyMap<string, number>, pillars: number): string[] {
  const needed = [
    ...FAULT_KINDS.map((kind) => `fault: ${kind}`),
    ...EFFECTS,
    ...(pillars >= GRID_PILLARS ? GRID_EFFECTS : []),
  ];
  return needed.filter((name) => !coverage.get(name));
}
