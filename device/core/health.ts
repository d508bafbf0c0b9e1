/**
 * What is wrong with this pillar, and the heartbeat that says so.
 *
 * A fault is raised once and cleared once; the heartbeat repeats the whole list, so a lost report
 * heals within five seconds.
 */
import { after, minutes, seconds } from "../../shared/duration.ts";
import type { SessionNonce } from "../../shared/ids.ts";
import { follow, step } from "../../shared/step.ts";
import { HEARTBEAT_SECONDS, type FaultCode } from "../../shared/protocol/heartbeat.ts";
import type { UpMessage } from "../../shared/protocol/messages.ts";
import { MAX_FAULT_DETAIL, type Report } from "../../shared/protocol/report.ts";
import { PROTOCOL_VERSION as v } from "../../shared/protocol/version.ts";
import type { ButtonKind, Effect, Moment } from "./events.ts";
import { knownHead } from "./ledger/outbox.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";
import type { MediaState } from "./state/health-state.ts";
import type { PartState } from "./state/media-channel.ts";

/** A press ends within seconds; a stuck button does not. */
const STUCK_AFTER = seconds(30);
/** After a start the time daemon is given its first minute. */
const CLOCK_SET_WITHIN = minutes(2);
/** 2025: a wall clock before this was never set. */
const EARLIEST_WALL_MS = 1_735_689_600_000;

/** A camera that fails in changing ways is reported at most twice a minute. */
const BEATS_BETWEEN_CAUSES = 6;

export function report(agent: Agent, message: Report): AgentStep {
  if (agent.link.phase !== "up") return step(agent);
  return step(agent, { type: "publish", message: { channel: "report", message } });
}

export function raise(agent: Agent, code: FaultCode, detail: string): AgentStep {
  const short = detail.slice(0, MAX_FAULT_DETAIL);
  const isKnown = agent.health.faults.has(code);
  const faults = new Map(agent.health.faults).set(code, short);
  const raised = { ...agent, health: { ...agent.health, faults } };
  return isKnown ? step(raised) : tell(raised, code, `fault ${code} raised`);
}

function tell(agent: Agent, code: FaultCode, words: string): AgentStep {
  const detail = agent.health.faults.get(code) ?? "";
  const told = new Map(agent.health.told).set(code, { detail, beats: 0 });
  const next = { ...agent, health: { ...agent.health, told } };
  return follow(report(next, { v, type: "fault-raised", code, detail }), (after) =>
    step(after, { type: "log", level: "error", text: `${words}: ${detail}` }),
  );
}

/** Replaces the cause that a technician reads when it has changed. */
function tellNewCauses(agent: Agent): AgentStep {
  const told = new Map(
    [...agent.health.told].map(([code, last]) => [code, { ...last, beats: last.beats + 1 }]),
  );
  const older = { ...agent, health: { ...agent.health, told } };
  const changed = [...told].filter(
    ([code, { detail, beats }]) =>
      beats >= BEATS_BETWEEN_CAUSES && detail !== agent.health.faults.get(code),
  );
  return changed.reduce<AgentStep>(
    (done, [code]) => follow(done, (next) => tell(next, code, `fault ${code} has another cause`)),
    step(older),
  );
}

export function clear(agent: Agent, code: FaultCode): AgentStep {
  if (!agent.health.faults.has(code)) return step(agent);
  const faults = new Map(agent.health.faults);
  faults.delete(code);
  const told = new Map(agent.health.told);
  told.delete(code);
  const cleared = { ...agent, health: { ...agent.health, faults, told } };
  return follow(report(cleared, { v, type: "fault-cleared", code }), (next) =>
    step(next, { type: "log", level: "info", text: `fault ${code} cleared` }),
  );
}

export function setFault(agent: Agent, code: FaultCode, detail: string | undefined): AgentStep {
  return detail === undefined ? clear(agent, code) : raise(agent, code, detail);
}

export function beat(agent: Agent, moment: Moment): AgentStep {
  const clock = setFault(agent, "clock-unsynced", clockTrouble(moment));
  return follow(follow(clock, tellNewCauses), (next) => {
    const at = after(moment.at, seconds(HEARTBEAT_SECONDS));
    const timer: Effect = { type: "set-timer", name: "heartbeat", at };
    if (next.link.phase !== "up") return step(next, timer);
    const message = heartbeat(next, next.link.sessionNonce, moment);
    return step<Agent, Effect>(next, { type: "publish", message }, timer);
  });
}

function clockTrouble({ at, wallMs, isClockSynced }: Moment): string | undefined {
  if (wallMs < EARLIEST_WALL_MS) {
    return "expected a date after 2024, found an unset clock; check NTP";
  }
  if (isClockSynced || at < CLOCK_SET_WITHIN) return undefined;
  return "no time source has set the clock; check NTP, or set clock.trust if another source does";
}

function heartbeat(agent: Agent, sessionNonce: SessionNonce, moment: Moment): UpMessage {
  const { outbox } = agent;
  const [oldest] = outbox.pending.values();
  return {
    channel: "heartbeat",
    message: {
      v,
      bootEpoch: agent.bootEpoch,
      sessionNonce,
      uptimeMs: Math.floor(moment.at),
      wallMs: Math.floor(moment.wallMs),
      head: knownHead(agent),
      outboxDepth: outbox.pending.size,
      ...(oldest && { oldestUnacceptedSeq: oldest.alarm.event.seq }),
      ...(outbox.hubEpoch && { hubEpoch: outbox.hubEpoch }),
      faults: [...agent.health.faults.keys()],
      release: agent.release,
    },
  };
}

/** After a reconnect the hub is told again, in words, what is wrong. */
export function repeatFaults(agent: Agent): AgentStep {
  const reports = [...agent.health.faults].map(([code, detail]): Effect => {
    const message: Report = { v, type: "fault-raised", code, detail };
    return { type: "publish", message: { channel: "report", message } };
  });
  return follow(step(agent, ...reports), (next) =>
    next.health.media === undefined ? step(next) : report(next, mediaReport(next.health.media)),
  );
}

export function watchButton(agent: Agent, kind: ButtonKind, moment: Moment): AgentStep {
  const at = after(moment.at, STUCK_AFTER);
  return step(agent, { type: "set-timer", name: `stuck-${kind}`, at });
}

export function buttonReleased(agent: Agent, kind: ButtonKind): AgentStep {
  return follow(
    step<Agent, Effect>(agent, { type: "clear-timer", name: `stuck-${kind}` }),
    (next) => clear(next, "button-stuck"),
  );
}

export function buttonStuck(agent: Agent, kind: ButtonKind): AgentStep {
  const seconds = STUCK_AFTER / 1000;
  const detail = `the ${kind} button has been closed for ${seconds} s; free it or replace it`;
  return raise(agent, "button-stuck", detail);
}

export function mediaState(agent: Agent, state: MediaState): AgentStep {
  const before = agent.health.media;
  const next = { ...agent, health: { ...agent.health, media: state } };
  const detailOf = (part: "microphone" | "speaker"): string | undefined =>
    state[part] === "failed" ? state.causes[part] || `the ${part} does not work` : undefined;
  let result = setFault(next, "ffmpeg-missing", state.lacksFfmpeg ? state.detail : undefined);
  result = follow(result, (at) => setFault(at, "camera-lost", lostCameras(state)));
  for (const part of ["microphone", "speaker"] as const) {
    result = follow(result, (at) => setFault(at, `${part}-lost`, detailOf(part)));
  }
  const isSame = before !== undefined && isEqual(mediaReport(before), mediaReport(state));
  return isSame ? result : follow(result, (at) => report(at, mediaReport(state)));
}

/** Each camera that fails, by its id; undefined when none does. */
function lostCameras({ cameras }: MediaState): string | undefined {
  const lost = cameras.filter(({ state }) => state === "failed");
  const causes = lost.map(({ id, cause }) => cause || `${id}: the camera does not work`);
  return causes.length > 0 ? causes.join("; ") : undefined;
}

const isEqual = (a: Report, b: Report): boolean => JSON.stringify(a) === JSON.stringify(b);

function mediaReport(state: MediaState): Report {
  const source = (part: PartState): "off" | "ready" | "sending" | "failed" =>
    part === "playing" ? "ready" : part;
  return {
    v,
    type: "media-state",
    cameras: state.cameras.map(({ id, state: part }) => ({ id, state: source(part) })),
    microphone: source(state.microphone),
    speaker: state.speaker === "sending" ? "ready" : state.speaker,
  };
}
