/**
 * Where ffmpeg is on this machine.
 *
 * `FFMPEG_BIN` is used or refused, and never silently ignored; then the binary that came with the
 * package (an optional dependency), then `PATH`. The result is not remembered: ffmpeg may be
 * installed while the agent runs.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

export const FFMPEG_ADVICE =
  'ffmpeg not found: install it with "apt-get install ffmpeg" or set FFMPEG_BIN';

const CORRECT = "Install ffmpeg, and correct or unset FFMPEG_BIN";
const ASKED_MS = 5000;

export type FoundFfmpeg =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: string };

export async function findFfmpeg(env: NodeJS.ProcessEnv = process.env): Promise<FoundFfmpeg> {
  const chosen = env["FFMPEG_BIN"];
  if (chosen !== undefined && chosen !== "") {
    if (await isExecutable(chosen)) return { ok: true, path: chosen };
    const reason = `FFMPEG_BIN is ${chosen}, which is not an executable file: correct or unset it`;
    return { ok: false, reason };
  }
  const packaged = packagedPath();
  const onPath = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const path of [packaged, ...onPath.map((folder) => join(folder, "ffmpeg"))]) {
    if (path !== undefined && (await isExecutable(path))) return { ok: true, path };
  }
  return { ok: false, reason: FFMPEG_ADVICE };
}

/** ffmpeg-static exports the path it would have, whether or not its download succeeded. */
function packagedPath(): string | undefined {
  try {
    const path: unknown = createRequire(import.meta.url)("ffmpeg-static");
    return typeof path === "string" ? path : undefined;
  } catch (error) {
    if (isMissingModule(error)) return undefined;
    throw error;
  }
}

function isMissingModule(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
}

async function isExecutable(path: string): Promise<boolean> {
  // A folder is executable too.
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Starts it and asks for its version; throws with advice when it is something else. */
export async function ffmpegVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["-version"], { timeout: ASKED_MS }).catch(
    (error: unknown) => {
      const found = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw new Error(`${path} was expected to be ffmpeg, found: ${found}. ${CORRECT}`);
    },
  );
  const [, version] = /^ffmpeg version (\S+)/.exec(stdout) ?? [];
  if (version !== undefined) return version;
  const found = JSON.stringify(stdout.slice(0, 60));
  throw new Error(`${path} was expected to say "ffmpeg version", found ${found}. ${CORRECT}`);
}
