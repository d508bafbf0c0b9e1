/**
 * How much of the disk was free in the last days, kept over restarts.
 *
 * A file of its own and not facts, because it is a measurement and not evidence. When it cannot be
 * read or written, only the forecast is lost.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { writeWhole } from "../../shared/host/whole-file.ts";
import { fullInDays, MAX_SAMPLES, withSample, type Sample } from "../core/recording/forecast.ts";

const NAME = "disk-samples.json";
const WRITE_EVERY_MS = 3_600_000;

const Samples = z
  .array(z.strictObject({ at: z.number().nonnegative(), freeBytes: z.number().nonnegative() }))
  .max(MAX_SAMPLES);

export interface DiskSamples {
  /** Takes one note; returns the days until the disk is full, or null. */
  note(sample: Sample): Promise<number | null>;
}

export function openDiskSamples(dataDir: string, log: Pick<Logger, "warn">): DiskSamples {
  const file = join(dataDir, NAME);
  let samples: readonly Sample[] | undefined;
  let writtenAt = performance.now();
  const write = async (): Promise<void> => {
    try {
      await writeWhole(file, JSON.stringify(samples));
    } catch (error) {
      log.warn({ error }, `${file} cannot be written: the forecast begins anew: ${String(error)}`);
    }
  };
  return {
    async note(sample) {
      samples = withSample(samples ?? (await read(file)), sample);
      if (performance.now() - writtenAt >= WRITE_EVERY_MS) {
        writtenAt = performance.now();
        await write();
      }
      return fullInDays(samples, sample.freeBytes);
    },
  };
}

async function read(file: string): Promise<readonly Sample[]> {
  try {
    const parsed = Samples.safeParse(JSON.parse(await readFile(file, "utf8")));
    return parsed.success ? parsed.data.toSorted((a, b) => a.at - b.at) : [];
  } catch {
    // None yet, or not JSON: it is measured anew.
    return [];
  }
}
