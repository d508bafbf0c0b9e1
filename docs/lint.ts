/** Whether `openapi.yaml` is good OpenAPI, judged by Redocly's rules; any finding fails. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";

const FILE = join(import.meta.dirname, "openapi.yaml");

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
if (problems.length > 0) process.exitCode = 1;
