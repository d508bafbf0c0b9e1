/**
 * A font with Chinese characters: without one, every
 * name in a picture and in Chromium is empty boxes.
 *
 * Found by file name, because a bare machine has no tool that could be asked.
 */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const FOLDERS = ["/usr/share/fonts", "/usr/local/share/fonts", join(homedir(), ".fonts")];
const CHINESE =
  /(?:cjk|sourcehan|wqy|wenquanyi|droidsansfallback|uming|ukai|simsun|simhei|msyh).*\.(?:ttc|ttf|otf)$/i;
/** For pictures: neither the heaviest nor the lightest cut. */
const REGULAR = /sans.*regular/i;

export function findChineseFont(): string | undefined {
  const found = FOLDERS.flatMap(filesBelow).filter((path) => CHINESE.test(path));
  return found.find((path) => REGULAR.test(path)) ?? found[0];
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
      join(folder, name),
    );
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isAbsent) return [];
    throw error;
  }
}
