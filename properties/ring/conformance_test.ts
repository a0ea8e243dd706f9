// Aim: the rings of the core keep the laws of rings, in every mode and kind of memory.

import { MpmcRing, mpmcRingBytes, SpscRing, spscRingBytes } from "../../core/ring/mod.ts";
import { ringConformance } from "./conformance.ts";

ringConformance("SpscRing", ({ size, ...rest }) => new SpscRing(size, rest));

ringConformance("SpscRing of 2^n slots in shared memory", ({ size, startIndex }) => {
  return new SpscRing(size, { startIndex, shared: new SharedArrayBuffer(spscRingBytes(size)) });
}, { exactSizes: false });

ringConformance("MpmcRing", ({ size, ...rest }) => new MpmcRing(size, rest), {
  without: ["peek", "reserve"],
});

for (const sync of ["st", "mt", "mt-rts", "mt-hts"] as const) {
  ringConformance(`MpmcRing ${sync} in shared memory`, ({ size, ...rest }) => {
    const shared = new SharedArrayBuffer(mpmcRingBytes(size, rest.exactSize));
    return new MpmcRing(size, { ...rest, producers: sync, consumers: sync, shared });
  }, { without: sync === "st" || sync === "mt-hts" ? [] : ["peek", "reserve"] });
}
