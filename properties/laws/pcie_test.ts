import type { CreditAccount } from "../../core/pcie/fabric.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  type RunFields,
} from "./_observations_for_tests.ts";
import { PCIE_1, PCIE_2 } from "./pcie.ts";

function credits(change: Partial<CreditAccount>, end: "quiet" | "horizon" = "quiet"): RunFields {
  const account: CreditAccount = {
    link: "nic0>switch",
    class: "posted",
    unit: "header",
    advertised: 8,
    consumed: 20,
    returned: 20,
    held: 0,
    leastLeft: 0,
    mostLeft: 8,
  };
  return {
    change: (o) => {
      o.credits = [{ ...account, link: "switch>nic1" }, { ...account, ...change }];
      o.end = end;
    },
  };
}

Deno.test("PCIE-1 is kept by credits within bounds", () => {
  assertKept(PCIE_1, credits({}));
});

Deno.test("PCIE-1 names a sender that overran its receiver", () => {
  assertBroken(
    PCIE_1,
    credits({ leastLeft: -1 }),
    "posted header credits of nic0>switch fell to -1, expected at least 0: " +
      "the sender overran the receiver",
    [],
  );
});

Deno.test("PCIE-1 names a credit that was returned twice", () => {
  assertBroken(
    PCIE_1,
    credits({ mostLeft: 9, class: "completion", unit: "data" }),
    "completion data credits of nic0>switch rose to 9, expected at most the 8 advertised: " +
      "some were returned twice",
    [],
  );
});

Deno.test("PCIE-1 and PCIE-2 are not judged where there is nothing to count", () => {
  assertNotJudged(PCIE_1, {}, "the fabric keeps no credits");
  assertNotJudged(PCIE_2, {}, "the fabric keeps no credits");
  assertNotJudged(
    PCIE_2,
    { change: (o) => o.credits = credits0() },
    "no TLP was sent",
  );
});

function credits0(): CreditAccount[] {
  const none = { consumed: 0, returned: 0, held: 0, leastLeft: 8, mostLeft: 8 };
  return [{ link: "nic0>switch", class: "posted", unit: "header", advertised: 8, ...none }];
}

Deno.test("PCIE-2 is kept where all credits have come back", () => {
  assertKept(PCIE_2, credits({}));
  assertKept(PCIE_2, credits({ returned: 18, held: 2 }, "horizon"));
});

Deno.test("PCIE-2 names credits that got lost or multiplied", () => {
  assertBroken(
    PCIE_2,
    credits({ returned: 21 }),
    "posted header credits of nic0>switch: 20 consumed, expected 21 returned and 0 held " +
      "to be as many",
    [],
  );
  assertBroken(
    PCIE_2,
    credits({ returned: 18, held: 1 }, "horizon"),
    "posted header credits of nic0>switch: 20 consumed, expected 18 returned and 1 held " +
      "to be as many",
    [],
  );
});

Deno.test("PCIE-2 names credits that are held at rest", () => {
  assertBroken(
    PCIE_2,
    credits({ returned: 18, held: 2 }),
    "posted header credits of nic0>switch: 2 held when the machine had gone quiet, expected 0",
    [],
  );
});
