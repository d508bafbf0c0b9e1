/**
 * Virtual time: what is due next happens next, and nothing waits.
 *
 * A binary heap ordered by time, then by the order of planning, so that the same plan always runs in the
 * same way. Time is in milliseconds since the world began.
 */
import { assert } from "../../shared/assert.ts";

export interface Task {
  readonly at: number;
  readonly order: number;
  /** `undefined` once it ran or was called off. */
  run: (() => void) | undefined;
}

export interface Scheduler {
  now(): number;
  plan(at: number, run: () => void): Task;
  callOff(task: Task | undefined): void;
  /** Runs everything due up to `at`, and leaves the clock there. */
  runUntil(at: number): void;
  /** How many tasks ran. */
  steps(): number;
}

/** Tasks at one instant: more would be a loop in which no time passes. */
const MAX_AT_ONCE = 50_000;
/** More would be a world that plans faster than it acts. */
const MAX_TASKS = 200_000;

export function newScheduler(): Scheduler {
  const heap: Task[] = [];
  let now = 0;
  let order = 0;
  let steps = 0;
  let atOnce = 0;
  return {
    now: () => now,
    steps: () => steps,
    plan: (at, run) => {
      const task: Task = { at: at < now ? now : at, order: order++, run };
      push(heap, task);
      assert(heap.length <= MAX_TASKS, `more than ${MAX_TASKS} tasks are planned`);
      return task;
    },
    callOff: (task) => {
      if (task) task.run = undefined;
    },
    runUntil: (at) => {
      for (let head = heap[0]; head && head.at <= at; head = heap[0]) {
        pop(heap);
        const { run } = head;
        if (!run) continue;
        atOnce = head.at === now ? atOnce + 1 : 0;
        assert(atOnce <= MAX_AT_ONCE, `time stands still at ${now} ms`);
        now = head.at;
        head.run = undefined;
        steps += 1;
        run();
      }
      now = at;
    },
  };
}

const isBefore = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Task[], task: Task): void {
  let i = heap.length;
  heap.push(task);
  while (i > 0) {
    const parentAt = (i - 1) >> 1;
    const parent = heap[parentAt] as Task;
    if (!isBefore(task, parent)) break;
    heap[i] = parent;
    i = parentAt;
  }
  heap[i] = task;
}

function pop(heap: Task[]): void {
  const last = heap.pop() as Task;
  const size = heap.length;
  if (size === 0) return;
  let i = 0;
  for (;;) {
    let childAt = 2 * i + 1;
    if (childAt >= size) break;
    const right = childAt + 1;
    if (right < size && isBefore(heap[right] as Task, heap[childAt] as Task)) childAt = right;
    const child = heap[childAt] as Task;
    if (!isBefore(child, last)) break;
    heap[i] = child;
    i = childAt;
  }
  heap[i] = last;
}
