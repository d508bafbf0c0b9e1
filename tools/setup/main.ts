/**
 * What the demo and the tests need from the machine beside npm packages: looked for, and installed
 * when this may be done.
 *
 *     node tools/setup/main.ts demo|test
 *
 * The one idea: with everything there it costs a few milliseconds and starts nothing. As root on
 * Debian it installs what is missing; everybody else is told the command that does.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { findFfmpeg } from "../../device/media/ffmpeg.ts";
import { findChineseFont } from "./font.ts";
import { isOnPath } from "./search-path.ts";

export type Purpose = "demo" | "test";

interface Need {
  readonly what: string;
  readonly debianPackage: string;
  /** The demo shows less without it, but runs. */
  readonly isOptionalFor: readonly Purpose[];
  readonly isNeededFor: readonly Purpose[];
  isThere(): boolean | Promise<boolean>;
  /** The package starts it; tests start their own. */
  readonly service?: string;
}

const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** The end of what apt said, when it failed. */
const MAX_SAID_CHARACTERS = 2000;

/** What breaks disks, clocks and networks on purpose. */
const FAULT_TOOLS = [
  ["strace", "strace"],
  ["faketime", "faketime"],
  ["nft", "nftables"],
  ["ip", "iproute2"],
  ["unshare", "util-linux"],
  ["mkfs.btrfs", "btrfs-progs"],
] as const;

const NEEDS: readonly Need[] = [
  {
    what: "ffmpeg (the pillars' cameras and microphones)",
    debianPackage: "ffmpeg",
    isNeededFor: ["demo", "test"],
    isOptionalFor: [],
    isThere: async () => (await findFfmpeg()).ok,
  },
  {
    what: "script (the I/O board's serial line)",
    debianPackage: "bsdutils",
    isNeededFor: ["demo", "test"],
    isOptionalFor: [],
    isThere: () => isOnPath("script"),
  },
  {
    what: "a Chinese font (names in pictures and screenshots)",
    debianPackage: "fonts-noto-cjk",
    isNeededFor: ["demo", "test"],
    isOptionalFor: ["demo"],
    isThere: () => findChineseFont() !== undefined,
  },
  {
    what: "Chromium (the console's tests)",
    debianPackage: "chromium",
    isNeededFor: ["test"],
    isOptionalFor: [],
    isThere: () => existsSync(process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium"),
  },
  {
    what: "mosquitto (a broker that is not the hub's own)",
    debianPackage: "mosquitto",
    isNeededFor: ["test"],
    isOptionalFor: [],
    isThere: () => isOnPath("mosquitto"),
    service: "mosquitto",
  },
  {
    what: "nats-server (another broker that is not the hub's own)",
    debianPackage: "nats-server",
    isNeededFor: ["test"],
    isOptionalFor: ["test"],
    isThere: () => isOnPath("nats-server"),
    service: "nats-server",
  },
  {
    what: "nginx (a reverse proxy before the hub)",
    debianPackage: "nginx",
    isNeededFor: ["test"],
    isOptionalFor: ["test"],
    isThere: () => isOnPath("nginx"),
    service: "nginx",
  },
  ...FAULT_TOOLS.map(([program, debianPackage]) => ({
    what: `${program} (the fault tests)`,
    debianPackage,
    isNeededFor: ["test" as const],
    isOptionalFor: [],
    isThere: () => isOnPath(program),
  })),
];

/**
 * Returns whether the purpose can be served; says on the terminal what it does and what is missing.
 */
export async function setUp(purpose: Purpose): Promise<boolean> {
  const missing = await missingFor(purpose);
  if (missing.length === 0) return true;
  const packages = missing.map((need) => need.debianPackage);
  const whats = missing.map((need) => need.what).join(", ");
  if (process.getuid?.() === 0 && isOnPath("apt-get")) {
    console.log(`Installing ${whats} with apt-get; this takes a minute or two.`);
    const failure = await install(packages);
    if (failure !== undefined) console.error(failure);
    stopServices(missing.flatMap(({ service }) => service ?? []));
  }
  const stillMissing = await missingFor(purpose);
  if (stillMissing.length === 0) return true;
  const names = stillMissing.map((need) => need.debianPackage).join(" ");
  console.error(
    `Missing: ${stillMissing.map((need) => need.what).join(", ")}.\n` +
      `Install it with: sudo apt-get install -y --no-install-recommends ${names}`,
  );
  return stillMissing.every((need) => need.isOptionalFor.includes(purpose));
}

async function missingFor(purpose: Purpose): Promise<Need[]> {
  const missing: Need[] = [];
  for (const need of NEEDS) {
    if (need.isNeededFor.includes(purpose) && !(await need.isThere())) missing.push(need);
  }
  return missing;
}

/** Undefined, or what apt-get said at the end. */
async function install(packages: readonly string[]): Promise<string | undefined> {
  const failure = await aptGet(["update"]);
  return failure ?? aptGet(["install", "-y", "--no-install-recommends", ...packages]);
}

function stopServices(services: readonly string[]): void {
  if (services.length === 0 || !existsSync("/run/systemd/system")) return;
  spawnSync("systemctl", ["disable", "--now", ...services], { stdio: "ignore" });
}

async function aptGet(options: readonly string[]): Promise<string | undefined> {
  const child = spawn("apt-get", ["-q", ...options], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: INSTALL_TIMEOUT_MS,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on(
      "data",
      (text: Buffer) => (said = (said + text.toString()).slice(-MAX_SAID_CHARACTERS)),
    );
  }
  const [code] = (await once(child, "close")) as [number | null];
  return code === 0 ? undefined : `apt-get ${options[0]} failed:\n${said}`;
}

if (import.meta.main) {
  const purpose = process.argv[2];
  if (purpose === "demo" || purpose === "test") {
    if (!(await setUp(purpose))) process.exitCode = 1;
  } else {
    console.error(`usage: node tools/setup/main.ts demo|test (found ${purpose ?? "nothing"})`);
    process.exitCode = 2;
  }
}
