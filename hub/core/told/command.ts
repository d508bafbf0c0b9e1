/** What a command says: for one boot and one session of one pillar, without effect after its time. */
import type { CommandId, PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { CommandBody, PillarCommand } from "../../../shared/protocol/command.ts";
import type { HubEffect } from "../events.ts";

const EXPIRES_IN_MS = 10_000;

export interface Addressed {
  readonly pillarId: PillarId;
  readonly command: PillarCommand;
  readonly bootEpoch: number;
  readonly sessionNonce: SessionNonce;
}

/** What the hub signs. `issuedWallMs`: Unix ms. */
export const commandBody = (
  to: Addressed,
  given: { readonly commandId: CommandId; readonly issuedWallMs: number },
): CommandBody => ({ v: 1, ...given, ...to, expiresInMs: EXPIRES_IN_MS });

export const resendOf = ({
  pillarId,
  fromSeq,
  bootEpoch,
  sessionNonce,
}: Extract<HubEffect, { type: "ask-resend" }>): Addressed => ({
  pillarId,
  command: { name: "resend", fromSeq },
  bootEpoch,
  sessionNonce,
});
