/** The accounts as the command line opens them: beside a hub that may be running. */
import { join } from "node:path";
import type { ClosableAccounts } from "../accounts/accounts.ts";
import { loadConfig } from "./settings-file.ts";

export async function withAccounts<T>(
  file: string,
  work: (accounts: ClosableAccounts) => Promise<T>,
): Promise<T> {
  const { dataDir } = loadConfig(file);
  const { openAccounts } = await import("../accounts/accounts.ts");
  const accounts = openAccounts(join(dataDir, "accounts.db"));
  try {
    return await work(accounts);
  } finally {
    accounts.close();
  }
}
