import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readPrompt } from "../../../../device/media/play/prompt.ts";
import {
  newPromptDetector,
  ownSignatures,
} from "../../../../simulator/live/sound/prompt-detector.ts";

async function pcmOf(name: string): Promise<Buffer> {
  const wav = await readPrompt("", name);
  if (!wav.ok) throw new Error(wav.reason);
  return Buffer.from(wav.pcm);
}

test("every prompt of the agent is told from every other, however its sound is cut", async () => {
  const signatures = await ownSignatures();
  expect(signatures.size).toBeGreaterThan(5);
  const sounds = new Map<string, Buffer>();
  for (const name of signatures.keys()) sounds.set(name, await pcmOf(name));
  const order = fc.shuffledSubarray([...sounds.keys()], { minLength: 1 });
  const cut = fc.integer({ min: 1, max: 4000 });
  fc.assert(
    fc.property(order, cut, (names, size) => {
      const detector = newPromptDetector(signatures);
      expect(detector.latest()).toBeNull();
      for (const name of names) {
        const sound = sounds.get(name) ?? Buffer.alloc(0);
        for (let at = 0; at < sound.length; at += size) {
          detector.listen(sound.subarray(at, at + size));
        }
        expect(detector.latest()).toBe(name);
      }
    }),
    { numRuns: 10 },
  );
});

test("a voice and silence are no prompts", async () => {
  const detector = newPromptDetector(await ownSignatures());
  detector.listen(Buffer.alloc(96_000));
  detector.listen(Buffer.from(Array.from({ length: 9600 }, (_, i) => (i * 7919) & 0xff)));
  expect(detector.latest()).toBeNull();
});
