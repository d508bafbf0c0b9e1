/** Writes two pairs over each other in turn until the process is killed. */
import { readTlsPair, writeTlsPair } from "../../../../device/adapters/identity/tls-pair.ts";

const [file = "", ...sources] = process.argv.slice(2);
const pairs = sources.map((source) => readTlsPair(source));
process.stdout.write("writing\n");
for (let n = 0; ; n += 1) writeTlsPair(file, pairs[n % pairs.length]!);
