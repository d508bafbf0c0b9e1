import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { Position } from "../../../shared/api/pillar.ts";
import type { ServerEvent } from "../../../shared/api/event.ts";
import { PillarId } from "../../../shared/ids.ts";
import { newKeyReader } from "../../../simulator/demo/keys.ts";
import { demoPlaces, MAX_PILLARS } from "../../../simulator/demo/places.ts";
import { takenPorts } from "../../../simulator/demo/ports.ts";
import { languageOf, newEventLines, openingScreen } from "../../../simulator/demo/screen.ts";

function typed(text: string): string[] {
  const seen: string[] = [];
  const read = newKeyReader({
    onPress: (number, kind) => seen.push(`${kind} ${number}`),
    onQuit: () => seen.push("quit"),
  });
  read(text);
  return seen;
}

test("a digit presses that pillar's button, and s or shift makes it the silent one", () => {
  expect(typed("13")).toEqual(["voice 1", "voice 3"]);
  expect(typed("s2")).toEqual(["silent 2"]);
  expect(typed("s21")).toEqual(["silent 2", "voice 1"]);
  expect(typed("@")).toEqual(["silent 2"]);
});

test("q, Ctrl+C and Ctrl+D end the demo, and other keys do nothing", () => {
  expect(typed("q")).toEqual(["quit"]);
  expect(typed("\u0003")).toEqual(["quit"]);
  expect(typed("\u0004")).toEqual(["quit"]);
  expect(typed("xyz0 \u001b[A")).toEqual([]);
});

test("a port in use is named, with what to do", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const wanted = { port, what: "console", option: "--http-port" };
  const [complaint] = await takenPorts([wanted]);
  expect(complaint).toContain(`Port ${port} (console) is in use`);
  expect(complaint).toContain("--http-port N");
  server.close();
  await once(server, "close");
  expect(await takenPorts([wanted])).toEqual([]);
});

test("every demo pillar has an id of its own and a place on the map", () => {
  const places = demoPlaces(MAX_PILLARS);
  expect(places[0]?.id).toBe("demo-001");
  expect(new Set(places.map(({ id }) => id)).size).toBe(MAX_PILLARS);
  for (const { id, name, grid, address, position } of places) {
    expect(PillarId.safeParse(id).success).toBe(true);
    expect(Position.safeParse({ type: "Point", coordinates: position }).success).toBe(true);
    expect(name.length).toBeLessThanOrEqual(80);
    expect(grid.length).toBeLessThanOrEqual(40);
    expect(address.length).toBeLessThanOrEqual(200);
  }
});

test.each(["zh", "en"] as const)(
  "the opening screen in %s has address, accounts and keys",
  (language) => {
    const opening = {
      language,
      httpPort: 8110,
      controlPort: 8111,
      dataDir: "/data",
      accounts: ["operator", "admin"],
      places: demoPlaces(3),
    };
    const screen = openingScreen({ ...opening, hasKeys: true });
    for (const part of ["http://localhost:8110", "operator", "demo", "夫子庙", "/data"]) {
      expect(screen).toContain(part);
    }
    const withoutKeys = openingScreen({ ...opening, hasKeys: false });
    expect(withoutKeys).toContain("http://127.0.0.1:8111/pillars/demo-001/press");
  },
);

test("the terminal speaks the language of its user", () => {
  expect(languageOf({ LANG: "zh_CN.UTF-8" })).toBe("zh");
  expect(languageOf({ LANG: "zh_CN.UTF-8", LC_ALL: "C" })).toBe("en");
  expect(languageOf({})).toBe("en");
});

const OPEN = {
  id: "a",
  pillarName: "新街口",
  kind: "voice",
  state: "open",
  presses: 1,
  ownerName: null,
  disposition: null,
};

const incident = (over: object): ServerEvent =>
  ({ type: "incident", incident: { ...OPEN, ...over } }) as ServerEvent;

test("an incident's state is told once, and who answered with it", () => {
  const tell = newEventLines("en");
  expect(tell(incident({}))).toBe("新街口  voice  alarm, ringing");
  expect(tell(incident({}))).toBeUndefined();
  expect(tell(incident({ presses: 2 }))).toContain("×2");
  expect(tell(incident({ state: "answered", ownerName: "王警官" }))).toContain("answered  王警官");
  expect(tell(incident({ state: "closed", disposition: "resolved" }))).toContain("resolved");
});
