/**
 * Identities with a real shell, journal and register: what somebody was told about an identity is
 * still true after a failed journal write, a crash at any point, and a restored backup.
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { whyNotAdmitted } from "../../../hub/core/pillar/certificate.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import type { IdentityRegister } from "../../../hub/identity/identities.ts";
import { openRegister } from "../../../hub/identity/identity-register.ts";
import type { Journal } from "../../../hub/ports.ts";
import { FAR_AHEAD, pillar } from "../../kit/core/hub-core-street.ts";
import { newHub, person, type FalseHub } from "../../kit/hub/shell-on-doubles.ts";

const ADMIN = person("root", "admin");
const stolen = { reason: "pillar-stolen", note: "" } as const;

/**
 * A hub whose journal and register can be made to fail, or to hang for ever as if the process had
 * crashed.
 */
async function fragileHub() {
  const disk = { journal: "good", register: "good" } as Record<
    "journal" | "register",
    "good" | "fails" | "hangs"
  >;
  const reached = async <T>(part: keyof typeof disk, work: () => Promise<T>): Promise<T> => {
    if (disk[part] === "fails") throw new Error("EIO");
    return disk[part] === "hangs" ? await new Promise<never>(() => {}) : await work();
  };
  const wrap = (journal: Journal): Journal => ({
    ...journal,
    append: (facts) => reached("journal", () => journal.append(facts)),
    reopen: () => Promise.reject(new Error("EIO")),
  });
  const register = (dataDir: string): IdentityRegister => {
    mkdirSync(join(dataDir, "authority"), { recursive: true });
    const whole = openRegister(dataDir, () => {});
    return { ...whole, keep: (facts) => reached("register", () => whole.keep(facts)) };
  };
  const hub = await newHub({ wrap, register });
  return { hub, disk };
}

const enrolled = (certificateSerial: string): Fact => ({
  ...{ type: "pillar-enrolled", at: Date.now(), pillarId: pillar(0) },
  ...{ certificateSerial, alarmPublicKey: "key", certificateExpiresAt: FAR_AHEAD },
});
const renewed = (replaces: string, certificateSerial: string): Fact => ({
  ...{ type: "certificate-renewed", at: Date.now(), pillarId: pillar(0) },
  ...{ replaces, certificateSerial, certificateExpiresAt: Date.now() + 9e9 },
});

const recordOf = (hub: FalseHub) => hub.shell.loop.state().pillars.get(pillar(0));
const admitted = (hub: FalseHub): string[] =>
  ["1", "2", "3"].filter((one) => whyNotAdmitted(recordOf(hub), one, Date.now()) === undefined);

/** Copies the journal; call the result to put the copy back. */
async function backUp(hub: FalseHub): Promise<() => Promise<void>> {
  const file = join(hub.dataDir, "journal.db");
  await hub.restart();
  await hub.stop();
  copyFileSync(file, `${file}.copy`);
  await hub.restart();
  return async () => {
    await hub.stop();
    copyFileSync(`${file}.copy`, file);
    await hub.restart();
  };
}

/** Both disks work again, and the hub is started again. */
async function restart({ hub, disk }: Awaited<ReturnType<typeof fragileHub>>): Promise<void> {
  Object.assign(disk, { journal: "good", register: "good" });
  await hub.restart();
}

test("an enrolment that the journal did not take is refused, and is not good after the next start", async () => {
  const fragile = await fragileHub();
  fragile.disk.journal = "fails";
  const recorded = fragile.hub.shell.commands.record([enrolled("2")]);
  await expect(recorded).rejects.toThrow("EIO");
  await restart(fragile);
  expect(admitted(fragile.hub)).toEqual(["1"]);
});

test("a renewal that the journal did not take is not good after the next start", async () => {
  const fragile = await fragileHub();
  fragile.disk.journal = "fails";
  await expect(fragile.hub.shell.commands.record([renewed("1", "2")])).rejects.toThrow("EIO");
  await restart(fragile);
  expect(admitted(fragile.hub)).toEqual(["1"]);
});

test("a revocation that the journal did not take is refused, and the pillar goes on after the next start", async () => {
  const fragile = await fragileHub();
  fragile.disk.journal = "fails";
  const told = await fragile.hub.shell.commands.revoke(pillar(0), stolen, ADMIN);
  expect(told).toMatchObject({ ok: false, code: "unavailable" });
  await restart(fragile);
  expect(admitted(fragile.hub)).toEqual(["1"]);
});

test.each(["hangs", "fails"] as const)(
  "a register that %s behind the journal brings nothing old back at the next start",
  async (state) => {
    const fragile = await fragileHub();
    const { hub, disk } = fragile;
    disk.register = state;
    void hub.shell.commands.record([enrolled("2")]);
    void hub.shell.commands.record([renewed("2", "3")]);
    await expect.poll(() => admitted(hub)).toEqual(["2", "3"]);
    await restart(fragile);
    expect(admitted(hub)).toEqual(["2", "3"]);
  },
);

test("a hub that ended between journal and register knows the revocation also after an old backup", async () => {
  const fragile = await fragileHub();
  const { hub, disk } = fragile;
  const putBack = await backUp(hub);
  disk.register = "hangs";
  void hub.shell.commands.revoke(pillar(0), stolen, ADMIN);
  await expect.poll(() => recordOf(hub)?.revocation).toMatchObject({ byName: "root" });
  await restart(fragile);
  await putBack();
  expect(recordOf(hub)?.revocation).toMatchObject({ byName: "root" });
});

test("nobody is refused for a register that cannot be written, and what it lacks goes with the next", async () => {
  const fragile = await fragileHub();
  const { hub, disk } = fragile;
  const putBack = await backUp(hub);
  disk.register = "fails";
  await hub.shell.commands.record([enrolled("2")]);
  disk.register = "good";
  await hub.shell.commands.record([renewed("2", "3")]);
  await putBack();
  expect(admitted(hub)).toEqual(["2", "3"]);
});
