/** What `anzhu-hub doctor` says about people, pillars and the tree of areas. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { examineAreas } from "../../../hub/command/area-doctor.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import { AreaId, Username } from "../../../shared/ids.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { registered } from "../../kit/journal/press.ts";

const [EAST, WEST] = [AreaId.parse("east"), AreaId.parse("west")];
const AREAS = [{ id: EAST }];
const GRIDS = [{ id: AreaId.parse("网格12") }, { id: AreaId.parse("g") }];

async function directory(people: Readonly<Record<string, AreaId | undefined>>): Promise<string> {
  const dir = tempDir();
  const accounts = openAccounts(join(dir, "accounts.db"));
  for (const [name, scope] of Object.entries(people)) {
    const who = { username: Username.parse(name), displayName: name, role: "operator" } as const;
    await accounts.add({ ...who, scope, password: "demo", isDemo: true }, null);
  }
  accounts.close();
  const journal = await openJournal(join(dir, "journal.db"));
  await journal.append([registered(0)]);
  await journal.close();
  return dir;
}

test("somebody whose area is not in the settings is named, with what to do", async () => {
  const dir = await directory({ li: EAST, wang: WEST });
  const [found] = examineAreas(dir, AREAS);
  expect(found?.isOk).toBe(false);
  expect(found?.detail).toBe(
    "expected people in areas of the settings, found wang (west), who see nothing: " +
      "anzhu-hub user scope",
  );
});

test("a pillar in no area needs somebody at a desk who may see everything", async () => {
  const unheard = examineAreas(await directory({ li: EAST }), AREAS);
  expect(unheard).toMatchObject([{ what: "areas", isOk: false }]);
  expect(unheard[0]?.detail).toContain("nobody hears pillar-0");
  const heard = examineAreas(await directory({ li: EAST, chen: undefined }), AREAS);
  expect(heard).toMatchObject([{ isOk: true }]);
  expect(heard[0]?.detail).toContain("heard only by people with all: pillar-0");
});

test("nothing is said without areas, and all is well where each pillar lies in one", async () => {
  expect(examineAreas(await directory({ li: undefined }), [])).toEqual([]);
  const all = examineAreas(await directory({ li: EAST }), [{ id: EAST, areas: GRIDS }]);
  expect(all).toEqual([{ what: "areas", isOk: true, detail: "every pillar lies in an area" }]);
  expect(examineAreas(tempDir(), AREAS)).toMatchObject([{ isOk: true }]);
});

test("accounts that cannot be read are a finding, and stop nothing", () => {
  const dir = tempDir();
  writeFileSync(join(dir, "accounts.db"), "no database at all");
  expect(examineAreas(dir, AREAS)).toMatchObject([
    { what: "areas", isOk: false, detail: expect.stringContaining("not a database") },
  ]);
});
