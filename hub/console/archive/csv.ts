/**
 * A list as CSV for a spreadsheet (RFC 4180), UTF-8 with
 * a byte order mark so that Excel reads Chinese.
 *
 * A cell that begins like a formula gets a quote in front: a note is typed by strangers. Full-width
 * signs count, because spreadsheets with a Chinese keyboard take them, and blanks before a sign do
 * not hide it.
 */
import { visible } from "../../../shared/text.ts";

const FORMULA = /^[\s\uFEFF]*[=+\-@＝＋－＠\t\r\n]/;

export function toCsv(rows: readonly (readonly string[])[]): string {
  return "\uFEFF" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function cell(value: string): string {
  const safe = visible(FORMULA.test(value) ? `'${value}` : value, true);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
