/** `node make-database.ts <which> <file>`: makes one of the databases, and ends. */
import { openStore } from "../../../../device/adapters/ledger/ledger-store.ts";
import { openAccounts } from "../../../../hub/accounts/accounts.ts";
import { openEnrolments } from "../../../../hub/identity/enrolments.ts";
import { JOURNAL_SHAPE } from "../../../../hub/journal/schema.ts";
import { openShaped } from "../../../../shared/host/sqlite.ts";

export const MAKERS: Readonly<Record<string, (file: string) => { close(): void }>> = {
  journal: (file) => openShaped(file, JOURNAL_SHAPE),
  accounts: openAccounts,
  enrolments: openEnrolments,
  ledger: openStore,
};

if (import.meta.main) {
  const [which = "", file = ""] = process.argv.slice(2);
  MAKERS[which]?.(file).close();
}
