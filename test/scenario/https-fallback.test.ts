/** A whole hub and a whole agent, and MQTT that takes the connection and says nothing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { startAgent } from "../../device/agent.ts";
import { enrol } from "../../device/adapters/hub/enrolment.ts";
import { AgentConfig } from "../../device/config.ts";
import { HubConfig } from "../../hub/config.ts";
import { startHub } from "../../hub/hub-process.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import { runProgram } from "../../simulator/live/program.ts";
import { silentBroker } from "../kit/wire/alarm-listener.ts";
import { deafMedia, handBoard } from "../kit/wire/hand-board.ts";
import { waitFor } from "../kit/run/wait.ts";

/** For two programs that start on a busy machine; the press itself takes five seconds. */
const PATIENCE = { timeout: 120_000 };

test(
  "a press reaches the hub by HTTPS when MQTT is silent, and lights 'received'",
  PATIENCE,
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "anzhu-https-fallback-"));
    const settings = {
      dataDir: join(dir, "hub"),
      http: { port: 0 },
      mqtt: { port: 0 },
      alarms: { port: 0 },
    };
    const file = join(dir, "hub.yaml");
    writeFileSync(file, stringify(settings));
    const enrolled = await runProgram(["hub/main.ts", "enrol", "-c", file, "pillar-1"]);
    const code = /^\s*([a-z0-9-]+:[A-Za-z0-9_-]{22}:[0-9a-f]{64})\s*$/m.exec(enrolled.output)?.[1];
    const hub = await startHub(HubConfig.parse(settings), { log: pino({ level: "silent" }) });
    const broker = await silentBroker(await openAuthority(settings.dataDir, []));
    const config = AgentConfig.parse({
      pillarId: "pillar-1",
      dataDir: join(dir, "pillar"),
      hub: {
        host: "127.0.0.1",
        mqttPort: broker.port,
        httpUrl: `http://127.0.0.1:${hub.httpPort}`,
        alarmUrls: [`https://127.0.0.1:${hub.alarmsPort}`],
      },
      board: { kind: "modbus", path: join(dir, "board") },
    });
    await enrol(config, code ?? enrolled.output);
    const board = handBoard();
    const log = (): void => undefined;
    const parts = { debug: log, info: log, warn: log, error: log };
    const agent = await startAgent(config, { log: parts, board, media: deafMedia() });
    try {
      board.press();
      await waitFor(() => expect(board.lamps.at(-1)).toBe("received"), { timeout: 40_000 });
      expect(agent.state().link.phase).not.toBe("up");
      expect(agent.state().outbox.pending.size).toBe(0);
    } finally {
      await agent.stop();
      await broker.close();
      await hub.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
