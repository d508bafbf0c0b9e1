/** Files that take long begin first, so that none of them runs alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONG = [
  "test/fault/broker.test.ts",
  "test/simulator/world/canaries.test.ts",
  "test/fault/hub-disk.test.ts",
  "test/fault/full-disk.test.ts",
  "test/fault/clock.test.ts",
  "test/fault/people.test.ts",
  "test/fault/format.test.ts",
  "test/fault/revocation.test.ts",
  "test/simulator/world/corpus.test.ts",
  "test/fault/soak.test.ts",
];

export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((name) => moduleId.endsWith(name));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
