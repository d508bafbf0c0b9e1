/** What docs/external-broker.md says, for the brokers the tests run with it. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { ROOT } from "../../../simulator/live/program.ts";

/** The fenced block of this language in the document. */
export function documented(language: "conf" | "acl" | "nats"): string {
  const page = readFileSync(join(ROOT, "docs/external-broker.md"), "utf8");
  const [, block] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page) ?? [];
  if (block === undefined) throw new Error(`docs/external-broker.md holds no ${language}`);
  return block;
}

/** Whether something accepts connections at this port of this machine. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
