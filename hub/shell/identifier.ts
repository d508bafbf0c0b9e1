/** New ids: 128 random bits, as `shared/ids.ts` wants them. */
import { randomBytes } from "node:crypto";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the brand
export const newId = <T extends string>(): T => randomBytes(16).toString("hex") as T;
