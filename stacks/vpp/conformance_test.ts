// Aim: VPP keeps every law and its own invariants: by default, in frames of three, with loops of one, answering by ICMP, handing flows to other workers, woken by interrupts, with features on and a full trace buffer.
import { conformance } from "../../properties/mod.ts";
import { vpp } from "./mod.ts";

const PORTS = [0, 1, 2, 3].map((port) => `TenGigabitEthernet5/0/${port}`);
// every address of its own in 192.0.2.0/24
const ADDRESSES = [0xc0000201, 0xc0000202, 0xc0000203, 0xc0000204];

conformance("vpp", vpp(), { numRuns: 200 });
conformance("vpp in frames of three", vpp({ frameSize: 3, loop: "dual" }), { numRuns: 50 });
conformance(
  "vpp with addresses",
  vpp({ addresses: ADDRESSES, mtu: 576, loop: "single", startup: ["trace add dpdk-input 50"] }),
  { numRuns: 70 },
);
conformance(
  "vpp with hand-off",
  vpp({
    frameQueueSize: 2,
    startup: PORTS.map((port) => `set interface handoff ${port} workers 1,0`),
  }),
  { numRuns: 40, geometry: { ports: 4, lcores: 2 } },
);
conformance(
  "vpp adaptive",
  vpp({ startup: PORTS.map((port) => `set interface rx-mode ${port} adaptive`) }),
  { numRuns: 40, geometry: { ports: 4 } },
);
conformance(
  "vpp with an access list and a route that changes",
  vpp({
    startup: [
      "set acl-plugin acl permit",
      ...PORTS.map((port) => `set acl-plugin interface ${port} input acl 0`),
    ],
    commands: [{ atUs: 10, command: "ip route add 192.0.2.0/24 via drop" }],
  }),
  { numRuns: 40, geometry: { ports: 4 } },
);
