import { assertEquals } from "@std/assert";
import type { FaultKind } from "../../core/machine/observation.ts";
import type { Law } from "../law.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import { EVERYTHING, INGRESS, LCORE, run, type RunFields } from "./_observations_for_tests.ts";
import { judgeAll } from "./judge.ts";
import { LAW_SET_VERSION, LAWS } from "./laws.ts";

const frames = [frame(), frame(), frame({ ttl: 1 }), frame({ dst: "10.2.0.1" })];

/** Verdict of each law by its id: `kept`, `broken`, or why it was not judged. */
function verdicts(f: RunFields): { [id: string]: string } {
  const again = f.again ?? (() => run(f).observation);
  return Object.fromEntries(
    judgeAll(run({ ...f, again })).map(({ law, verdict }) => [
      law.id,
      verdict.kind === "not-judged" ? verdict.why : verdict.kind,
    ]),
  );
}

Deno.test("judgeAll answers one judgement for each law, in their order", () => {
  const judged = judgeAll(run({ frames, again: () => run({ frames }).observation }));
  assertEquals(judged.map((j) => j.law), [...LAWS]);
});

Deno.test("judgeAll finds no law broken in a run that goes as it should", () => {
  const broken = Object.entries(verdicts({ frames })).filter(([, v]) => v === "broken");
  assertEquals(broken, []);
});

Deno.test("judgeAll does not judge what the device does not show", () => {
  for (const missing of EVERYTHING) {
    const v = verdicts({ frames, offers: EVERYTHING.filter((e) => e !== missing) });
    for (const law of LAWS) {
      const isMissing = v[law.id] === `the device does not show ${missing}`;
      assertEquals(isMissing, law.needs.includes(missing), `${law.id} without ${missing}`);
    }
  }
});

Deno.test("judgeAll does not judge laws of TLP runs on coarse ones", () => {
  const v = verdicts({ frames, geometry: { fidelity: "coarse" } });
  for (const id of ["PCIE-1", "PCIE-2", "LOSS-1c"]) {
    assertEquals(v[id], "the run is coarse; the law is about tlp runs");
  }
  assertEquals(v["PKT-1"], "kept");
});

Deno.test("judgeAll lets laws that run the device again judge last", () => {
  const order: string[] = [];
  const law = (id: string, rest: Partial<Law> = {}): Law => ({
    id,
    statement: "",
    clause: "",
    needs: [],
    judge: () => {
      order.push(id);
      return { kind: "kept" };
    },
    ...rest,
  });
  const laws = [law("a", { reruns: true }), law("b"), law("c", { reruns: true }), law("d")];
  const judged = judgeAll(run({ frames }), laws);
  assertEquals(order, ["b", "d", "a", "c"]);
  assertEquals(judged.map((j) => j.law.id), ["a", "b", "c", "d"]);
});

Deno.test("LAWS are documented and have distinct ids", () => {
  assertEquals(new Set(LAWS.map((law) => law.id)).size, LAWS.length);
  for (const law of LAWS) {
    assertEquals(/^[A-Z]+-\d+[a-c]?$/.test(law.id), true, law.id);
    assertEquals(/^[A-Z].*\.$/.test(law.statement), true, law.id);
    assertEquals(law.clause.length > 5 && law.needs.length > 0, true, law.id);
  }
  assertEquals(Number.isInteger(LAW_SET_VERSION), true);
});

Deno.test("LAWS break on every kind of finding of the ledgers, one law each", () => {
  const expected: { [kind in FaultKind]: string } = {
    "double-free": "POOL-3",
    "foreign-free": "POOL-3",
    "use-after-free": "POOL-3",
    "posted-twice": "NIC-1",
    "completed-unposted": "NIC-1",
    "completed-twice": "NIC-1",
    "done-without-data": "NIC-4",
    "freed-posted": "NIC-3",
    "overwritten": "NIC-3",
    "tail-past-head": "NIC-2",
    "read-unposted": "NIC-5",
    "second-fate": "LOSS-2",
    "emitted-nothing": "LOSS-2",
  };
  for (const [kind, id] of Object.entries(expected)) {
    const v = verdicts({
      frames,
      change: (o) => {
        o.doorbells = 1;
        o.fault(kind as FaultKind, 5, 3, 1, LCORE, INGRESS);
      },
    });
    const broken = Object.keys(v).filter((law) => v[law] === "broken");
    assertEquals(broken, [id], kind);
  }
});

Deno.test("LAWS see a stack that does not decrement the TTL, each in its way", () => {
  const v = verdicts({ frames, out: { 0: { edit: (b) => void (b[22] = 64) } } });
  const broken = Object.keys(v).filter((law) => v[law] === "broken");
  assertEquals(broken, ["PKT-1", "PKT-2", "PKT-3"]);
});
