/**
 * No page shows the text of a person or a pillar without isolating it. The test reads the
 * templates.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const CONSOLE = join(import.meta.dirname, "../../hub/console");
/** Fields with text that people or pillars write. */
const OUTSIDE =
  /\b(?:pillarName|ownerName|displayName|byName|toName|fromName|note|address|grid|reason|detail)\b|(?:pillar|other|dot|test|incident|selected|person|account)\??\.(?:name|text|value)\b/;

function rawTexts(template: string): string[] {
  const shown = [...template.matchAll(/\{\{([^]*?)\}\}/g)].map(([, expression = ""]) => expression);
  const attributes = [...template.matchAll(/\s:(?:title|aria-label|alt)="([^"]*)"/g)];
  const all = [...shown, ...attributes.map(([, expression = ""]) => expression)];
  // `text(...)` isolates the values that it puts into a sentence.
  return all.filter(
    (one) => OUTSIDE.test(one) && !/^\s*(?:text|visible|isolated|formatWait)\(/.test(one),
  );
}

test("every text from outside goes through UserText, text() or isolated()", () => {
  const files = globSync("**/*.vue", { cwd: CONSOLE });
  expect(files.length).toBeGreaterThan(40);
  const raw = files.flatMap((file) => {
    const source = readFileSync(join(CONSOLE, file), "utf8");
    const template = source.slice(source.indexOf("<template>"), source.lastIndexOf("</template>"));
    return rawTexts(template).map((one) => `${file}: ${one.trim()}`);
  });
  expect(raw).toEqual([]);
});

test("and a template that does not is noticed", () => {
  expect(rawTexts("<b>{{ incident.pillarName }}</b>")).toHaveLength(1);
  expect(rawTexts('<i :title="revocation.note" />')).toHaveLength(1);
  expect(
    rawTexts('<UserText :text="incident.pillarName" />{{ text("a", { name: p.name }) }}'),
  ).toEqual([]);
});

test("no page makes markup out of text", () => {
  for (const file of globSync("**/*.{vue,ts}", { cwd: CONSOLE })) {
    const source = readFileSync(join(CONSOLE, file), "utf8");
    expect(`${file}\n${source}`).not.toMatch(
      /v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
    );
  }
});
