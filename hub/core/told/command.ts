/** What a command says: for one boot and one session of one pillar, without effect after its time. */
import type { CommandId, PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { CommandBody, PillarCommand } from "../../../shared/protocol/command.ts";
import type { HubEffect } from "../events.ts";
import { isTrusted } from "../pillar/pillar-registry.ts";
import { sessionOf } from "../pillar/session.ts";
import type { HubState } from "../state/hub-state.ts";
import type { PillarRecord } from "../state/pillar-record.ts";

const EXPIRES_IN_MS = 10_000;

export interface Addressed {
  readonly pillarId: PillarId;
  readonly command: PillarCommand;
  readonly bootEpoch: number;
  readonly sessionNonce: SessionNonce;
}

export type Addressee =
  | { readonly ok: false; readonly detail: string }
  | {
      readonly ok: true;
      readonly pillar: PillarRecord;
      readonly bootEpoch: number;
      readonly sessionNonce: SessionNonce;
    };

/** The session of a pillar that a command can be signed for. `at`: Unix ms. */
export function addressee(state: HubState, pillarId: PillarId, at: number): Addressee {
  const pillar = state.pillars.get(pillarId);
  if (!pillar) return { ok: false, detail: `no such pillar: ${pillarId}` };
  const { bootEpoch } = pillar;
  const sessionNonce = sessionOf(state, pillarId);
  if (bootEpoch === null || !sessionNonce) {
    return { ok: false, detail: `${pillarId} has not been heard since it connected` };
  }
  if (!isTrusted(pillar, at)) {
    return { ok: false, detail: `the identity of ${pillarId} is in doubt: enrol it again` };
  }
  return { ok: true, pillar, bootEpoch, sessionNonce };
}

export const addressed = (
  { pillar, bootEpoch, sessionNonce }: Addressee & { readonly ok: true },
  command: PillarCommand,
): Addressed => ({ pillarId: pillar.id, command, bootEpoch, sessionNonce });

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
