/**
 * A renewal that is refused because the budget is spent: reported once, in words, and over on the
 * next day.
 */
import { expect, test } from "vitest";
import { budgetFacts, budgetOf, DAY_MS, renewalFacts } from "../../../../hub/core/pillar/budget.ts";
import { newStreet, pillar, START } from "../../../kit/core/hub-core-street.ts";

const ID = pillar(0);
const DETAIL =
  "it has had 12 certificates today and asks for another: its clock or its disk may be broken, or its keys are " +
  "used elsewhere";

function used(renewals: number) {
  const street = newStreet();
  const { state } = street;
  state.budgets.set(ID, { ...budgetOf(state, ID, START), renewals });
  const fact = (at: number, isActive: boolean, detail: string) => ({
    ...{ type: "pillar-fault", at, pillarId: ID, code: "renewal-refused", isActive, detail },
  });
  return { street, state, fact, refused: () => renewalFacts(state, { at: START, pillarId: ID }) };
}

test("is told from the twelfth of a day on, and once", () => {
  expect(used(11).refused()).toEqual([]);
  const { refused, fact, street } = used(12);
  expect(refused()).toEqual([fact(START, true, DETAIL)]);
  street.record(refused()[0]!);
  expect(refused()).toEqual([]);
});

test("of a pillar that is not known is told nobody", () => {
  const { refused, state } = used(12);
  state.pillars.delete(ID);
  expect(refused()).toEqual([]);
});

test("is over when renewals are fewer again, with the next day, and not before", () => {
  const { refused, fact, street, state } = used(12);
  expect(budgetFacts(state, START)).toEqual([]);
  street.record(refused()[0]!);
  expect([...state.spent]).toEqual([ID]);
  const midnight = (Math.floor(START / DAY_MS) + 1) * DAY_MS;
  expect(budgetFacts(state, midnight - 1)).toEqual([]);
  expect(budgetFacts(state, midnight)).toEqual([fact(midnight, false, "")]);
  street.record(fact(midnight, false, "") as never);
  expect([budgetFacts(state, midnight), state.spent.size]).toEqual([[], 0]);
});

test("and too many facts are two faults, each over by itself", () => {
  const { street, state, fact } = used(12);
  const spent = { ...fact(START, true, ""), code: "budget-spent" };
  street.record(fact(START, true, "") as never);
  street.record(spent as never);
  const over = { ...spent, isActive: false };
  expect(budgetFacts(state, START)).toEqual([over]);
  street.record(over as never);
  expect([...state.spent]).toEqual([ID]);
});
