// Aim: an ODP program keeps every law in each of its modes, judged by what it declares.
import { conformance } from "../../properties/mod.ts";
import { odp } from "./mod.ts";

conformance("odp", odp(), { numRuns: 300 });
conformance("odp direct", odp({ mode: "direct" }), { numRuns: 100 });
conformance("odp ordered", odp({ mode: "ordered" }), { numRuns: 150 });
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
conformance(
  "odp socket",
  odp({ interfaces: [{ type: "socket", port: 0 }, { type: "socket", port: 1 }] }),
  { numRuns: 60, geometry: { ports: 2 } },
);
conformance("odp l2fwd", odp({ app: "l2fwd", mode: "ordered" }), { numRuns: 60 });
