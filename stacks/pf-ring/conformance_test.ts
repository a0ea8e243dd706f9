// Aim: both halves of PF_RING keep every law, and their own invariants.
import { conformance } from "../../properties/mod.ts";
import { pfRingZc } from "./mod.ts";

conformance("pf_ring ZC zbounce", pfRingZc(), { numRuns: 300 });
conformance("pf_ring ZC zbounce asleep", pfRingZc({ wait: "sleep", burst: 4 }), { numRuns: 150 });
conformance(
  "pf_ring ZC zbalance",
  pfRingZc({ application: "zbalance", queueLen: 4, consumers: 2 }),
  { numRuns: 150 },
);
conformance(
  "pf_ring ZC zbalance round robin",
  pfRingZc({
    application: "zbalance",
    queueLen: 8,
    consumers: 3,
    distribution: "round-robin",
    relaxed: true,
  }),
  { numRuns: 60 },
);
conformance(
  "pf_ring ZC fan-out",
  pfRingZc({ application: "zbalance", queueLen: 8, consumers: 3, distribution: "fan-out" }),
  { numRuns: 60 },
);
conformance("pf_ring ZC zcount", pfRingZc({ application: "zcount" }), { numRuns: 40 });
