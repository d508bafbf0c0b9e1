/**
 * A disk whose power can be cut: what was synced survives, what was only written does not.
 *
 * An ext4 on a loop device whose image lies on a btrfs, both inside a mount namespace that ends
 * with us. A reflink of the image is what the platters hold at that instant; mounted again, it is
 * the disk a machine finds when the power returns.
 *
 * The one limit: blocks the file system has handed over are on the disk in their order. Disks that
 * lie about a flush or reorder behind it are the simulator's (`simulator/world/faults/disk.ts`).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { ROOT } from "../../../../simulator/live/program.ts";
import { seenBy } from "./disk.ts";
import type { Surroundings } from "../programs/process.ts";
import { missing } from "../programs/tool.ts";

/** Both sparse: they take what is written and no more. */
const BTRFS_MIB = 4096;
const EXT4_MIB = 1024;

export interface PowerRig {
  /** Runs a program on this disk. */
  readonly around: Surroundings;
  /** A file of the disk as anybody may read it, also while no program runs on it. */
  seen(path: string): string;
  /** The instant: what the disk holds now is all that will be left. */
  cut(): Promise<void>;
  /**
   * The power is back, and the disk as it was at the instant. The program on it must have ended.
   */
  restore(): Promise<void>;
  /**
   * The file system finds an error of its disk and turns
   * read-only under the program that runs on it.
   */
  turnReadOnly(): Promise<void>;
  /** Looked through and mounted again. The program on it must have ended. */
  repair(): Promise<void>;
  /** Runs one line of shell on the disk's side. */
  run(line: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Puts `dir`, and what it holds, on such a disk; in words
 * why not, where the kernel or the rights forbid it.
 */
export async function openPowerRig(dir: string, mib = EXT4_MIB): Promise<PowerRig | string> {
  const reason = missing("unshare", "nsenter", "mount", "mkfs.btrfs", "mkfs.ext4");
  if (reason !== undefined) return reason;
  const work = `${dir}.power`;
  mkdirSync(work, { recursive: true });
  const namespace = openMountNamespace();
  const [outer, image, cut] = [`${work}/outer`, `${work}/outer/disk.img`, `${work}/outer/cut.img`];
  const mount = `mount -o loop,errors=remount-ro ${image} ${dir}`;
  const device = `$(findmnt -no SOURCE ${dir})`;
  try {
    await namespace.run(`mkdir -p ${outer} && truncate -s ${BTRFS_MIB}M ${work}/btrfs.img`);
    await namespace.run(
      `mkfs.btrfs -q ${work}/btrfs.img && mount -o loop ${work}/btrfs.img ${outer}`,
    );
    await namespace.run(`truncate -s ${mib}M ${image} && mkfs.ext4 -q ${image}`);
    await namespace.run(`mkdir ${work}/held && cp -a ${dir}/. ${work}/held`);
    await namespace.run(`${mount} && cp -a ${work}/held/. ${dir} && sync`);
  } catch (error) {
    await namespace.end();
    return `needs btrfs and ext4 on loop devices: ${String(error)}`;
  }
  return {
    around: { wrap: ["nsenter", "-t", String(namespace.pid), "-m", `--wdns=${ROOT}`] },
    seen: (path) => seenBy(namespace.pid, path),
    cut: () => namespace.run(`cp --reflink=always ${image} ${cut}`),
    restore: () => namespace.run(`umount -l ${dir} && mv ${cut} ${image} && ${mount}`),
    turnReadOnly: () =>
      namespace.run(`echo 1 > /sys/fs/ext4/$(basename ${device})/trigger_fs_error`),
    // e2fsck answers 1 when it has mended something.
    repair: () =>
      namespace.run(`umount -l ${dir} && { e2fsck -fy ${image} || [ $? -le 1 ]; } && ${mount}`),
    run: namespace.run,
    close: namespace.end,
  };
}

interface MountNamespace {
  readonly pid: number;
  run(line: string): Promise<void>;
  end(): Promise<void>;
}

/**
 * A shell in a mount namespace of its own: it ends when its input does, and every mount with it.
 */
function openMountNamespace(): MountNamespace {
  const child = spawn("unshare", ["-m", "sh"], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += String(text)));
  return {
    pid: child.pid ?? 0,
    async run(line) {
      said = "";
      child.stdin.write(`{ ${line}; } >&2; echo $?\n`);
      const { value, done } = await answers.next();
      if (done === true || value !== "0") throw new Error(`${line}: ${said.trim() || "no answer"}`);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
