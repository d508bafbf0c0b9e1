/**
 * A serial line without hardware: a pseudo-terminal whose far end is two pipes.
 *
 * The one idea: `script` of util-linux opens the terminal; it is on every Debian and Ubuntu
 * (package bsdutils is essential), so nothing has to be installed or compiled. The shell inside
 * sets raw mode, says the device's name, holds the line open, and ends when this process does. The
 * one limit: Linux; other systems have another `script`.
 */
import { spawn } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";

export interface PseudoTerminal {
  /** `/dev/pts/N`, behind the link. */
  readonly device: string;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  write(bytes: Uint8Array): void;
  onClosed(listener: (reason: string) => void): void;
  /** Pulls the cable: the device vanishes. */
  close(): Promise<void>;
}

/** A slow machine needs a second; one that needs ten is not going to. */
const OPEN_TIMEOUT_MS = 10_000;

/** Opens a terminal and links it as `link`, replacing what was there. */
export async function openPseudoTerminal(link: string): Promise<PseudoTerminal> {
  const isAlive = `kill -0 ${process.pid} 2>/dev/null`;
  const hold = `stty raw -echo && tty && while ${isAlive}; do sleep 1; done`;
  const child = spawn("script", ["-q", "-E", "never", "-c", hold, "/dev/null"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, SHELL: "/bin/sh" },
  });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint = String(text).slice(0, 400)));
  child.stdin.on("error", (error) => (complaint = error.message));
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(`script ended with ${signal ?? code} ${complaint}`.trim()),
    );
  });
  const device = await Promise.race([
    deviceName(child.stdout),
    ended.then((reason) => Promise.reject(new Error(cannotOpen(reason)))),
  ]).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  rmSync(link, { force: true });
  symlinkSync(device, link);
  return {
    device,
    onBytes: (listener) => child.stdout.on("data", listener),
    write: (bytes) => {
      if (child.stdin.writable) child.stdin.write(bytes);
    },
    onClosed: (listener) => void ended.then(listener),
    async close() {
      rmSync(link, { force: true });
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function deviceName(stdout: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(
      () => reject(new Error(cannotOpen(`no device within ${OPEN_TIMEOUT_MS} ms`))),
      OPEN_TIMEOUT_MS,
    );
    const read = (bytes: Buffer): void => {
      text += String(bytes);
      const found = /(\/dev\/\S+)\r?\n/.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      stdout.off("data", read);
      resolve(found);
    };
    stdout.on("data", read);
  });
}

function cannotOpen(reason: string): string {
  return (
    `expected a pseudo-terminal from script (util-linux), found: ${reason}. ` +
    "Install the package bsdutils (or util-linux), and check that /dev/pts is mounted."
  );
}
