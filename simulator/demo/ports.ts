/**
 * Whether a port can be had, before anything is started
 * that would only fail later and less clearly.
 */
import { createServer } from "node:net";

export interface WantedPort {
  readonly port: number;
  readonly what: string;
  /** The option that moves it. */
  readonly option: string;
}

/** One complaint for each port somebody else holds. */
export async function takenPorts(wanted: readonly WantedPort[]): Promise<string[]> {
  const complaints: string[] = [];
  for (const { port, what, option } of wanted) {
    const code = await failureToListen(port);
    if (code === undefined) continue;
    const why = code === "EADDRINUSE" ? "is in use by another program" : `cannot be had (${code})`;
    complaints.push(
      `Port ${port} (${what}) ${why}. End that program, or choose another port: ${option} N`,
    );
  }
  return complaints;
}

function failureToListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(undefined)));
  });
}
