/** Appends presses until it is killed, and says each one's number when it is durable. */
import { openJournal } from "../../../hub/journal/journal.ts";
import { press, registered } from "../../kit/journal/press.ts";

const [file = ""] = process.argv.slice(2);
const journal = await openJournal(file);
let seq = Math.floor((journal.nextIndex() + 1) / 3);
if (journal.nextIndex() === 1) await journal.append([registered()]);
seq = Math.max(seq, 1);
for (;;) {
  const batch = [seq, seq + 1, seq + 2];
  await Promise.all(
    batch.map(async (n) => {
      await journal.append(press(n));
      process.stdout.write(`${n}\n`);
    }),
  );
  seq += batch.length;
}
