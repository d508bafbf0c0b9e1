/** What travels is what `docs/asyncapi.yaml` says: every field, limit and word of every message. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { z } from "zod";
import { jsonSchemaOf } from "../../../tools/docs/schema-table.ts";
import { DOWN_MESSAGES, UP_MESSAGES } from "../../../shared/protocol/messages.ts";

interface Document {
  readonly channels: Readonly<
    Record<string, { messages: Record<string, { payload: unknown }>; address: string }>
  >;
}
const file = join(import.meta.dirname, "../../../docs/asyncapi.yaml");
const { channels } = parse(readFileSync(file, "utf8")) as Document;

const messages: readonly (readonly [way: string, name: string, schema: z.ZodType])[] = [
  ...Object.entries(UP_MESSAGES).map(([name, schema]) => ["up", name, schema] as const),
  ...Object.entries(DOWN_MESSAGES).map(([name, schema]) => ["down", name, schema] as const),
];

test.each(messages)("%s %s is documented to the letter", (way, name, schema) => {
  const channel = channels[`${way}-${name}`];
  expect(channel?.address).toBe(`anzhu/v1/{pillarId}/${way}/${name}`);
  const documented = channel?.messages[name]?.payload;
  expect(JSON.parse(JSON.stringify(jsonSchemaOf(schema)))).toEqual(documented);
});

test("no channel is documented that is not spoken", () => {
  const spoken = messages.map(([way, name]) => `${way}-${name}`);
  expect(Object.keys(channels).toSorted()).toEqual(spoken.toSorted());
});
