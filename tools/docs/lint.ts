/**
 * Whether `openapi.yaml` is good OpenAPI, by Redocly's rules, and whether everything that documents
 * and comments point at exists. Any finding fails.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { deadReferences, readProject } from "./references.ts";

const FILE = join(import.meta.dirname, "../../docs/openapi.yaml");

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    // The description of a hub that has no public address yet names itself.
    "no-server-example.com": "off",
    "operation-operationId": "error",
    "operation-operationId-unique": "error",
    "no-invalid-media-type-examples": "error",
  },
});
const problems = await lintFromString({
  source: readFileSync(FILE, "utf8"),
  absoluteRef: FILE,
  config,
});
for (const { ruleId, message, location } of problems) {
  console.error(`docs/openapi.yaml ${location[0]?.pointer ?? ""}: ${message} (${ruleId})`);
}
const dead = deadReferences(readProject(join(import.meta.dirname, "../..")));
for (const { path, line, detail } of dead) console.error(`${path}:${line}: ${detail}`);
if (problems.length + dead.length > 0) process.exitCode = 1;
