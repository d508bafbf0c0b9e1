/**
 * Where the hub's own keys lie: written once, whole, readable by nobody else.
 *
 * Each file is complete or absent: it is written beside its name, synced and renamed.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../../shared/host/whole-file.ts";

export interface AuthorityFiles {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

export async function openAuthorityFiles(directory: string): Promise<AuthorityFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    read: async (name) => {
      try {
        return await readFile(join(directory, name), "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw new Error(
          `The hub's keys must be readable: ${join(directory, name)}: ${String(error)}. ` +
            "Start the hub as the user who owns its data directory.",
          { cause: error },
        );
      }
    },
    write: async (name, text) => await writeWhole(join(directory, name), text),
  };
}
