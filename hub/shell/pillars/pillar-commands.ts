/**
 * Commands to a pillar: named, signed, without effect after their time. The journal has each before
 * it is sent, and what became of it.
 *
 * A command names the pillar's boot and connection, so one that was delayed past either does
 * nothing. A pillar whose identity is in doubt is sent no command.
 */
import { may, personOf } from "../../../shared/access/may.ts";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import type { CommandId, GrantId, PillarId } from "../../../shared/ids.ts";
import type { Command, PillarCommand } from "../../../shared/protocol/command.ts";
import type { Report } from "../../../shared/protocol/report.ts";
import type { Fact, FactOf } from "../../core/facts.ts";
import { sessionOf } from "../../core/pillar/session.ts";
import type { PillarRecord } from "../../core/state/pillar-record.ts";
import { addressed, addressee, commandBody, type Addressed } from "../../core/told/command.ts";
import type { HubState } from "../../core/state/hub-state.ts";
import { newId } from "../identifier.ts";
import type { CommandRequest } from "../../../shared/api/pillar.ts";
import { takeTurn, type Rate } from "../../core/time/rate.ts";
import type { Authority } from "../../identity/ports.ts";
import type { Actor, CommandSent, HubCommands, PillarLink } from "../../ports.ts";

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
  /**
   * Lets picture or sound of a pillar flow, or go on flowing. Whoever asked for it has it in the
   * journal already.
   */
  grant(pillarId: PillarId, grant: Grant): Promise<CommandSent>;
  /** Nobody waits for the answer: a grant that is not ended is over soon. */
  endGrant(pillarId: PillarId, grantId: GrantId): void;
  /**
   * `pillarId`: who says it, by its certificate. A result
   * of another pillar's command counts for nothing.
   */
  onReport(pillarId: PillarId, report: Report): void;
}

type Grant = Omit<Extract<PillarCommand, { name: "grant" }>, "name">;

type Result = Pick<FactOf<"command-result">, "outcome" | "detail" | "confirmedAfterMs">;

/**
 * The pillar reconnected, or its identity ended, while
 * the journal took the command: it would refuse it.
 */
const SESSION_OVER: Result = {
  outcome: "unanswered",
  detail: "the session it was signed for was over before it could be sent",
};

interface Awaited {
  readonly pillarId: PillarId;
  settle(result: Result): void;
}

export function createCommander(options: CommanderOptions): Commander {
  const awaited = new Map<CommandId, Awaited>();
  /** One entry for each known pillar at most. */
  const nextSirenAt = new Map<PillarId, number>();
  return {
    async command(pillarId, request, by) {
      const { command } = request;
      const found = addressee(options.state(), pillarId, Date.now());
      if (!found.ok) return found;
      const { pillar, sessionNonce } = found;
      if (awaited.size >= MAX_AWAITED) return { ok: false, detail: "too many commands at once" };
      if (command.name === "siren") {
        const refusal =
          whyNoSiren(options.state(), { pillarId, request, by }) ??
          whyNotYet(nextSirenAt, pillarId, command.on);
        if (refusal) return refusal;
      }
      const message = signCommand(options.authority, addressed(found, command));
      const { commandId } = message.body;
      const sent = { type: "command-sent", at: Date.now(), pillarId, commandId, command } as const;
      const why = request.reason === undefined ? {} : { reason: request.reason };
      await options.record([{ ...sent, by: by.username, ...why }]);
      const isSame = sessionOf(options.state(), pillarId) === sessionNonce;
      const answered = isSame ? waitFor(awaited, commandId, pillar) : SESSION_OVER;
      if (isSame) options.send(pillarId, { channel: "command", message });
      const result = await answered;
      const ended = { type: "command-result", at: Date.now(), pillarId, commandId } as const;
      await options.record([{ ...ended, name: command.name, ...result, by: by.username }]);
      const { outcome, detail, confirmedAfterMs } = result;
      return outcome === "done" ? { ok: true, detail, confirmedAfterMs } : { ok: false, detail };
    },
    async grant(pillarId, grant) {
      const found = addressee(options.state(), pillarId, Date.now());
      if (!found.ok) return found;
      if (awaited.size >= MAX_AWAITED) return { ok: false, detail: "too many commands at once" };
      const to = addressed(found, { name: "grant", ...grant });
      const message = signCommand(options.authority, to);
      const answered = waitFor(awaited, message.body.commandId, found.pillar);
      options.send(pillarId, { channel: "command", message });
      const { outcome, detail } = await answered;
      if (outcome === "done") return { ok: true, detail };
      return { ok: false, detail, ...(outcome === "refused" && { code: "conflict" }) };
    },
    endGrant(pillarId, grantId) {
      const found = addressee(options.state(), pillarId, Date.now());
      if (!found.ok) return;
      const message = signCommand(
        options.authority,
        addressed(found, { name: "end-grant", grantId }),
      );
      options.send(pillarId, { channel: "command", message });
    },
    onReport(pillarId, report) {
      if (report.type !== "command-result") return;
      const { commandId, outcome, detail, confirmedAfterMs } = report;
      const waiting = awaited.get(commandId);
      if (waiting?.pillarId !== pillarId) return;
      const measured = confirmedAfterMs === undefined ? {} : { confirmedAfterMs };
      waiting.settle({ outcome, detail: detail || outcome, ...measured });
    },
  };
}

interface SirenWish {
  readonly pillarId: PillarId;
  readonly request: CommandRequest;
  readonly by: Actor;
}

/** Who may order a siren may also end it, for whatever incident it sounds. */
function whyNoSiren(
  state: HubState,
  { pillarId, request, by }: SirenWish,
): CommandSent | undefined {
  const { command, reason } = request;
  const isOff = command.name === "siren" && !command.on;
  const person = personOf(by);
  const open = [...state.incidents.values()].filter((incident) => incident.pillarId === pillarId);
  const isOfHandler = open.some((incident) => may(person, "siren:sound", { incident }));
  const mayWithReason = may(person, "siren:sound", { hasReason: true });
  if (isOff || isOfHandler || (mayWithReason && reason !== undefined)) return undefined;
  const expected = mayWithReason
    ? "expected a reason: the siren of a pillar whose incident is not yours is kept with it"
    : `expected the owner of an open incident at ${pillarId}, or a supervisor with a reason`;
  return { ok: false, code: "forbidden", detail: expected };
}

/** On and off again is always possible; on again only so often. */
const SIRENS: Rate = { burst: 2, intervalMs: 10_000, maxWaitMs: 0 };

function whyNotYet(
  nextAt: Map<PillarId, number>,
  pillarId: PillarId,
  isOn: boolean,
): CommandSent | undefined {
  if (!isOn) return undefined;
  const turn = takeTurn(SIRENS, nextAt.get(pillarId) ?? 0, performance.now());
  if (turn.ok) {
    nextAt.set(pillarId, turn.nextAt);
    return undefined;
  }
  const detail = `expected one siren in ${SIRENS.intervalMs / 1000} s at one pillar, found more`;
  return { ok: false, code: "too-many-requests", detail };
}

function waitFor(
  awaited: Map<CommandId, Awaited>,
  commandId: CommandId,
  { id: pillarId, presence }: Pick<PillarRecord, "id" | "presence">,
): Promise<Result> {
  return new Promise((resolve) => {
    const settle = (result: Result): void => {
      clearTimeout(timer);
      awaited.delete(commandId);
      resolve(result);
    };
    const detail = `no answer within ${RESULT_WITHIN_MS / 1000} s; the pillar is ${presence}`;
    const timer = setTimeout(() => settle({ outcome: "unanswered", detail }), RESULT_WITHIN_MS);
    awaited.set(commandId, { pillarId, settle });
  });
}

export function signCommand(authority: Pick<Authority, "sign">, to: Addressed): Command {
  const body = commandBody(to, { commandId: newId(), issuedWallMs: Date.now() });
  return { v: 1, body, sig: authority.sign(canonicalJson(body)) };
}
