/**
 * What comes from outside, as the core is told it.
 *
 * Every message that changes what a person sees or hears must carry the hub's own signature. For
 * which session and in which order it was said is looked at later (`heed.ts`).
 */
import { assertNever } from "../../shared/assert.ts";
import type { CanonicalValue } from "../../shared/canonical-json.ts";
import type { EventId, Signature } from "../../shared/ids.ts";
import type { Accepted } from "../../shared/protocol/accepted.ts";
import type { DownMessage } from "../../shared/protocol/messages.ts";
import type { Told } from "./events.ts";
import type { LedgerNews } from "./state/kept.ts";

/** Whether `sig` is the hub's signature of `body`. */
export type IsFromHub = (body: CanonicalValue, sig: Signature) => boolean;

export function toldByLink(down: DownMessage, isFromHub: IsFromHub): Told {
  const refused = (reason: string): Told => ({
    type: "message-refused",
    channel: down.channel,
    reason,
  });
  switch (down.channel) {
    case "accepted": {
      const { receipt, sig } = down.message;
      return isFromHub(receipt, sig)
        ? { type: "accepted", receipt, via: "link" }
        : refused("the receipt is not signed by our hub");
    }
    case "command": {
      const { body, sig } = down.message;
      return isFromHub(body, sig)
        ? { type: "command-received", body }
        : refused("the command is not signed by our hub");
    }
    case "call": {
      const { body, sig } = down.message;
      return isFromHub(body, sig)
        ? { type: "call-told", body }
        : refused("it is not signed by our hub");
    }
    case "signal": {
      const { body, sig } = down.message;
      return isFromHub(body, sig)
        ? { type: "signalled", body }
        : refused("it is not signed by our hub");
    }
    default:
      return assertNever(down);
  }
}

/**
 * The answer to an alarm by HTTPS. A receipt must say the same, signed by the same hub, as one over
 * the link. `undefined`: the hub has taken the alarm, and its receipt is still to come.
 */
export function toldByHttps(
  eventId: EventId,
  accepted: Accepted | undefined,
  isFromHub: IsFromHub,
): Told {
  const failed = (reason: string): Told => ({ type: "fallback-failed", eventId, reason });
  if (!accepted) return failed("taken by the hub, its receipt is still to come");
  const { receipt, sig } = accepted;
  if (!isFromHub(receipt, sig)) return failed("the receipt is not signed by our hub");
  if (receipt.eventId !== eventId) return failed(`that is the receipt of ${receipt.eventId}`);
  return { type: "accepted", receipt, via: "https" };
}

export function toldByLedger(news: LedgerNews): Told {
  if (news.type === "back") return { ...news, type: "ledger-back" };
  return { type: `ledger-${news.type}`, reason: news.reason };
}
