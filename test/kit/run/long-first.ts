/**
 * Files that take long begin first, so that none of them runs alone at the end.
 *
 * The runner knows how long each took where it ran before, and otherwise only how large it is, which
 * says nothing about a file that waits for programs. So the longest stand here, as measured with the
 * JSON reporter in November 2026, the longest first.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONG = [
  "test/simulator/world/corpus.test.ts",
  "test/simulator/world/canaries.test.ts",
  "test/fault/broker.test.ts",
  "test/fault/revocation.test.ts",
  "test/browser/hostile-text.test.ts",
  "test/fault/hub-disk.test.ts",
  "test/fault/disk.test.ts",
  "test/fault/power.test.ts",
  "test/fault/process.test.ts",
  "test/wire/reverse-proxy.test.ts",
  "test/fault/network.test.ts",
  "test/fault/people.test.ts",
  "test/fault/clock.test.ts",
  "test/fault/full-disk.test.ts",
  "test/fault/format.test.ts",
  "test/fault/poison.test.ts",
  "test/fault/load.test.ts",
  "test/simulator/npm-run.test.ts",
  "test/browser/relay.test.ts",
  "test/browser/session-ends.test.ts",
  "test/browser/story.test.ts",
  "test/browser/stale.test.ts",
  "test/fault/restore.test.ts",
  "test/fault/call.test.ts",
  "test/fault/hub.test.ts",
  "test/fault/power-cut.test.ts",
  "test/wire/agent-press.test.ts",
  "test/fault/data.test.ts",
  "test/fault/board.test.ts",
  "test/fault/soak.test.ts",
  "test/hub/api/walk.test.ts",
  "test/shared/access/may.test.ts",
  "test/hub/core/new-part/new-part.test.ts",
  "test/hub/journal/growth.test.ts",
];

export default class LongFirst extends BaseSequencer {
  /** Files that share a process stay together, at the end: only then is the process kept. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const found = LONG.findIndex((name) => moduleId.endsWith(name));
      return (project.config.isolate ? 0 : LONG.length + 1) + (found < 0 ? LONG.length : found);
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
