// Aim: every stack of this folder keeps every law and its own invariants: the router in XDP and what else programs do,
// in the driver and behind the skb, and AF_XDP in both modes with each way of waiting.
import { conformance } from "../../properties/mod.ts";
import { afXdp, xdp, xdpBench } from "./mod.ts";

conformance("xdp", xdp(), { numRuns: 200 });
conformance("xdp generic", xdp(undefined, { mode: "generic" }), { numRuns: 60 });
conformance(
  "xdp with addresses",
  xdp(undefined, { addresses: [0xc0000201, 0xc0000202, 0xc0000203, 0xc0000204], mtu: 576 }),
  { numRuns: 60 },
);
conformance("xdp redirect", xdp(xdpBench("xdp_redirect_map")), { numRuns: 100 });
conformance("xdp tx", xdp(xdpBench("xdp_tx")), { numRuns: 60 });
conformance("xdp drop", xdp(xdpBench("xdp_drop")), { numRuns: 40 });
conformance("xdp pass", xdp(xdpBench("xdp_pass")), { numRuns: 40 });
conformance("xdp cpumap", xdp(xdpBench("xdp_redirect_cpu")), { numRuns: 100 });
conformance("af_xdp copy", afXdp({ ringSize: 64 }), { numRuns: 100 });
conformance("af_xdp zerocopy", afXdp({ mode: "zerocopy", ringSize: 64 }), { numRuns: 100 });
conformance("af_xdp spin", afXdp({ mode: "zerocopy", wait: "spin", ringSize: 64 }), {
  numRuns: 40,
});
conformance("af_xdp busy-poll", afXdp({ mode: "zerocopy", wait: "busy-poll", ringSize: 64 }), {
  numRuns: 20,
});
