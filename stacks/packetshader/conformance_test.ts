// Aim: PacketShader keeps every law and every invariant of its own parts: with the GPU and without, with chunks so small
// that it has to choose often, on two nodes, where a full transmit ring drops, and as the samples of its I/O engine.
import { conformance } from "../../properties/mod.ts";
import { packetshader } from "./mod.ts";

conformance("packetshader", packetshader({ firstBits: 16, chunk: 4 }), { numRuns: 200 });
conformance("packetshader on the GPU", packetshader({ firstBits: 8, offload: "gpu" }), {
  numRuns: 100,
});
conformance("packetshader without GPU", packetshader({ firstBits: 8, offload: "cpu" }), {
  numRuns: 60,
});
conformance(
  "packetshader on two nodes, with streams, polling",
  packetshader({
    ...{ firstBits: 8, offload: "gpu", nodes: 2, streams: true, recvBlocking: false, batch: 8 },
    chunk: 4,
  }),
  { numRuns: 100, geometry: { lcores: 2 } },
);
conformance("packetshader that drops", packetshader({ firstBits: 8, sendRetry: false }), {
  numRuns: 100,
  geometry: { txRing: 8 },
});
conformance("packetshader echo", packetshader({ app: "echo" }), { numRuns: 60 });
conformance("packetshader echo -s", packetshader({ app: "echo", echo: "sink" }), { numRuns: 40 });
