/** Many pillars at protocol level whose presses came while the hub was down. */
import type { SealedAlarm } from "../../../../device/core/state/kept.ts";
import type { Street } from "./street.ts";
import { wirePillar, type WireLink } from "../network/wire-pillar.ts";

export interface Unaccepted {
  /** Every person presses; nothing is sent yet. */
  press(): Promise<void>;
  /** All connect at once and send everything they hold. */
  send(): Promise<void>;
  /** Alarms without a receipt. */
  left(): number;
  close(): Promise<void>;
}

export async function unaccepted(
  street: Street,
  { pillars: count, presses }: { readonly pillars: number; readonly presses: number },
): Promise<Unaccepted> {
  const names = Array.from({ length: count }, (_, n) => `waiting-${n}`);
  const pillars = await Promise.all(names.map((name) => wirePillar(street, name)));
  const held = pillars.map((pillar) => ({ pillar, alarms: [] as SealedAlarm[] }));
  let links: { readonly link: WireLink; readonly alarms: readonly SealedAlarm[] }[] = [];
  return {
    press: () => {
      for (const { pillar, alarms } of held) {
        for (let n = 0; n < presses; n += 1) {
          const alarm = pillar.seal();
          const { eventId, wallMs: at, pillarId } = alarm.event;
          street.history.record({ what: "press", at, pillarId, eventId });
          alarms.push(alarm);
        }
      }
      return Promise.resolve();
    },
    send: async () => {
      links = await Promise.all(
        held.map(async ({ pillar, alarms }) => ({ link: await pillar.connect(), alarms })),
      );
      await Promise.all(
        links.flatMap(({ link, alarms }, i) =>
          alarms.map((alarm) => link.publish("alarm", pillars[i]!.envelope(alarm))),
        ),
      );
    },
    left: () =>
      links.reduce(
        (sum, { link, alarms }) => sum + alarms.filter((alarm) => !link.isAccepted(alarm)).length,
        0,
      ),
    close: async () => {
      await Promise.all(pillars.map((pillar) => pillar.close()));
    },
  };
}
