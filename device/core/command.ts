/**
 * Commands from the hub: performed once, in time, in this
 * session of the pillar, or refused with the reason.
 *
 * The shell has checked the signature; here is checked whether the command is for us, now, and new.
 * The last `MAX_REMEMBERED` command ids are kept, far more than fit into the longest expiry.
 */
import { after, milliseconds, minutes, seconds } from "../../shared/duration.ts";
import type { CommandId, EventId } from "../../shared/ids.ts";
import { assertNever } from "../../shared/assert.ts";
import { follow, step, type Step } from "../../shared/step.ts";
import type { CommandBody } from "../../shared/protocol/command.ts";
import type { Report } from "../../shared/protocol/report.ts";
import { PROTOCOL_VERSION as v } from "../../shared/protocol/version.ts";
import type { Effect, Moment } from "./events.ts";
import { granted, grantEnded, whyNotGranted } from "./gate.ts";
import { report } from "./health.ts";
import { messageRefused } from "./heed.ts";
import { draft, replayFrom } from "./ledger/ledger.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";
import type { Commands } from "./state/command-state.ts";

const MAX_REMEMBERED = 256;
const BLINK = milliseconds(500);
const SELF_TEST_WITHIN = seconds(20);
/** The siren stops by itself after so long. */
const SIREN_AT_MOST = minutes(5);
/** Allowance for varying network delay. */
const SLACK_MS = 1000;

const withCommands = (agent: Agent, change: Partial<Commands>): Agent => ({
  ...agent,
  commands: { ...agent.commands, ...change },
});

type Result = Omit<Extract<Report, { type: "command-result" }>, "v" | "type" | "commandId">;

function answer(agent: Agent, commandId: CommandId, result: Result): AgentStep {
  const said = report(agent, { v, type: "command-result", commandId, ...result });
  const text = `command ${commandId.slice(0, 4)} ${result.outcome}: ${result.detail}`;
  return follow(said, (next) => step(next, { type: "log", level: "info", text }));
}

export function commandReceived(agent: Agent, body: CommandBody, moment: Moment): AgentStep {
  const { commandId, expiresInMs } = body;
  if (body.pillarId !== agent.pillarId) {
    const reason = `this is ${agent.pillarId}, not ${body.pillarId}`;
    return messageRefused(agent, { channel: "command", reason, moment });
  }
  const refusal = refusalOf(agent, body);
  if (refusal) return answer(agent, commandId, { outcome: "refused", detail: refusal });
  const offset = moment.at - body.issuedWallMs;
  const lateMs = offset - (agent.commands.offset ?? offset);
  // A late `resend` does no harm, and it is the only way to recover alarms that a hub has lost.
  if (lateMs > expiresInMs + SLACK_MS && body.command.name !== "resend") {
    const detail = `expected within ${expiresInMs} ms, found ${Math.round(lateMs)} ms late`;
    // The hub's clock may have been set back: the next command is measured by this one.
    return answer(withCommands(agent, { offset }), commandId, { outcome: "refused", detail });
  }
  const seen = [...agent.commands.seen, commandId].slice(-MAX_REMEMBERED);
  const least = Math.min(offset, agent.commands.offset ?? offset);
  return perform(withCommands(agent, { seen, offset: least }), body, moment);
}

/**
 * Another session has other delays. The first command
 * of a session is bounded by the session itself.
 */
export const forgetDelays = (commands: Commands): Commands => ({ ...commands, offset: undefined });

function refusalOf(agent: Agent, body: CommandBody): string | undefined {
  if (body.bootEpoch !== agent.bootEpoch) {
    return `meant for boot ${body.bootEpoch}, this is boot ${agent.bootEpoch}`;
  }
  const ours = agent.link.phase === "up" ? agent.link.sessionNonce : undefined;
  if (body.sessionNonce !== ours) return "from an older session";
  if (agent.commands.seen.includes(body.commandId)) return "this command was given before";
  return undefined;
}

function perform(agent: Agent, body: CommandBody, moment: Moment): AgentStep {
  const { command, commandId } = body;
  const done = (next: Agent, detail: string): AgentStep =>
    answer(next, commandId, { outcome: "done", detail });
  switch (command.name) {
    case "identify":
      return follow(identify(agent, command.seconds, moment), (next) => done(next, "blinking"));
    case "resend":
      return follow(replayFrom(agent, command.fromSeq, moment), (next) =>
        done(next, `sending again from ${command.fromSeq}`),
      );
    case "restart-media":
      return follow(
        step<Agent, Effect>(agent, { type: "media", message: { type: "shutdown" } }),
        (next) => done(next, "media restarts"),
      );
    case "self-test":
      return selfTest(agent, commandId, moment);
    case "siren":
      return follow(siren(agent, command.on, moment), (next) =>
        done(next, command.on ? `sounding for at most ${SIREN_AT_MOST / 1000} s` : "silent"),
      );
    case "grant": {
      const detail = whyNotGranted(agent, command);
      if (detail !== undefined) return answer(agent, commandId, { outcome: "refused", detail });
      return follow(granted(agent, command, moment), (next) =>
        done(next, `${command.purpose} for ${command.seconds} s`),
      );
    }
    case "end-grant":
      return follow(grantEnded(agent, command), (next) => done(next, "the grant is over"));
    default:
      return assertNever(command);
  }
}

function identify(agent: Agent, forSeconds: number, moment: Moment): AgentStep {
  const until = after(moment.at, seconds(forSeconds));
  return step(
    withCommands(agent, { identify: { until, isLit: false } }),
    ...(agent.call.call.phase === "idle" ? [{ type: "prompt", name: "identify" } as const] : []),
    { type: "set-timer", name: "identify", at: after(moment.at, BLINK) },
  );
}

export function blink(commands: Commands, moment: Moment): Step<Commands, Effect> {
  const { identify: now } = commands;
  if (!now || moment.at >= now.until) return step({ ...commands, identify: undefined });
  return step<Commands, Effect>(
    { ...commands, identify: { ...now, isLit: !now.isLit } },
    {
      type: "set-timer",
      name: "identify",
      at: after(moment.at, BLINK),
    },
  );
}

function siren(agent: Agent, isOn: boolean, moment: Moment): AgentStep {
  const timer: Effect = isOn
    ? { type: "set-timer", name: "siren", at: after(moment.at, SIREN_AT_MOST) }
    : { type: "clear-timer", name: "siren" };
  return step<Agent, Effect>(agent, { type: "siren", isOn }, timer);
}

function selfTest(agent: Agent, commandId: CommandId, moment: Moment): AgentStep {
  if (agent.commands.selfTest) {
    return answer(agent, commandId, { outcome: "refused", detail: "a self-test is under way" });
  }
  const test = { commandId, eventId: moment.freshId, since: moment.at };
  const born = draft(withCommands(agent, { selfTest: test }), {
    kind: "test",
    edgeAt: moment.at,
    moment,
  });
  const at = after(moment.at, SELF_TEST_WITHIN);
  return follow(born, (next) => step(next, { type: "set-timer", name: "self-test", at }));
}

export function selfTestAccepted(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const { selfTest: test } = agent.commands;
  if (test?.eventId !== eventId) return step(agent);
  const finished = withCommands(agent, { selfTest: undefined });
  const confirmedAfterMs = Math.round(moment.at - test.since);
  const detail = `accepted after ${confirmedAfterMs} ms`;
  const result: Result = { outcome: "done", detail, confirmedAfterMs };
  return follow(answer(finished, test.commandId, result), (next) =>
    step(next, { type: "clear-timer", name: "self-test" }),
  );
}

export function selfTestLate(agent: Agent): AgentStep {
  const { selfTest: test } = agent.commands;
  if (!test) return step(agent);
  const detail = `not accepted within ${SELF_TEST_WITHIN / 1000} s; still sending`;
  const finished = withCommands(agent, { selfTest: undefined });
  return answer(finished, test.commandId, { outcome: "failed", detail });
}
