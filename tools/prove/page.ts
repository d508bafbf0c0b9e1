/** `docs/promises.md` and its Chinese sister, from the one table. */
import { basename } from "node:path";
import { PROMISES, type Promised } from "./promises.ts";

const NOTE = "<!-- Made by `npm run docs` from tools/prove/promises.ts; change that, not this. -->";

export const promisesPage = (): string =>
  [
    "# What Anzhu promises, and what checks it",
    "",
    NOTE,
    "",
    "`npm run prove` runs the test files of every row and prints which promises are kept",
    "today; `npm run prove -- --only NAME` one row. The command in the last column looks longer or wider. What was measured,",
    "and what is known not to hold yet: [measurements.md](measurements.md); which faults are tried: [faults.md](faults.md).",
    "",
    "| name | promise | how it is kept | what checks it |",
    "|---|---|---|---|",
    ...PROMISES.map((one) => row(one, one.en, "in full")),
    "",
  ].join("\n");

export const promisesPageInChinese = (): string =>
  [
    "# 承诺与检验",
    "",
    NOTE,
    "",
    "`npm run prove` 跑完每一行的测试文件，并列出今天兑现了哪些承诺；`npm run prove -- --only 名称` 只跑一行。",
    "最后一列末尾的命令查得更久、更全。实测数据与尚未做到之处见 [measurements.md](measurements.md)，试过哪些故障见 [faults.md](faults.md)。",
    "",
    "| 名称 | 承诺 | 怎样做到 | 由什么检验 |",
    "|---|---|---|---|",
    ...PROMISES.map((one) => row(one, one.zh, "完整检验")),
    "",
  ].join("\n");

function row({ name, short, full }: Promised, words: Promised["en"], inFull: string): string {
  const files = short.map((file) => `[${basename(file, ".test.ts")}](../${file})`).join(", ");
  return `| ${name} | ${words.promise} | ${words.kept} | ${files}; ${inFull}: \`${full}\` |`;
}
