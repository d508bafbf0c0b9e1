/**
 * A fleet in a process of its own, so that its work
 * is not the hub's and not that of whoever measures.
 *
 * Requests come through the channel and are answered
 * by their number; when the channel closes, it ends.
 */
import { readFileSync } from "node:fs";
import { newFleet, type FleetReport, type FleetWanted, type PressRequest } from "./fleet.ts";

export type FleetRequest =
  | { readonly type: "start" }
  | ({ readonly type: "press" } & PressRequest)
  | { readonly type: "report" }
  | { readonly type: "stop" };

export interface ToFleet {
  readonly number: number;
  readonly request: FleetRequest;
}

export interface FromFleet {
  readonly number: number;
  /** Of `report` only. */
  readonly report?: FleetReport;
}

const [file = ""] = process.argv.slice(2);
const fleet = newFleet(JSON.parse(readFileSync(file, "utf8")) as FleetWanted);

async function perform(request: FleetRequest): Promise<FleetReport | undefined> {
  switch (request.type) {
    case "start":
      await fleet.start();
      return undefined;
    case "press":
      await fleet.press(request);
      return undefined;
    case "report":
      return fleet.report();
    case "stop":
      await fleet.stop();
      return undefined;
  }
}

async function answer({ number, request }: ToFleet): Promise<void> {
  const report = await perform(request);
  process.send?.({ number, ...(report && { report }) } satisfies FromFleet);
}

process.on("message", (asked: ToFleet) => void answer(asked));
process.on("disconnect", () => process.exit(0));
