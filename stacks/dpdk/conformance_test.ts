// Aim: l3fwd in both profiles, as a loop and as a pipeline, and testpmd's engines keep every law, each judged
// by what it declares; also where a frame takes several mbufs, and where rings between stages hold few packets.
import { paperHost, paperMachine } from "../../fixtures/mod.ts";
import { conformance } from "../../properties/mod.ts";
import { l3fwd, testpmd } from "./mod.ts";

conformance("dpdk l3fwd strict", l3fwd("strict"));
conformance("dpdk l3fwd faithful", l3fwd("faithful"), { numRuns: 300 });
conformance(
  "dpdk l3fwd of the P2PNIC paper",
  l3fwd("strict", { rxBurst: 8, txBurst: 8, drainUs: 0 }),
  {
    numRuns: 200,
    machine: paperMachine(paperHost),
  },
);
conformance("dpdk l3fwd pipeline", l3fwd("strict", { mode: "pipeline", ringSize: 4 }), {
  numRuns: 200,
});
conformance("dpdk l3fwd pipeline of four lcores", l3fwd("faithful", { mode: "pipeline" }), {
  numRuns: 60,
  geometry: { lcores: 4 },
});
conformance("dpdk l3fwd scattered", l3fwd("strict", { mbufSize: 1152 }), { numRuns: 150 });
conformance("dpdk testpmd io", testpmd(), { numRuns: 150 });
conformance("dpdk testpmd mac", testpmd({ mode: "mac", mbufSize: 1152 }), { numRuns: 100 });
conformance("dpdk testpmd macswap", testpmd({ mode: "macswap", topology: "chained" }), {
  numRuns: 100,
});
conformance("dpdk testpmd rxonly", testpmd({ mode: "rxonly" }), { numRuns: 50 });
