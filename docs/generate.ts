/**
 * Makes the documents that come from code: `protocol.md`, `asyncapi.yaml`, `openapi.yaml`,
 * `settings.md`, `faults.md`.
 *
 * `--check` writes nothing and fails when one of them is not what the code says.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { AgentConfig } from "../device/config.ts";
import { HubConfig } from "../hub/config.ts";
import { DOWN_MESSAGES, UP_MESSAGES } from "../shared/protocol/messages.ts";
import { qosOf, type DownChannel, type UpChannel } from "../shared/protocol/topics.ts";
import { openApi } from "./openapi.ts";
import { readComments } from "./doc-comments.ts";
import { faultsPage } from "./faults.ts";
import { jsonSchemaOf, schemaTable } from "./schema-table.ts";

const ROOT = join(import.meta.dirname, "..");
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

/** The one name of both ways has two sections. */
const headingOf = (name: string, way: string): string =>
  name === "signal" ? `signal, ${way}` : name;

function protocolPage(): string {
  const sections = channels.map(({ name, schema, way }) => {
    const comments = readComments(join(ROOT, `shared/protocol/${name}.ts`));
    const title = name[0]?.toUpperCase() + name.slice(1);
    const table = schemaTable({ name: title, schema, comments });
    const qos = qosOf(name as UpChannel | DownChannel);
    return `## ${headingOf(name, way)}\n\nTopic \`${topicOf(name, way)}\`, QoS ${qos}.\n\n${comments.header}\n\n${table}\n`;
  });
  const intro = [
    "# The protocol between pillar and hub, version 1",
    "",
    NOTE,
    "",
    "MQTT 3.1.1 over mutual TLS 1.3. JSON in UTF-8, at most 64 KiB. No retained messages, no QoS 2, no wills, clean",
    "sessions, keep-alive 8 s. A pillar publishes only under its own `up/` and subscribes only to its own `down/#`;",
    "its client id is its certificate's name. A reader passes over fields it does not know (in signed objects it keeps them);",
    "in a command it refuses them. A new field keeps the version; what changes the meaning of one raises it.",
    "",
    "Signatures are Ed25519 over canonical JSON (keys sorted by code unit, no white space, integers only), written in",
    "base64url without padding. Hashes are SHA-256 over the previous hash followed by the canonical JSON.",
    "",
    "By HTTPS (port 8884, TLS 1.3) a pillar posts `Alarm` to `/api/v1/pillars/{id}/alarms` and is answered with `Accepted`; no certificate is",
    "needed, the signature says who it is. `POST /api/v1/pillars/{id}/certificate` with the present certificate shown takes",
    '`{"csr", "sig"}`: a PKCS#10 request signed by a new P-256 key, and the alarm key\'s signature over `{"csr", "pillarId"}`. It answers',
    '201 with `{"certificate"}`, 204 while more than half of the time is left, 403 for an identity that is expired, cloned or revoked.',
  ];
  return `${intro.join("\n")}\n\n${sections.join("\n")}`;
}

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

function settingsSection(name: "HubConfig" | "AgentConfig"): string {
  const [title, file, schema] =
    name === "HubConfig"
      ? ["hub.yaml", "hub/config.ts", HubConfig]
      : ["agent.yaml", "device/config.ts", AgentConfig];
  const comments = readComments(join(ROOT, file));
  return `## ${title}\n\n${comments.header}\n\n${schemaTable({ name, schema, comments })}\n`;
}

function settingsPage(): string {
  return [
    "# Settings\n",
    NOTE,
    "",
    "An environment variable overrides a setting: `ANZHU_HUB__HTTP__PORT=8200`, `ANZHU_AGENT__LOG_LEVEL=debug`.",
    "Unknown keys are refused with line and column.\n",
    settingsSection("HubConfig"),
    settingsSection("AgentConfig"),
  ].join("\n");
}

const pages: Record<string, string> = {
  "docs/protocol.md": protocolPage(),
  "docs/asyncapi.yaml": asyncApi(),
  "docs/settings.md": settingsPage(),
  "docs/openapi.yaml": await openApi(),
  "docs/faults.md": faultsPage(FAULTS_NOTE),
};

const isCheck = process.argv.includes("--check");
for (const [path, wanted] of Object.entries(pages)) {
  const file = join(ROOT, path);
  if (!isCheck) writeFileSync(file, wanted);
  else if (readFileSync(file, "utf8") !== wanted) {
    console.error(`${path} is not what the code says. Run: npm run docs`);
    process.exitCode = 1;
  }
}
