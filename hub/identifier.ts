/** New ids: 128 random bits, as `shared/ids.ts` wants them. */
import { randomBytes } from "node:crypto";

export const newId = <T extends string>(): T => randomBytes(16).toString("hex") as T;
