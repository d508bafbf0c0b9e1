/**
 * Virtual time: what is due next happens next, and nothing waits.
 *
 * A binary heap ordered by time, then by the order of planning, so that the same plan always runs
 * in the same way. Time is in milliseconds since the world began.
 */
import { assert } from "../../shared/assert.ts";

export interface Task {
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
/** More would mean that tasks are planned faster than they run. */
const MAX_TASKS = 200_000;

export function newScheduler(): Scheduler {
  const heap = newHeap();
  let now = 0;
  let steps = 0;
  let atOnce = 0;
  return {
    now: () => now,
    steps: () => steps,
    plan: (at, run) => {
      const task: Task = { run };
      push(heap, at < now ? now : at, task);
      assert(heap.tasks.length <= MAX_TASKS, "more tasks are planned than are ever acted upon");
      return task;
    },
    callOff: (task) => {
      if (task) task.run = undefined;
    },
    runUntil: (until) => {
      for (let at = heap.times[0]; at !== undefined && at <= until; at = heap.times[0]) {
        const task = pop(heap);
        const { run } = task;
        if (!run) continue;
        atOnce = at === now ? atOnce + 1 : 0;
        // The words are made only when they are needed: this line runs two hundred million times.
        if (atOnce > MAX_AT_ONCE) throw new Error(`time stands still at ${now} ms`);
        now = at;
        task.run = undefined;
        steps += 1;
        run();
      }
      now = until;
    },
  };
}

/**
 * Three columns instead of rows: times are compared most, and a column of numbers is read quickest.
 */
interface Heap {
  readonly times: number[];
  readonly orders: number[];
  readonly tasks: Task[];
  nextOrder: number;
}

const newHeap = (): Heap => ({ times: [], orders: [], tasks: [], nextOrder: 0 });

function push(heap: Heap, at: number, task: Task): void {
  const { times, orders, tasks } = heap;
  let i = times.length;
  // The newest order is the highest: only an earlier time goes further up.
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if ((times[parent] as number) <= at) break;
    times[i] = times[parent] as number;
    orders[i] = orders[parent] as number;
    tasks[i] = tasks[parent] as Task;
    i = parent;
  }
  times[i] = at;
  orders[i] = heap.nextOrder++;
  tasks[i] = task;
}

function pop({ times, orders, tasks }: Heap): Task {
  const first = tasks[0] as Task;
  const at = times.pop() as number;
  const order = orders.pop() as number;
  const task = tasks.pop() as Task;
  const size = times.length;
  if (size === 0) return first;
  let i = 0;
  for (let child = 1; child < size; child = 2 * i + 1) {
    let childAt = times[child] as number;
    const rightAt = child + 1 < size ? (times[child + 1] as number) : Number.POSITIVE_INFINITY;
    const isTie = rightAt === childAt && (orders[child + 1] as number) < (orders[child] as number);
    if (rightAt < childAt || isTie) {
      child += 1;
      childAt = rightAt;
    }
    if (childAt > at || (childAt === at && (orders[child] as number) > order)) break;
    times[i] = childAt;
    orders[i] = orders[child] as number;
    tasks[i] = tasks[child] as Task;
    i = child;
  }
  times[i] = at;
  orders[i] = order;
  tasks[i] = task;
  return first;
}
