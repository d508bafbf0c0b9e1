/** A program's disk that begins to fail while the program runs, and ends to fail. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * From now on each sync of this database fails in that process; resolves when it does, with the way
 * to end it. Needs root and strace.
 */
export async function failSyncs(pid: number, database: string): Promise<() => Promise<void>> {
  const files = ["", "-wal"].flatMap((suffix) => ["-P", `${database}${suffix}`]);
  const inject = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
  const args = ["-f", "-o", "/dev/null", "-p", String(pid), ...files, ...inject];
  const tracer = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(tracer, "exit");
  // Its first words say that it is attached, or why not.
  const [words] = (await Promise.race([once(tracer.stderr, "data"), ended])) as [unknown];
  if (!String(words).includes("attached")) throw new Error(`strace: ${String(words)}`);
  return async () => {
    tracer.kill("SIGINT");
    await ended;
  };
}
