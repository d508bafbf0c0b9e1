/** A fleet in a process of its own, from the side of the measuring program. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import type { FleetReport, FleetWanted, PressRequest } from "./fleet.ts";
import type { FleetRequest, FromFleet, ToFleet } from "./fleet-child.ts";

/** A thousand pillars in one process make more short-lived things than one does. */
const YOUNG_GENERATION = ["--max-semi-space-size=32"];

export interface FleetProcess {
  pid(): number;
  start(): Promise<void>;
  press(request: PressRequest): Promise<void>;
  report(): Promise<FleetReport>;
  /** Every pillar says farewell, and the process ends; a second time nothing happens. */
  stop(): Promise<void>;
}

/** `file`: where the fleet's keys lie meanwhile; its directory is the caller's to remove. */
export function startFleet(file: string, wanted: FleetWanted): FleetProcess {
  writeFileSync(file, JSON.stringify(wanted), { mode: 0o600 });
  const child = fork(join(import.meta.dirname, "fleet-child.ts"), [file], {
    execArgv: YOUNG_GENERATION,
  });
  const answered = new Map<number, (answer: FromFleet) => void>();
  const failed = new Map<number, (error: Error) => void>();
  let number = 0;
  child.on("message", (answer: FromFleet) => {
    answered.get(answer.number)?.(answer);
    answered.delete(answer.number);
    failed.delete(answer.number);
  });
  const ended = once(child, "exit");
  child.once("exit", () => {
    for (const fail of failed.values()) fail(new Error("the fleet's process ended"));
  });
  const ask = (request: FleetRequest): Promise<FromFleet> =>
    new Promise((resolve, reject) => {
      number += 1;
      answered.set(number, resolve);
      failed.set(number, reject);
      child.send({ number, request } satisfies ToFleet);
    });
  return {
    pid: () => child.pid ?? 0,
    start: async () => void (await ask({ type: "start" })),
    press: async (request) => void (await ask({ type: "press", ...request })),
    report: async () => {
      const { report } = await ask({ type: "report" });
      if (!report) throw new Error("bug: the fleet answered without a report");
      return report;
    },
    stop: async () => {
      if (!child.connected) return;
      await ask({ type: "stop" });
      child.disconnect();
      await ended;
    },
  };
}

/** Behind the hub, and behind the pillars that are measured. */
const NICENESS = 5;

/**
 * One fleet in two processes: the first pillars, who press, and all others. On a street each has a
 * processor of its own; here the thousands must not delay those that are measured.
 */
export function startFleetApart(file: string, wanted: FleetWanted, apart: number): FleetProcess {
  const { pillars } = wanted.enrolment;
  const part = (name: string, own: typeof pillars): FleetProcess =>
    startFleet(`${file}.${name}`, { ...wanted, enrolment: { ...wanted.enrolment, pillars: own } });
  const first = part("first", pillars.slice(0, apart));
  const others = part("others", pillars.slice(apart));
  setPriority(others.pid(), NICENESS);
  const both = <T>(ask: (fleet: FleetProcess) => Promise<T>): Promise<[T, T]> =>
    Promise.all([ask(first), ask(others)]);
  return {
    pid: () => others.pid(),
    start: async () => {
      await first.start();
      await others.start();
    },
    press: async (request) => {
      if (request.first + request.count > apart) throw new Error(`bug: only ${apart} stand apart`);
      await first.press(request);
    },
    report: async () => {
      const [one, other] = await both((fleet) => fleet.report());
      return {
        pillars: [...one.pillars, ...other.pillars],
        presses: [...one.presses, ...other.presses],
        fallbackRequests: one.fallbackRequests + other.fallbackRequests,
        downs: [...one.downs, ...other.downs],
      };
    },
    stop: async () => void (await both((fleet) => fleet.stop())),
  };
}
