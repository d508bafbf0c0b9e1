/**
 * What the documents and the comments point at is there: links, files, headings, decisions.
 *
 * `deadReferences` is one pure function from the project's files to complaints, so that a test can
 * plant a dead one of each kind.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface Reference {
  readonly path: string;
  readonly line: number;
  readonly detail: string;
}

export interface Project {
  /** Text by path, of every file that is read. */
  readonly texts: ReadonlyMap<string, string>;
  /** Every file there is, pictures too. */
  readonly files: ReadonlySet<string>;
}

/**
 * What is read for references: documents, code for its
 * comments, and the few scripts without an ending.
 */
const READ = /\.(?:ts|vue|css|md|service)$|^\.ci\/|^tools\/bin\//;

/** Its test plants dead references in texts of its own. */
const PLANTED = "test/tools/docs/references.test.ts";

/** The project at `root`: what git tracks or would track. */
export function readProject(root: string): Project {
  const listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", listing, { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)));
  const read = files.filter((path) => READ.test(path) && path !== PLANTED);
  return {
    texts: new Map(read.map((path) => [path, readFileSync(join(root, path), "utf8")])),
    files: new Set(files),
  };
}

export function deadReferences({ texts, files }: Project): readonly Reference[] {
  const there = knownOf(texts, files);
  return [
    ...sharedNumbers(files),
    ...[...texts].flatMap(([path, text]) => {
      if (path.endsWith(".md")) return inDocument(path, text, there);
      return /\.(?:ts|vue|css)$/.test(path)
        ? inComments(path, text, there)
        : inWords(path, text, there);
    }),
  ];
}

/** A number names one decision. */
function sharedNumbers(files: ReadonlySet<string>): Reference[] {
  const pathByNumber = new Map<string, string>();
  return [...files].toSorted().flatMap((path) => {
    const [, number] = /^docs\/decisions\/(\d{4})-/.exec(path) ?? [];
    if (number === undefined) return [];
    const other = pathByNumber.get(number);
    pathByNumber.set(number, path);
    return other === undefined ? [] : [{ path, line: 1, detail: `its number is that of ${other}` }];
  });
}

interface Known {
  readonly texts: ReadonlyMap<string, string>;
  /** Files and the folders they are in. */
  readonly paths: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

function knownOf(texts: ReadonlyMap<string, string>, files: ReadonlySet<string>): Known {
  const paths = new Set<string>();
  for (const file of files) {
    for (let part = file; part !== "."; part = posix.dirname(part)) paths.add(part);
  }
  return { texts, paths, names: new Set([...files].map((file) => posix.basename(file))) };
}

const TOP = "(?:device|docs|hub|shared|simulator|test|tools)";
const KINDS = "(?:ts|vue|css|html|md|yaml|json|png)";
const LINK = /\]\(([^)\s]+)\)/g;
const PATH = new RegExp(`(?<![\\w./-])${TOP}/[\\w./-]*\\w\\.${KINDS}\\b(?![\\w*])`, "g");
/** A folder is only meant when it is marked as code. */
const FOLDER = new RegExp(`\`(${TOP}(?:/[\\w-]+)+/?)\``, "g");
const NAME = new RegExp(`(?<![\\w./*<{-])[a-z0-9][\\w.-]*\\.(?:ts|vue|md)\\b(?![\\w/])`, "gi");
const DECISION = /\bdecisions? (\d{4})\b/gi;
/** Numbers of requirements and questions in documents that were never in this repository. */
const ELSEWHERE = /\b(?:U\d{1,2}|reliability \d[\d.]*)\b/g;

function inDocument(path: string, text: string, there: Known): Reference[] {
  const links = matches(LINK, withoutCode(text)).flatMap(({ found, line }) =>
    whyDeadLink(path, found, there).map((detail) => ({ path, line, detail })),
  );
  return [...links, ...inWords(path, text, there)];
}

/** A pattern in a table is no link. Blanked and not removed, so that lines keep their numbers. */
const withoutCode = (text: string): string =>
  text.replaceAll(/`[^`\n]*`/g, (code) => " ".repeat(code.length));

function whyDeadLink(from: string, target: string, there: Known): readonly string[] {
  if (/^[a-z]+:/i.test(target)) return [];
  const [file = "", heading] = target.split("#");
  const to = file === "" ? from : posix.join(posix.dirname(from), decodeURIComponent(file));
  if (!there.paths.has(to.replace(/\/$/, ""))) return [`the link to ${target} leads nowhere`];
  if (heading === undefined || headingsOf(there.texts.get(to) ?? "").has(heading)) return [];
  return [`${to} has no heading #${heading}`];
}

/** As GitHub makes them. */
const headingsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

const COMMENT = /\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?<=^|\s)\/\/ .*/gm;

/** Comments only: what the code itself names, it imports or opens. */
const inComments = (path: string, text: string, there: Known): Reference[] =>
  [...text.matchAll(COMMENT)].flatMap((comment) => {
    const above = text.slice(0, comment.index).split("\n").length - 1;
    return inWords(path, comment[0], there).map((one) => ({ ...one, line: above + one.line }));
  });

function inWords(path: string, text: string, there: Known): Reference[] {
  const dead = (pattern: RegExp, why: (found: string) => string | undefined): Reference[] =>
    matches(pattern, text).flatMap(({ found, line }) => {
      const detail = why(found);
      return detail === undefined ? [] : [{ path, line, detail }];
    });
  const gone = (found: string): string | undefined =>
    there.paths.has(found.replace(/\/$/, "")) ? undefined : `${found} does not exist`;
  const isDecided = (number: string): boolean =>
    [...there.paths].some((one) => one.startsWith(`docs/decisions/${number}-`));
  return [
    ...dead(PATH, gone),
    ...dead(FOLDER, gone),
    ...dead(NAME, (name) => (there.names.has(name) ? undefined : `there is no file ${name}`)),
    ...dead(DECISION, (number) =>
      isDecided(number) ? undefined : `there is no decision ${number}`,
    ),
    ...dead(ELSEWHERE, (id) => `${id} is of a document that is not in this repository`),
  ];
}

function matches(pattern: RegExp, text: string): { found: string; line: number }[] {
  return [...text.matchAll(pattern)].map((match) => ({
    found: match[1] ?? match[0],
    line: text.slice(0, match.index).split("\n").length,
  }));
}
