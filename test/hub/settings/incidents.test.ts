/** The settings that say how urgent an incident is, as they are read and as they are refused. */
import { describe, expect, test } from "vitest";
import { HubConfig } from "../../../hub/config.ts";
import { priorityOf } from "../../../hub/settings/incidents.ts";

const read = (priority: object) =>
  HubConfig.safeParse({
    dataDir: "/tmp",
    areas: [{ id: "east" }],
    incidents: { priority },
  });
const priorityFrom = (priority: object) => priorityOf(read(priority).data!.incidents);

describe("what is urgent", () => {
  test("without a setting: the night of China, and words of distress", () => {
    expect(priorityFrom({})).toMatchObject({
      ...{ night: { fromMinute: 1380, untilMinute: 300 }, offsetMinutes: 480, urgentAreas: [] },
      urgentWords: expect.arrayContaining(["救命"]),
    });
  });

  test("the night may be off, and the place anywhere", () => {
    expect(
      priorityFrom({ night: "none", utcOffset: "-03:30", urgentAreas: ["east"] }),
    ).toMatchObject({ night: null, offsetMinutes: -210, urgentAreas: ["east"] });
  });

  test.each([
    [{ night: { from: "24:00", until: "05:00" } }, "incidents.priority.night", "time of day"],
    [{ utcOffset: "+15:00" }, "incidents.priority.utcOffset", "offset from UTC"],
    [{ urgentWords: [" "] }, "incidents.priority.urgentWords.0", ""],
    [{ urgentAreas: ["west"] }, "incidents.priority.urgentAreas.0", "found west"],
  ])("%o is refused", (priority, path, words) => {
    const [issue] = read(priority).error?.issues ?? [];
    expect(issue?.path.join(".")).toContain(path);
    expect(JSON.stringify(issue)).toContain(words);
  });
});
