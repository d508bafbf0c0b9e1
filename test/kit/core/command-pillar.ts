/** A command for a false pillar, in its present session and in time. */
import { CommandId } from "../../../shared/ids.ts";
import type { CommandBody, PillarCommand } from "../../../shared/protocol/command.ts";
import { after } from "./effects.ts";
import { NONCE, PILLAR, type FalsePillar } from "./pillar-core.ts";

let commands = 0;

/** `result`: what the pillar said of it, "done: blinking" perhaps; false when it said nothing. */
export function command(pillar: FalsePillar, given: PillarCommand, change: object = {}) {
  const commandId = CommandId.parse((++commands).toString(16).padStart(32, "0"));
  const body = {
    ...{ v: 1, commandId, pillarId: PILLAR, command: given, bootEpoch: 1, sessionNonce: NONCE },
    ...{ issuedWallMs: 5000 + pillar.now(), expiresInMs: 10_000 },
    ...change,
  } as CommandBody;
  const effects = after(pillar, () => pillar.tell({ type: "command-received", body }));
  const results = effects.flatMap((one) =>
    one.type === "publish" && one.message.channel === "report" ? [one.message.message] : [],
  );
  const [result] = results;
  return {
    effects,
    results: results.length,
    result: result?.type === "command-result" && `${result.outcome}: ${result.detail}`,
    commandId,
    body,
  };
}
