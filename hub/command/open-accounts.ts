/** The accounts as the command line opens them: beside a hub that may be running. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ClosableAccounts } from "../accounts/accounts.ts";
import { loadConfig } from "./settings-file.ts";

export async function withAccounts<T>(
  file: string,
  work: (accounts: ClosableAccounts) => Promise<T>,
): Promise<T> {
  const config = loadConfig(file);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const { openAccounts } = await import("../accounts/accounts.ts");
  const accounts = openAccounts(join(config.dataDir, "accounts.db"));
  try {
    return await work(accounts);
  } finally {
    accounts.close();
  }
}
