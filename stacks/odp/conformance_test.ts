// Aim: an ODP program keeps every law in each of its modes, judged by what it declares.
import { conformance } from "../../properties/mod.ts";
import { odp } from "./mod.ts";

conformance("odp", odp(), { numRuns: 250 });
conformance("odp direct", odp({ mode: "direct" }), { numRuns: 60 });
conformance("odp ordered", odp({ mode: "ordered" }), { numRuns: 120 });
conformance("odp parallel", odp({ mode: "parallel" }), { numRuns: 80 });
conformance("odp plain queue", odp({ mode: "queue", output: "queue" }), { numRuns: 60 });
conformance("odp traffic manager", odp({ output: "tm" }), { numRuns: 80 });
conformance(
  "odp traffic manager with short queues",
  odp({
    output: "tm",
    tm: { queues: [{ name: "a", maxPkts: 3 }, { name: "b", maxPkts: 2, weight: 4 }] },
  }),
  { numRuns: 60 },
);
conformance(
  "odp loopback second pass",
  odp({
    classifier: {
      cos: [{ name: "first", action: "loop" }, { name: "second", queues: 3, prio: 5 }],
      defaultCos: "first",
      loopDefaultCos: "second",
    },
  }),
  { numRuns: 60 },
);
// two classes by destination, one of them ordered, with short queues and a pool of its own
conformance(
  "odp classifier",
  odp({
    queueSize: 6,
    classifier: {
      cos: [
        { name: "all", prio: 2 },
        { name: "even", prio: 6, sync: "ordered", queues: 2 },
        // all that four transmit rings keep, and a burst
        { name: "own", pool: 272 },
        { name: "bad", prio: 0 },
      ],
      pmr: [
        { from: "all", to: "even", terms: [{ term: "DIP_ADDR", value: 0, mask: 1 }] },
        { from: "all", to: "own", terms: [{ term: "SIP_ADDR", value: 1, mask: 3 }] },
      ],
      defaultCos: "all",
      errorCos: "bad",
    },
  }),
  { numRuns: 80 },
);
conformance(
  "odp traffic manager with shapers",
  odp({
    mode: "ordered",
    output: "tm",
    tm: {
      shaper: { commitRate: 5e9, commitBurst: 12_000 },
      nodes: [{ name: "n", prio: 1, weight: 3 }],
      queues: [
        { name: "a", prio: 0, shaper: { commitRate: 1e9, commitBurst: 4_000 } },
        { name: "b", parent: "n", weight: 2 },
        { name: "c", parent: "n" },
        { name: "d", prio: 1 },
      ],
    },
  }),
  { numRuns: 60 },
);
conformance("odp ordered on four lcores, queues of four", odp({ mode: "ordered", queueSize: 4 }), {
  numRuns: 40,
  geometry: { lcores: 4 },
});
conformance(
  "odp socket",
  odp({ interfaces: [{ type: "socket", port: 0 }, { type: "socket", port: 1 }] }),
  { numRuns: 60, geometry: { ports: 2 } },
);
conformance("odp l2fwd", odp({ app: "l2fwd", mode: "ordered" }), { numRuns: 60 });
