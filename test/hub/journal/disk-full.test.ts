import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tempDir } from "../../kit/journal/directory.ts";

const CHILD = fileURLToPath(new URL("./fill-disk.ts", import.meta.url));
const canMount = spawnSync("unshare", ["--mount", "true"]).status === 0;

test.skipIf(!canMount)(
  "a full disk refuses facts and loses none; with room again it goes on (needs mount namespaces)",
  { timeout: 60_000 },
  () => {
    const directory = tempDir();
    const script = 'mount -t tmpfs -o size=4m tmpfs "$1" && exec "$2" "$3" "$1"';
    const args = ["--mount", "sh", "-c", script, "sh", directory, process.execPath, CHILD];
    const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
    expect(stderr).not.toContain("Error");
    const told = JSON.parse(stdout) as { last: number; reason: string; shut: string; kept: number };
    expect(told.reason).toContain("the journal cannot be written");
    expect(told.shut).toBe("refused");
    expect(told.kept).toBe(1 + told.last * 3);
  },
);
