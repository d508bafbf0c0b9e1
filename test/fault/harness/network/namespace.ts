/**
 * A network of its own for one process, joined to ours by one cable that can lose packets at
 * random, or be narrow.
 *
 * The one limit: Linux, root, iproute2 and nftables; without them the tests say so and are skipped.
 */
import { execFileSync } from "node:child_process";
import type { Surroundings } from "../programs/process.ts";
import { missing } from "../programs/tool.ts";

export interface Namespace {
  /** Our end, as the process inside sees us. */
  readonly outside: string;
  readonly around: Surroundings;
  /** Packets lost of a hundred, each way. */
  lose(percent: number): void;
  /** Packets lost since then. */
  lost(): number;
  /**
   * The cable carries so many kbit/s each way; what does
   * not fit waits 400 ms at most, and is dropped.
   */
  narrow(kbit: number): void;
  /** Packets from inside that did not fit. */
  dropped(): number;
  remove(): void;
}

const run = (file: string, ...args: readonly string[]): void => {
  execFileSync(file, args, { stdio: ["ignore", "ignore", "pipe"] });
};

/**
 * In words why not, when the kernel or the rights forbid
 * it. `n`: which one of this process, from 0 to 39.
 */
export function newNamespace(n = 0): Namespace | string {
  const name = `anzhu-${process.pid}-${n}`;
  const net = `10.${200 + n}.${process.pid % 250}`;
  const [near, far] = [`az${process.pid}a${n}`, `az${process.pid}b${n}`];
  const inside = (...args: readonly string[]): void => run("ip", "netns", "exec", name, ...args);
  try {
    run("ip", "netns", "add", name);
  } catch (error) {
    return `needs a network namespace: ${String(error)}`;
  }
  try {
    run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
    run("ip", "addr", "add", `${net}.1/24`, "dev", near);
    run("ip", "link", "set", near, "up");
    inside("ip", "addr", "add", `${net}.2/24`, "dev", far);
    inside("ip", "link", "set", far, "up");
    inside("ip", "link", "set", "lo", "up");
  } catch (error) {
    run("ip", "netns", "del", name);
    return `needs a network namespace with a cable: ${String(error)}`;
  }
  return {
    outside: `${net}.1`,
    around: { wrap: ["ip", "netns", "exec", name] },
    lose(percent) {
      inside("nft", "flush", "ruleset");
      if (percent === 0) return;
      const chance = percent < 100 ? `numgen random mod 100 < ${percent}` : "";
      const drop = `oifname != "lo" ${chance} counter drop`;
      const dropIn = drop.replace("oifname", "iifname");
      inside("nft", "add table inet loss");
      inside("nft", "add chain inet loss out { type filter hook output priority 0 ; }");
      inside("nft", "add chain inet loss in { type filter hook input priority 0 ; }");
      inside("nft", `add rule inet loss out ${drop}`);
      inside("nft", `add rule inet loss in ${dropIn}`);
    },
    lost: () => {
      const rules = execFileSync("ip", ["netns", "exec", name, "nft", "list", "ruleset"]);
      const counts = String(rules).matchAll(/counter packets (\d+)/g);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    narrow(kbit) {
      const shaper = `root tbf rate ${kbit}kbit burst 3200 latency 400ms`.split(" ");
      run("tc", "qdisc", "replace", "dev", near, ...shaper);
      inside("tc", "qdisc", "replace", "dev", far, ...shaper);
    },
    dropped: () => {
      const seen = execFileSync("ip", [
        "netns",
        "exec",
        name,
        "tc",
        "-s",
        "qdisc",
        "show",
        "dev",
        far,
      ]);
      return Number(/dropped (\d+)/.exec(String(seen))?.[1]);
    },
    remove: () => run("ip", "netns", "del", name),
  };
}

/** Throws in words when they cannot be had here. */
export function mustHaveNamespaces(who: string, count: number): Namespace[] {
  const reason = missing("ip", "nft");
  if (reason !== undefined) throw new Error(`${who} ${reason}`);
  const cables: Namespace[] = [];
  for (let n = 0; n < count; n += 1) {
    const cable = newNamespace(n);
    if (typeof cable === "string") {
      for (const one of cables) one.remove();
      throw new Error(`${who} ${cable}`);
    }
    cables.push(cable);
  }
  return cables;
}
