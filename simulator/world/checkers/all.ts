/** Every checker, the most important first. */
import type { Checker, History, Violation } from "../run/history.ts";
import { checkChain } from "./chain.ts";
import { checkDeadlines } from "./deadline.ts";
import { checkEffect } from "./effect.ts";
import { checkGates } from "./gate.ts";
import { checkGrids } from "./grid.ts";
import { checkIdentity } from "./identity.ts";
import { checkLiveness } from "./liveness.ts";
import { checkLoss } from "./loss.ts";
import { checkPriority } from "./priority.ts";
import { checkPromise } from "./words/promise.ts";
import { checkPromptness } from "./promptness.ts";
import { checkReplay } from "./replay.ts";
import { checkRevocation } from "./revocation.ts";
import { checkSight } from "./sight.ts";
import { checkViews } from "./views.ts";

const CHECKERS: readonly Checker[] = [
  checkLoss,
  checkPromise,
  checkEffect,
  checkDeadlines,
  checkChain,
  checkLiveness,
  checkPromptness,
  checkIdentity,
  checkReplay,
  checkGrids,
  checkPriority,
  checkSight,
  checkRevocation,
  checkViews,
  checkGates,
];

export const checkAll = (history: History): Violation[] =>
  CHECKERS.flatMap((check) => check(history));
