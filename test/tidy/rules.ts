/**
 * The house rules that a linter does not know, as one pure function from a tree to its violations.
 *
 * Pure, so that the test can plant a violation of each and see it found.
 */
import { circles } from "./circles.ts";
import { allImports, type Import } from "./imports.ts";
import { promiseViolations } from "./promises.ts";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const MAX_LINES = 400;
/** Files that are tables: long because their subject is. */
const TABLES = new Set(["hub/console/i18n/zh-CN.ts", "hub/console/i18n/en.ts"]);

const isCode = (path: string): boolean => /\.(?:ts|vue)$/.test(path);
/** The rules name what they ban, and so do their tests. */
const isOfTheRules = (path: string): boolean => path.startsWith("test/tidy");

export function violations(tree: Tree): Violation[] {
  return [
    ...allImports(tree).flatMap(direction),
    ...[...tree].flatMap(([path, text]) => [
      ...size(path, text),
      ...fileName(path),
      ...controlCharacters(path, text),
      ...(isOfTheRules(path) ? [] : words(path, text)),
    ]),
    ...circles(tree),
    ...rooms(tree),
    ...deadFiles(tree),
    ...pressFiles(tree),
    ...promiseViolations(tree),
  ];
}

/**
 * What both programs do with the machine they run on (files, databases, processes) and with the
 * library for WebRTC. Not for cores and pages.
 */
const isOfHost = (path: string): boolean => /^shared\/(?:host|webrtc)\//.test(path);
const mayShare = (isPure: boolean, to: string): boolean =>
  to.startsWith("shared/") && !(isPure && isOfHost(to));

/** Layers from the bottom; a file may import its own layer's row and what is listed. */
function mayImport(from: string, to: string): boolean {
  const top = (path: string): string => path.split("/")[0] ?? "";
  const isCore = /^(?:device|hub)\/core\//.test(from);
  switch (top(from)) {
    case "shared":
      return top(to) === "shared" && (isOfHost(from) || !isOfHost(to));
    case "device":
      return (
        mayShare(isCore, to) || (isCore ? to.startsWith("device/core/") : top(to) === "device")
      );
    case "hub":
      if (from.startsWith("hub/console/")) {
        return mayShare(true, to) || to.startsWith("hub/console/");
      }
      if (to.startsWith("hub/console/")) return false;
      return mayShare(isCore, to) || (isCore ? to.startsWith("hub/core/") : top(to) === "hub");
    case "simulator":
      return (
        ["shared", "device", "hub", "simulator"].includes(top(to)) || to.startsWith("tools/setup/")
      );
    default:
      return true;
  }
}

/** `shared/config.ts` reads YAML for both programs: decision 0004. */
const mayImportPackage = (from: string, to: string): boolean =>
  to === "zod" ||
  (from === "shared/config.ts" && to === "yaml") ||
  (from.startsWith("shared/host/") && to.startsWith("node:")) ||
  (from.startsWith("shared/webrtc/") && ["werift", "node:crypto"].includes(to));

function direction(one: Import): Violation[] {
  const { from, to, isOurs } = one;
  const found = (detail: string): Violation[] => [{ rule: "direction", path: from, detail }];
  if (isOurs) {
    const isFine = to === "package.json" || mayImport(from, to);
    return isFine ? [] : found(`must not import ${to}`);
  }
  if (from.startsWith("shared/") && !mayImportPackage(from, to)) {
    return found(
      `shared imports zod only (yaml for settings, node: in host/, werift and node:crypto in webrtc/), found ${to}`,
    );
  }
  if (/^(?:device|hub)\/core\//.test(from)) return found(`a core imports no package, found ${to}`);
  return [];
}

function size(path: string, text: string): Violation[] {
  const lines = text.split("\n").length - 1;
  if (!isCode(path) || lines <= MAX_LINES || TABLES.has(path)) return [];
  return [{ rule: "size", path, detail: `${lines} lines, at most ${MAX_LINES}` }];
}

/** A folder is a room with one job: more files than this, and it is several. */
const MAX_FILES = 15;
const PRODUCT = /^(?:device|hub|shared|simulator)\//;
/** What stands beside a program's `main.ts`. */
const LOOSE: Readonly<Record<string, ReadonlySet<string>>> = {
  device: new Set(["main.ts", "config.ts", "ports.ts", "agent.ts"]),
  hub: new Set(["main.ts", "config.ts", "ports.ts", "hub-process.ts"]),
  simulator: new Set(["main.ts"]),
};

function rooms(tree: Tree): Violation[] {
  const files = [...tree.keys()].filter((path) => isCode(path) && PRODUCT.test(path));
  const byFolder = Map.groupBy(files, (path) => path.slice(0, path.lastIndexOf("/")));
  return [...byFolder].flatMap(([folder, inside]) => {
    const loose = LOOSE[folder];
    const strays = loose ? inside.filter((path) => !loose.has(path.split("/").at(-1) ?? "")) : [];
    const found = strays.map((path) => ({
      rule: "room",
      path,
      detail: `lies loose in ${folder}: put it in the folder of its job`,
    }));
    if (inside.length <= MAX_FILES) return found;
    const detail = `${folder} has ${inside.length} files, at most ${MAX_FILES}: make folders by their jobs`;
    return [...found, ...inside.map((path) => ({ rule: "room", path, detail }))];
  });
}

/** They are invisible in an editor, so that two different names look alike. */
const CONTROL = /(?![\n\r\t])\p{Cc}/u;

function controlCharacters(path: string, text: string): Violation[] {
  const { index } = CONTROL.exec(text) ?? {};
  if (index === undefined) return [];
  const line = text.slice(0, index).split("\n").length;
  const code = text.charCodeAt(index).toString(16).padStart(2, "0");
  return [{ rule: "control", path, detail: `line ${line} holds U+00${code}: write \\x${code}` }];
}

const VAGUE = /(?:^|[-/])(?:utils?|helpers?|managers?|common|misc|stuff)(?:[-./]|$)/i;

function fileName(path: string): Violation[] {
  if (!isCode(path)) return [];
  const base = path.split("/").at(-1) ?? "";
  const found = (detail: string): Violation[] => [{ rule: "name", path, detail }];
  if (VAGUE.test(path)) return found("names nothing: call it by what it holds");
  if (path.endsWith(".vue"))
    return /^[A-Z][A-Za-z0-9]*\.vue$/.test(base) ? [] : found("PascalCase");
  return /^[a-z0-9]+(?:[-.][A-Za-z0-9]+)*\.ts$/.test(base) ? [] : found("kebab-case");
}

const BANNED: readonly (readonly [pattern: RegExp, why: string, where: RegExp])[] = [
  [/\b(?:TODO|FIXME|XXX|HACK)\b/, "finish it or file it", /\.(?:ts|vue|css)$/],
  [/^\s*(?:export\s+)?(?:const\s+)?enum\s/m, "use a literal union", /\.(?:ts|vue)$/],
  [/catch\s*(?:\([^)]*\))?\s*\{\s*\}/, "a swallowed error", /\.(?:ts|vue)$/],
  [/(?:^|\s)compliant\b/i, "say: designed against X, tested by Y", /\.(?:md|ts|vue)$/],
  [
    /\b(?:blazing|seamless(?:ly)?|cutting-edge|world-class)\b/i,
    "measure, then say",
    /\.(?:md|ts|vue)$/,
  ],
  [
    /\brole(?:\.value)?\s*[!=]==\s*"(?:operator|supervisor|technician|admin)"/,
    "ask may() of shared/access",
    // The last administrator stays one, whoever asks.
    /^hub\/(?!accounts\/)/,
  ],
  [
    /\bvi\.wait(?:For|Until)\(/,
    "it waits for one second only: use test/kit/run/wait.ts",
    /^test\/(?!kit\/run\/wait\.ts$)/,
  ],
  [
    /^(?:before|after)(?:All|Each)\(/m,
    "a module is loaded once for many test files: register hooks in the test",
    /^test\/(?!.*\.test\.ts$)/,
  ],
  [/https?:\/\/(?:cdn|unpkg|fonts\.g)/, "no external resource", /\.(?:ts|vue|html|css)$/],
];

function words(path: string, text: string): Violation[] {
  return BANNED.filter(([pattern, , where]) => where.test(path) && pattern.test(text)).map(
    ([pattern, why]) => ({
      rule: "words",
      path,
      detail: `${pattern.exec(text)?.[0].trim()}: ${why}`,
    }),
  );
}

/**
 * What nobody imports must be started by somebody: an entry, a test, a thread or a child process.
 */
const ENTRIES =
  /^(?:(?:device|hub|simulator)\/main\.ts|tools\/[a-z-]+\/main\.ts|tools\/docs\/lint\.ts|vitest\.config\.ts|hub\/console\/(?:main|vite\.config|env\.d)\.ts|test\/bench\/(?:main|rig\/floor-broker)\.ts|test\/fault\/sweep\.ts|test\/kit\/run\/summary-reporter\.ts|.*\/(?:[a-z-]+-)?(?:worker|child)\.ts|(?:device|hub)\/media\/main\.ts|device\/prompts\/make\.ts|test\/.*\.test\.ts)$/;

function deadFiles(tree: Tree): Violation[] {
  const imported = new Set(allImports(tree).map(({ to }) => to));
  return [...tree.keys()]
    .filter((path) => isCode(path) && !ENTRIES.test(path) && !imported.has(path))
    .map((path) => ({ rule: "dead", path, detail: "nobody imports it and nobody starts it" }));
}

/** README lists what happens on a press, file by file; each must exist. */
function pressFiles(tree: Tree): Violation[] {
  const readme = tree.get("README.md") ?? "";
  const listed = [...readme.matchAll(/^\d\. `([^`]+)`/gm)].map(([, path = ""]) => path);
  const missing = listed.filter((path) => !tree.has(path));
  return [
    ...(listed.length === 7
      ? []
      : [{ rule: "press", path: "README.md", detail: `lists ${listed.length} of seven files` }]),
    ...missing.map((path) => ({
      rule: "press",
      path: "README.md",
      detail: `${path} does not exist`,
    })),
  ];
}
