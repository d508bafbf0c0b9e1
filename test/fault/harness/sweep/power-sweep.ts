/**
 * Presses while the power fails at chosen instants, under
 * a pillar's ledger or under the hub's journal.
 *
 * After each cut the surviving files are given to a new process, and they are looked at before: an
 * alarm the hub has from a ledger that should have stored it first must be in that ledger still.
 */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { dataPaths } from "../../../../device/adapters/host/data-dir.ts";
import type { FactOf } from "../../../../hub/core/facts.ts";
import { until } from "../../../../simulator/demo/hub-client.ts";
import { copyOut, injected } from "../disk/disk.ts";
import { instant, type Sweep } from "./kill-sweep.ts";
import type { PillarUnderTest } from "../programs/pillar.ts";
import { openPowerRig, type PowerRig } from "../disk/power-rig.ts";
import type { Surroundings } from "../programs/process.ts";
import { endCall, journalOf, readLedger, type Street } from "../programs/street.ts";

/** From before the press to after the receipt, on a disk that takes its time. */
const SPAN_MS = 300;
/** From this on a press is the pillar's to keep; before, the person has not been told anything. */
const T_COMMIT_MS = 250;
const HOLD_MS = 90;
/** An eMMC-like flush, so that many cuts fall between the write and the sync. */
const SLOW_SYNC = "fsync,fdatasync:delay_enter=15000";
const SLOWED_IN = 2;
/** A board tells a press of the moment before to the agent that comes back. */
const TOLD_WITHIN_MS = 700;
/** Between a contact and its time stamp. */
const EDGE_TOLERANCE_MS = 500;

export interface CutResult {
  readonly cuts: number;
  /** Presses lost because the power failed before the pillar could store them. */
  readonly unstored: number;
  readonly complaints: readonly string[];
}

interface CutSettings extends Sweep {
  /** The power fails again before anybody has answered, and often before the pillar is back. */
  readonly isBootLoop?: boolean;
}

/** What is known of a press when the power has gone. */
interface PressAtRisk {
  readonly at: number;
  /** Stored, or so long ago that it had to be. */
  readonly isOwed: boolean;
}

/** The pillar's power. */
export async function cutPillars(street: Street, sweep: CutSettings): Promise<CutResult | string> {
  const { id, rounds, from = 0, isBootLoop = false } = sweep;
  const pillar = await street.add(id);
  const rig = await openPowerRig(pillar.dataDir);
  if (typeof rig === "string") return rig;
  street.onClose(rig.close);
  const complaints: string[] = [];
  const presses: PressAtRisk[] = [];
  let epoch = 0;
  pillar.start(rig.around);
  await pillar.untilArmed();
  for (let round = from; round < from + rounds; round += 1) {
    const isArmed = pillar
      .process()
      .lines()
      .some((line) => line.includes("armed:"));
    const hadPowerMs = instant(round) * SPAN_MS;
    const pressed = await pressAndCut(pillar, rig, hadPowerMs);
    const left = lookAt(street, pillar, rig);
    complaints.push(...left.complaints);
    if (isArmed && left.epoch <= epoch) {
      complaints.push(`${id}: boot ${left.epoch} came after boot ${epoch}`);
    }
    ({ epoch } = left);
    if (pressed?.isCounted === true) {
      const at = pressed.pressedAt;
      const isOwed = (isArmed && hadPowerMs >= T_COMMIT_MS) || left.holds(at);
      presses.push({ at, isOwed });
    }
    pillar.start(slowed(rig, round));
    if (isBootLoop) await delay(1000 + instant(round * 7) * 2000);
    else await untilQuiet(street, pillar);
  }
  await untilQuiet(street, pillar);
  const told = presses.filter(({ at, isOwed }) => isOwed || isInJournal(street, id, at));
  for (const { at } of told) street.history.record({ what: "press", at, pillarId: id });
  return { cuts: rounds, unstored: presses.length - told.length, complaints };
}

async function pressAndCut(pillar: PillarUnderTest, rig: PowerRig, afterMs: number) {
  const pressing = pillar.board.press("button", HOLD_MS);
  await delay(afterMs);
  pillar.process().freeze();
  await rig.cut();
  await pillar.process().cutPower();
  await rig.restore();
  return pressing;
}

/** The pillar is back; if it calls, or begins to because its board tells it, the call is ended. */
async function untilQuiet(street: Street, pillar: PillarUnderTest): Promise<void> {
  await pillar.untilArmed();
  const calls = await until(TOLD_WITHIN_MS, async () => pillar.lamp() !== "standby");
  if (calls) await endCall(street, pillar);
}

interface Left {
  readonly epoch: number;
  readonly complaints: readonly string[];
  holds(pressedAt: number): boolean;
}

/** The disk after the cut, beside what the hub was told before it. */
function lookAt(street: Street, { id, dataDir }: PillarUnderTest, rig: PowerRig): Left {
  const file = rig.seen(dataPaths(dataDir).ledger);
  const rows = readLedger(file);
  const held = new Set(rows.map((row) => row.event_id));
  const missing = alarmsOf(street, id).filter(
    ({ event, at }) => at - event.wallMs < T_COMMIT_MS && !held.has(event.eventId),
  );
  const wallMs = rows.map((row) => (JSON.parse(row.event) as { wallMs: number }).wallMs);
  return {
    epoch: bootEpochIn(file),
    complaints: missing.map(({ event }) => `${id}: alarm ${event.seq} was sent and is not stored`),
    holds: (pressedAt) => wallMs.some((at) => Math.abs(at - pressedAt) <= EDGE_TOLERANCE_MS),
  };
}

function bootEpochIn(file: string): number {
  const copy = copyOut(file);
  const database = new DatabaseSync(copy.file, { readOnly: true });
  const row = database.prepare("SELECT value FROM meta WHERE name = 'boot_epoch'").get();
  database.close();
  copy.remove();
  return Number(row?.["value"] ?? 0);
}

function alarmsOf({ hub }: Street, pillarId: string) {
  return journalOf(hub)
    .filter((row) => row.type === "alarm-recorded" && row.pillar_id === pillarId)
    .map((row) => JSON.parse(row.body) as FactOf<"alarm-recorded">);
}

const isInJournal = (street: Street, pillarId: string, pressedAt: number): boolean =>
  alarmsOf(street, pillarId).some(
    ({ event }) => Math.abs(event.wallMs - pressedAt) <= EDGE_TOLERANCE_MS,
  );

/** The hub's power; a press is stored at the pillar, and never at risk. */
export async function cutHubs(street: Street, sweep: Sweep): Promise<CutResult | string> {
  const { id, rounds, from = 0 } = sweep;
  const pillar = await street.add(id);
  pillar.start();
  await pillar.untilArmed();
  await street.hub.stop();
  const rig = await openPowerRig(street.hub.dir);
  if (typeof rig === "string") {
    await street.hub.start();
    return rig;
  }
  street.onClose(rig.close);
  await street.hub.start(rig.around);
  for (let round = from; round < from + rounds; round += 1) {
    await online(street, pillar);
    const pressing = pillar.press();
    await delay(instant(round) * SPAN_MS);
    await street.hub.cutPower(rig.cut);
    await rig.restore();
    await pressing;
    await street.hub.start(slowed(rig, round));
    await endCall(street, pillar);
  }
  return { cuts: rounds, unstored: 0, complaints: [] };
}

async function online({ hub }: Street, { id }: PillarUnderTest): Promise<void> {
  await until(20_000, async () => (await hub.operator.pillar(id)).presence === "online");
}

function slowed(rig: PowerRig, round: number): Surroundings {
  if (round % SLOWED_IN !== 0) return rig.around;
  return { wrap: [...(rig.around.wrap ?? []), ...(injected(SLOW_SYNC).wrap ?? [])] };
}
