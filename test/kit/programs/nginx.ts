/**
 * A real nginx with the lines that stand in docs/reverse-proxy.md, so that the document is proven.
 *
 * The one limit: it must be installed; without it the tests say so and are skipped.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { parse } from "yaml";
import type { KeyAndCert } from "../../../hub/identity/certificates.ts";
import { until } from "../../../simulator/demo/hub-client.ts";
import { ROOT } from "../../../simulator/live/program.ts";

const READY_MS = 10_000;
const PLACES = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];

export interface Nginx {
  close(): Promise<void>;
}

export interface NginxWanted {
  /** For its files; made when it is not there. */
  readonly dir: string;
  readonly port: number;
  readonly hubPort: number;
  readonly tls: KeyAndCert;
  /** Which block of the page. */
  readonly kind: Documented;
  /** Changes the lines, for a test that needs others. */
  readonly change?: (documented: string) => string;
}

/** The page's two ways. */
export type Documented = "name" | "path";

/** Why a test cannot run here; `undefined` when it can. */
export function noNginx(): string | undefined {
  return program() ? undefined : "needs nginx; install it with apt-get";
}

const program = (): string | undefined => PLACES.find((path) => existsSync(path));

/** Everything else is as nginx has it by default. */
export async function startNginx(wanted: NginxWanted): Promise<Nginx> {
  const { dir, port, hubPort, tls, kind, change = (lines) => lines } = wanted;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "cert.pem"), tls.cert);
  writeFileSync(join(dir, "key.pem"), tls.key);
  const server =
    kind === "name"
      ? block("nginx", 0)
      : block("nginx", 0).replace(/ {4}location \/ \{[^]*?\n {4}\}\n/, block("nginx", 1));
  const lines = change(server)
    .replaceAll("/etc/nginx/anzhu/", `${dir}/`)
    .replace("listen 443 ssl", `listen ${port} ssl`)
    .replaceAll("127.0.0.1:8110", `127.0.0.1:${hubPort}`);
  // It would become the user www-data, who may not read a test's directory.
  const user = process.getuid?.() === 0 ? "user root;\n" : "";
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${dir}/${name};\n`)
    .join("");
  const file = join(dir, "nginx.conf");
  writeFileSync(
    file,
    `${user}pid ${dir}/nginx.pid;\nworker_processes 1;\nevents {}\n` +
      `http {\naccess_log off;\n${temp}${lines}\n}\n`,
  );
  const log = join(dir, "error.log");
  const child = spawn(
    program() ?? "nginx",
    ["-p", dir, "-c", file, "-e", log, "-g", "daemon off;"],
    {
      stdio: "ignore",
    },
  );
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  if (await until(READY_MS, () => listens(port))) return { close };
  await close();
  throw new Error(`nginx does not listen:\n${existsSync(log) ? readFileSync(log, "utf8") : ""}`);
}

/** The hub's settings beside these lines. */
export function documentedSettings(kind: Documented): Readonly<Record<string, unknown>> {
  const settings: unknown = parse(block("yaml", kind === "name" ? 0 : 1));
  return (settings as { http: Record<string, unknown> }).http;
}

function block(language: "nginx" | "yaml", index: number): string {
  const page = readFileSync(join(ROOT, "docs/reverse-proxy.md"), "utf8");
  const [, found] =
    [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))][index] ?? [];
  if (found === undefined) throw new Error(`docs/reverse-proxy.md has no ${language} ${index}`);
  return found;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
