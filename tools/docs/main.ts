/**
 * Makes the documents that come from code: `protocol.md`, `asyncapi.yaml`, `openapi.yaml`,
 * `settings.md`, `faults.md`, `promises.md` in both languages.
 *
 * `--check` writes nothing and fails when one of them is not what the code says.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { AgentConfig } from "../../device/config.ts";
import { HubConfig } from "../../hub/config.ts";
import { MAX_MESSAGE_BYTES } from "../../shared/parse.ts";
import { KEEP_ALIVE_LIMIT_SECONDS, KEEP_ALIVE_SECONDS } from "../../shared/protocol/connection.ts";
import { HEARTBEAT_SECONDS } from "../../shared/protocol/heartbeat.ts";
import { DOWN_MESSAGES, UP_MESSAGES } from "../../shared/protocol/messages.ts";
import { qosOf, type DownChannel, type UpChannel } from "../../shared/protocol/topics.ts";
import { promisesPage, promisesPageInChinese } from "../prove/page.ts";
import { openApi } from "./openapi.ts";
import { readComments } from "./doc-comments.ts";
import { faultsPage } from "./faults.ts";
import {
  jsonSchemaOf,
  schemaTable,
  settingsComplaints,
  settingsTable,
  silentFields,
} from "./schema-table.ts";

const ROOT = join(import.meta.dirname, "../..");
const NOTE = "<!-- Made by `npm run docs` from the schemas; change those, not this. -->";
const FAULTS_NOTE =
  "<!-- Made by `npm run docs` from the tests' titles; change those, not this. -->";

const channels = [
  ...Object.entries(UP_MESSAGES).map(([name, schema]) => ({ name, schema, way: "up" as const })),
  ...Object.entries(DOWN_MESSAGES).map(([name, schema]) => ({
    name,
    schema,
    way: "down" as const,
  })),
];

const topicOf = (name: string, way: string): string => `anzhu/v1/{pillarId}/${way}/${name}`;

/** The export of `shared/protocol/` that the table of messages holds. */
const SCHEMA_NAMES = new Map<unknown, string>([
  [UP_MESSAGES.alarm, "Alarm"],
  [UP_MESSAGES.heartbeat, "Heartbeat"],
  [UP_MESSAGES.report, "Report"],
  [UP_MESSAGES.signal, "Signal"],
  [DOWN_MESSAGES.accepted, "Accepted"],
  [DOWN_MESSAGES.call, "SignedCall"],
  [DOWN_MESSAGES.command, "Command"],
  [DOWN_MESSAGES.signal, "SignedSignal"],
]);
const nameOf = (schema: unknown): string => SCHEMA_NAMES.get(schema) ?? "unknown";

/** This name is used in both directions, and has a section for each. */
const headingOf = (name: string, way: string): string =>
  name === "signal" ? `signal, ${way}` : name;

const protocolSchemas = channels.map(({ name, schema, way }) => {
  const comments = readComments(join(ROOT, `shared/protocol/${name}.ts`), nameOf(schema));
  return { name, way, schema, comments };
});

function protocolPage(): string {
  const sections = protocolSchemas.map(({ name, way, schema, comments }) => {
    const table = schemaTable({ schema, comments });
    const qos = qosOf(name as UpChannel | DownChannel);
    return `## ${headingOf(name, way)}\n\nTopic \`${topicOf(name, way)}\`, QoS ${qos}.\n\n${comments.header}\n\n${table}\n`;
  });
  const intro = [
    "# The protocol between pillar and hub, version 1",
    "",
    NOTE,
    "",
    "MQTT 3.1.1 over mutual TLS 1.3. JSON in UTF-8, at most `MAX_MESSAGE_BYTES`. No retained messages, no QoS 2, no wills, clean",
    "sessions, keep-alive `KEEP_ALIVE_SECONDS` (the hub accepts at most `KEEP_ALIVE_LIMIT_SECONDS`). A pillar publishes",
    "only under its own `up/` and subscribes only to its own `down/#`;",
    "its client id is its certificate's name. A reader passes over fields it does not know (in signed objects it keeps them);",
    "in a command it refuses them. A new field keeps the version; what changes the meaning of one raises it.",
    "",
    "Signatures are Ed25519 over canonical JSON (keys sorted by code unit, no white space, integers only), written in",
    "base64url without padding. Hashes are SHA-256 over the previous hash followed by the canonical JSON.",
    "",
    "By HTTPS (port `ALARMS_PORT`, TLS 1.3) a pillar sends `Alarm` to `/api/v1/pillars/{id}/alarms` and is answered with `Accepted`; no certificate is",
    "needed, the signature says who it is. `POST /api/v1/pillars/{id}/certificate` with the present certificate shown takes",
    '`{"csr", "sig"}`: a PKCS#10 request signed by a new P-256 key, and the alarm key\'s signature over `{"csr", "pillarId"}`. It answers',
    '201 with `{"certificate"}`, 204 while more than half of the time is left, 403 for an identity that is expired, cloned or revoked.',
  ];
  return withNumbers(`${intro.join("\n")}\n\n${sections.join("\n")}`);
}

/** A number of the code, named in a text in backticks, is written out. */
const NUMBERS: Readonly<Record<string, string>> = {
  ALARMS_PORT: String(HubConfig.parse({ dataDir: "/" }).alarms.port),
  HEARTBEAT_SECONDS: `${HEARTBEAT_SECONDS} s`,
  KEEP_ALIVE_LIMIT_SECONDS: `${KEEP_ALIVE_LIMIT_SECONDS} s`,
  KEEP_ALIVE_SECONDS: `${KEEP_ALIVE_SECONDS} s`,
  MAX_MESSAGE_BYTES: `${MAX_MESSAGE_BYTES / 1024} KiB`,
};

const withNumbers = (text: string): string =>
  text.replaceAll(/`([A-Z]+(?:_[A-Z]+)+)`/g, (_, name: string) => {
    const value = NUMBERS[name];
    if (value === undefined) throw new Error(`tools/docs/main.ts: expected a number for ${name}`);
    return value;
  });

function asyncApi(): string {
  const document = {
    asyncapi: "3.0.0",
    info: { title: "Anzhu pillar protocol", version: "1", license: { name: "Apache-2.0" } },
    defaultContentType: "application/json",
    channels: Object.fromEntries(
      [
        ...Object.entries(UP_MESSAGES).map(([name, schema]) => ({ name, schema, way: "up" })),
        ...Object.entries(DOWN_MESSAGES).map(([name, schema]) => ({ name, schema, way: "down" })),
      ].map(({ name, schema, way }) => [
        `${way}-${name}`,
        {
          address: `anzhu/v1/{pillarId}/${way}/${name}`,
          parameters: { pillarId: { description: "The certificate's name" } },
          messages: { [name]: { payload: jsonSchemaOf(schema) } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      [
        ...Object.keys(UP_MESSAGES).map((name) => ({ name, way: "up", action: "receive" })),
        ...Object.keys(DOWN_MESSAGES).map((name) => ({ name, way: "down", action: "send" })),
      ].map(({ name, way, action }) => [
        `${way}-${name}`,
        {
          action,
          channel: { $ref: `#/channels/${way}-${name}` },
          bindings: { mqtt: { qos: qosOf(name as UpChannel | DownChannel), retain: false } },
        },
      ]),
    ),
  };
  return `# Made by \`npm run docs\` from the schemas; change those, not this.\n${stringify(document, { aliasDuplicateObjects: false })}`;
}

const settings = [
  {
    title: "hub.yaml",
    schema: HubConfig,
    comments: readComments(join(ROOT, "hub/config.ts"), "HubConfig"),
  },
  {
    title: "agent.yaml",
    schema: AgentConfig,
    comments: readComments(join(ROOT, "device/config.ts"), "AgentConfig"),
  },
];

function settingsPage(): string {
  return [
    "# Settings\n",
    NOTE,
    "",
    "An environment variable overrides a setting: `ANZHU_HUB__HTTP__PORT=8200`, `ANZHU_AGENT__LOG_LEVEL=debug`.",
    "Unknown keys are refused with line and column.\n",
    ...settings.map(
      ({ title, ...named }) =>
        `## ${title}\n\n${named.comments.header}\n\n${settingsTable(named)}\n`,
    ),
  ].join("\n");
}

/** What the pages would say wrongly or not at all. */
const complaints = [
  ...settings.flatMap(({ title, ...named }) =>
    settingsComplaints(named).map((complaint) => `docs/settings.md: ${title}: ${complaint}`),
  ),
  ...protocolSchemas.flatMap(({ name, ...named }) =>
    silentFields(named).map((field) => `docs/protocol.md: ${name}: ${field} has no meaning`),
  ),
];
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;

const pages: Record<string, string> = {
  "docs/protocol.md": protocolPage(),
  "docs/asyncapi.yaml": asyncApi(),
  "docs/settings.md": settingsPage(),
  "docs/openapi.yaml": await openApi(),
  "docs/faults.md": faultsPage(FAULTS_NOTE),
  "docs/promises.md": promisesPage(),
  "docs/promises.zh-CN.md": promisesPageInChinese(),
};

const isCheck = process.argv.includes("--check");
for (const [path, wanted] of Object.entries(pages)) {
  const file = join(ROOT, path);
  if (!isCheck) writeFileSync(file, wanted);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== wanted) {
    console.error(`${path} is not what the code says. Run: npm run docs`);
    process.exitCode = 1;
  }
}
