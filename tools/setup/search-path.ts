/** Where programs of the machine are looked for. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** An ordinary Debian user has these in no PATH, though the tools in them are there. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where the program lies, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...SYSTEM_FOLDERS]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

export const isOnPath = (name: string): boolean => findProgram(name) !== undefined;
