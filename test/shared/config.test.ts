/** Configuration: what a person sees who mistypes a setting. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as fc from "fast-check";
import { AgentConfig } from "../../device/config.ts";
import { HubConfig } from "../../hub/config.ts";
import { readConfig, type ConfigSource } from "../../shared/config.ts";
import type { Parsed } from "../../shared/parse.ts";

const good = `pillarId: demo-001
dataDir: var/demo-001
hub:
  host: 127.0.0.1
  httpUrl: http://127.0.0.1:8110
board:
  kind: modbus
  path: /dev/ttyS0
`;

const read = (text: string, env: ConfigSource["env"] = {}): Parsed<AgentConfig> =>
  readConfig(AgentConfig, text, { file: "agent.yaml", envPrefix: "ANZHU_AGENT", env });

function reasonOf(text: string, env: ConfigSource["env"] = {}): string {
  const result = read(text, env);
  return result.ok ? "accepted" : result.reason;
}

/** A file with these lines below `media`. */
const withMedia = (...lines: string[]): string =>
  `${good}media:\n${lines.map((line) => `  ${line}\n`).join("")}`;

describe("the cameras of a pillar", () => {
  test("are a list, in which `front` shows a test picture when nothing is said", () => {
    const result = read(good);
    expect(result.ok && result.value.media.cameras).toEqual([
      { id: "front", source: { kind: "test" } },
    ]);
    const none = read(withMedia("cameras: []"));
    expect(none.ok && none.value.media.cameras).toEqual([]);
  });

  test("under the name of a single one are refused with the name of the list", () => {
    expect(reasonOf(withMedia("camera: { kind: test }"))).toBe(
      "agent.yaml:10:3  media.camera is not a setting; the setting is media.cameras",
    );
  });

  test("of which this release sends one are told so when there are two", () => {
    const two = [
      "- { id: front, source: { kind: test } }",
      "- { id: rear, source: { kind: test } }",
    ];
    expect(reasonOf(withMedia("cameras:", ...two))).toMatch(
      /^agent\.yaml:10:3 {2}media\.cameras must be .*expected 1 camera: this release sends no more; remove the rest/,
    );
    expect(reasonOf(withMedia("cameras:", ...two, ...two, ...two))).toContain("at most 4 entries");
  });

  test("of one name are told that each needs its own", () => {
    const one = "- { id: front, source: { kind: test } }";
    expect(reasonOf(withMedia("cameras:", one, one))).toContain("a different id for each camera");
  });

  test.each(["Front", "front-1", "1st", "", "a".repeat(17), "前"])(
    "cannot be called %j, and the complaint says how they can",
    (id) => {
      const line = `- { id: "${id}", source: { kind: test } }`;
      expect(reasonOf(withMedia("cameras:", line))).toMatch(/media\.cameras\.0\.id must be .*a-z/);
    },
  );

  test("may come from the environment", () => {
    const list = "[{ id: gate, source: { kind: file, path: a.mp4 } }]";
    const result = read(good, { ANZHU_AGENT__MEDIA__CAMERAS: list });
    expect(result.ok && result.value.media.cameras).toEqual([
      { id: "gate", source: { kind: "file", path: "a.mp4", codec: "h264" } },
    ]);
  });
});

describe("a configuration file", () => {
  test("gives every setting its default", () => {
    const result = read(good);
    expect(result.ok && result.value.hub.mqttPort).toBe(8883);
    expect(result.ok && result.value.media.framesPerSecond).toBe(25);
  });

  test("with a misspelt key is refused with its line and column", () => {
    expect(reasonOf(good.replace("  host:", "  hots:"))).toMatch(/^agent\.yaml:3:1  hub\.host/);
    expect(reasonOf(good.replace("  host:", "  hots:"))).toContain(
      "agent.yaml:4:3  hub.hots is not a setting",
    );
  });

  test("with a value out of range is told what was expected and found", () => {
    expect(reasonOf(good.replace("  host:", "  mqttPort: 70000\n  host:"))).toBe(
      "agent.yaml:4:3  hub.mqttPort must be at most 65535, found 70000",
    );
  });

  test("with a value of another type is told so", () => {
    expect(reasonOf(good.replace("  host:", "  mqttPort: fast\n  host:"))).toBe(
      'agent.yaml:4:3  hub.mqttPort must be of type number, found "fast"',
    );
  });

  test("with an unknown kind of board is refused at that line", () => {
    expect(reasonOf(good.replace("kind: modbus", "kind: telepathy"))).toMatch(
      /^agent\.yaml:7:3  board\.kind must be .*found "telepathy"/,
    );
  });

  test("that is not YAML is refused where it stops being YAML", () => {
    expect(reasonOf("hub: {host: 1\nboard: x: y")).toMatch(
      /^agent\.yaml:\d+:\d+  this is not YAML/,
    );
  });

  test("that is empty lacks every required setting", () => {
    expect(reasonOf("")).toContain("pillarId must be");
  });

  test("whatever its text, never makes the reader throw", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(reasonOf(text).length).toBeGreaterThan(0);
      }),
    );
  });

  test("whose aliases multiply is refused and not expanded", () => {
    expect(reasonOf(`a: &a [1]\nb: *a\n${good}`)).toContain("agent.yaml");
  });
});

describe("the environment", () => {
  test("overrides a setting by its name", () => {
    const result = read(good, { ANZHU_AGENT__HUB__MQTTPORT: "1999", ANZHU_AGENT__HUB__HOST: "10" });
    expect(result.ok && result.value.hub).toMatchObject({ mqttPort: 1999, host: "10" });
  });

  test("may write a long name with underscores", () => {
    const result = read(good, { ANZHU_AGENT__HUB__MQTT_PORT: "1999" });
    expect(result.ok && result.value.hub.mqttPort).toBe(1999);
  });

  test("creates a section the file does not have", () => {
    const hub = readConfig(HubConfig, "dataDir: /tmp/x", {
      file: "hub.yaml",
      envPrefix: "ANZHU_HUB",
      env: { ANZHU_HUB__HTTP__PORT: "8111", ANZHU_HUB__MQTT__NAMES: "[a, b]" },
    });
    expect(hub.ok && hub.value.http.port).toBe(8111);
    expect(hub.ok && hub.value.mqtt.names).toEqual(["a", "b"]);
  });

  test("with an unknown name is refused by that name", () => {
    expect(reasonOf(good, { ANZHU_AGENT__HUB__PROT: "1" })).toMatch(
      /^ANZHU_AGENT__HUB__PROT  names no setting/,
    );
  });

  test("with a bad value is blamed instead of the file", () => {
    expect(reasonOf(good, { ANZHU_AGENT__HUB__MQTTPORT: "soon" })).toBe(
      'ANZHU_AGENT__HUB__MQTTPORT  hub.mqttPort must be of type number, found "soon"',
    );
  });

  test("of other programs is ignored", () => {
    expect(read(good, { ANZHU_HUB__HTTP__PORT: "1", PATH: "/bin" }).ok).toBe(true);
  });

  test("is never shown a secret of its own, and told how to write one", () => {
    const Secretive = z.object({
      url: z.url({ protocol: /^rtsps?$/ }),
      password: z.string().min(30),
      broker: z.object({ list: z.array(z.number()) }),
    });
    const text = [
      "url: rtsp://admin:my/pa55word@cam/main",
      "password: my-pa55word",
      "broker: { list: { secret: my-pa55word, at: 'http://me:my-pa55word@b' } }",
    ].join("\n");
    const source = { file: "a.yaml", envPrefix: "X", env: {} };
    const read = readConfig(Secretive, text, source);
    const reason = read.ok ? "" : read.reason;
    expect(reason).not.toContain("pa55word");
    expect(reason).toContain('found "rtsp://***"');
    expect(reason).toContain("@ as %40, : as %3A, / as %2F");
    expect(reason).toContain("found a text of 11 characters");
  });
});
