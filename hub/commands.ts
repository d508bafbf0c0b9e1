/**
 * Orders to a pillar: named, signed, dead after their time, written down before they are sent.
 *
 * A command names the pillar's boot and connection, so one that was delayed past either does nothing. A pillar
 * whose identity is in doubt is ordered nothing.
 */
import { canonicalJson } from "../shared/canonical-json.ts";
import type { CommandId, PillarId, SessionNonce } from "../shared/ids.ts";
import type { Command, CommandBody, CommandOrder } from "../shared/protocol/command.ts";
import type { Report } from "../shared/protocol/report.ts";
import type { Fact } from "./core/facts.ts";
import { isTrusted } from "./core/roster.ts";
import type { HubState } from "./core/state.ts";
import { newId } from "./identifier.ts";
import type { Authority, HubCommands, PillarLink } from "./ports.ts";

const EXPIRES_IN_MS = 10_000;
const RESULT_WITHIN_MS = 5000;
/** Commands whose result is awaited at once. */
const MAX_AWAITED = 1000;

export interface CommanderOptions {
  readonly authority: Pick<Authority, "sign">;
  readonly state: () => HubState;
  readonly send: PillarLink["send"];
  readonly record: (facts: readonly Fact[]) => Promise<void>;
}

export interface Commander {
  readonly command: HubCommands["command"];
  onReport(report: Report): void;
}

interface Result {
  readonly ok: boolean;
  readonly detail: string;
}

export function createCommander(options: CommanderOptions): Commander {
  const awaited = new Map<CommandId, (result: Result) => void>();
  return {
    async command(pillarId, order, by) {
      const { pillars, heard } = options.state();
      const pillar = pillars.get(pillarId);
      if (!pillar) return { ok: false, detail: `no such pillar: ${pillarId}` };
      const sessionNonce = heard.voices.get(pillarId)?.sessionNonce;
      if (pillar.bootEpoch === null || !sessionNonce) {
        return { ok: false, detail: `${pillarId} has not been heard since it connected` };
      }
      if (!isTrusted(pillar, Date.now())) {
        return { ok: false, detail: `the identity of ${pillarId} is in doubt: enrol it again` };
      }
      if (awaited.size >= MAX_AWAITED) return { ok: false, detail: "too many commands at once" };
      const message = signCommand(options.authority, {
        pillarId,
        order,
        bootEpoch: pillar.bootEpoch,
        sessionNonce,
      });
      const { commandId } = message.body;
      const sent = { type: "command-sent", at: Date.now(), pillarId, commandId, order } as const;
      await options.record([{ ...sent, by: by.username }]);
      const result = waitFor(awaited, commandId, pillar.presence);
      options.send(pillarId, { channel: "command", message });
      return result;
    },
    onReport(report) {
      if (report.type !== "command-result") return;
      const { outcome, detail } = report;
      awaited.get(report.commandId)?.({ ok: outcome === "done", detail: detail || outcome });
    },
  };
}

function waitFor(
  awaited: Map<CommandId, (result: Result) => void>,
  commandId: CommandId,
  presence: string,
): Promise<Result> {
  return new Promise((resolve) => {
    const settle = (result: Result): void => {
      clearTimeout(timer);
      awaited.delete(commandId);
      resolve(result);
    };
    const detail = `no answer within ${RESULT_WITHIN_MS / 1000} s; the pillar is ${presence}`;
    const timer = setTimeout(() => settle({ ok: false, detail }), RESULT_WITHIN_MS);
    awaited.set(commandId, settle);
  });
}

export function signCommand(
  authority: Pick<Authority, "sign">,
  to: {
    readonly pillarId: PillarId;
    readonly order: CommandOrder;
    readonly bootEpoch: number;
    readonly sessionNonce: SessionNonce;
  },
): Command {
  const body: CommandBody = {
    v: 1,
    commandId: newId(),
    ...to,
    issuedWallMs: Date.now(),
    expiresInMs: EXPIRES_IN_MS,
  };
  return { v: 1, body, sig: authority.sign(canonicalJson(body)) };
}
