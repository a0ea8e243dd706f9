// Aim: both halves of PF_RING keep every law, and their own invariants.
import { conformance } from "../../properties/mod.ts";
import { pfRing, pfRingZc } from "./mod.ts";

conformance("pf_ring", pfRing({ minNumSlots: 64 }), { numRuns: 160 });
conformance(
  "pf_ring with low limits",
  pfRing({
    minNumSlots: 1,
    txqueuelen: 3,
    applications: [{ application: "router", open: "channel", wait: "active", packetCycles: 4000 }],
  }),
  { numRuns: 150, geometry: { txRing: 8 } },
);
conformance(
  "pf_ring cluster",
  pfRing({
    minNumSlots: 2,
    applications: [{ application: "router", open: "cluster", copies: true }, {
      application: "pfcount",
      watermark: 1,
    }],
  }),
  { numRuns: 100 },
);
conformance(
  "pf_ring reflector",
  pfRing({ minNumSlots: 2, applications: [{ application: "reflector" }] }),
  { numRuns: 100 },
);
conformance(
  "pf_ring pfcount",
  pfRing({
    minNumSlots: 1,
    applications: [{ application: "pfcount", watermark: 1, direction: "rx" }],
  }),
  { numRuns: 60 },
);
conformance(
  "pf_ring beside the kernel's forwarding",
  pfRing({ minNumSlots: 16, ipForward: true, applications: [{ application: "pfcount" }] }),
  { numRuns: 60 },
);

conformance("pf_ring ZC", pfRingZc(), { numRuns: 200 });
conformance("pf_ring ZC zbounce", pfRingZc({ application: "zbounce" }), { numRuns: 80 });
conformance("pf_ring ZC asleep", pfRingZc({ wait: "sleep", burst: 4 }), { numRuns: 150 });
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
conformance("pf_ring ZC without ZC's driver", pfRingZc({ driver: "standard", wait: "sleep" }), {
  numRuns: 80,
});
conformance(
  "pf_ring ZC without ZC's driver, spinning",
  pfRingZc({ driver: "standard", application: "zbounce" }),
  { numRuns: 50 },
);
