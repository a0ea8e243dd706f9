// Aim: the closed forms give the figures of Neugebauer et al. (SIGCOMM 2018), to the last digit of four, and
// no played-out link beats them or the bound of its credits. Method: rows of the tables that the program
// published with that paper (pcie-bench/pcie-model at 40703cf) prints, as facts; all its rows are compared on
// real data. Then the TLP fabric with few credits.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GEOMETRY, type Operation, PROFILE, Testbed } from "./_testbed_for_tests.ts";
import {
  ackIntervalSymbols,
  creditGbps,
  payloadGbps,
  type PcieGeneration,
  pcieRawGbps,
  type PcieSetup,
  pcieTlpGbps,
  readBytes,
  writeBytes,
} from "./bandwidth.ts";
import {
  nicBytes,
  type NicDirection,
  nicGbps,
  type NicKind,
  type NicModel,
} from "./nic_bandwidth.ts";

const GEN3X8: PcieSetup = {
  generation: 3,
  lanes: 8,
  mps: 256,
  mrrs: 512,
  addressBits: 64,
  completionBytes: 256,
};

const same = (value: number, printed: number, what: string) =>
  assertEquals(value.toFixed(4), printed.toFixed(4), what);

/** Generation, lanes, payload size; symbols between ACKs, Gb/s for TLPs. */
const LINKS: readonly (readonly [PcieGeneration, number, number, number, number])[] = [
  [1, 1, 128, 237, 1.8598],
  [1, 1, 256, 416, 1.9179],
  [1, 1, 512, 559, 1.9376],
  [1, 1, 1024, 1071, 1.9649],
  [1, 2, 256, 217, 3.6947],
  [1, 8, 128, 67, 12.1375],
  [1, 8, 256, 107, 13.5659],
  [1, 8, 512, 86, 12.9816],
  [2, 4, 128, 124, 13.8939],
  [2, 4, 256, 169, 14.4436],
  [2, 8, 256, 158, 28.6763],
  [2, 8, 512, 137, 28.1795],
  [2, 8, 1024, 201, 29.3695],
  [3, 8, 128, 163, 56.6659],
  [3, 8, 256, 203, 57.8848],
  [3, 8, 512, 182, 57.3117],
  [3, 8, 1024, 246, 58.7529],
  [3, 16, 128, 144, 111.6996],
  [3, 16, 256, 168, 113.7001],
  [3, 16, 512, 182, 114.6234],
  [4, 16, 256, 168, 227.4001],
  [4, 16, 1024, 246, 235.0117],
  [5, 16, 128, 144, 446.7983],
  [5, 16, 256, 168, 454.8002],
  [5, 16, 512, 182, 458.4935],
];

Deno.test("pcieTlpGbps and ackIntervalSymbols give the published rates of links", () => {
  for (const [generation, lanes, mps, interval, rate] of LINKS) {
    const what = `Gen${generation} x${lanes}, ${mps} bytes`;
    assertEquals(ackIntervalSymbols(generation, lanes, mps), interval, what);
    same(pcieTlpGbps(generation, lanes, mps), rate, what);
  }
  const raw = ([1, 2, 3, 4, 5] as const).map((generation) => pcieRawGbps(generation, 16));
  assertEquals(raw.map((rate) => rate.toFixed(2)), [
    "32.00",
    "64.00",
    "126.03",
    "252.06",
    "504.12",
  ]);
});

/** What differs from Gen3 x8; payload; Gb/s of writes, reads, both at once each way. */
const TRANSFERS: readonly (readonly [Partial<PcieSetup>, number, number, number, number])[] = [
  [{}, 1, 2.3154, 2.4119, 1.1813],
  [{}, 64, 42.0980, 44.1027, 33.0770],
  [{}, 65, 42.2754, 44.2648, 33.2965],
  [{}, 256, 52.9232, 53.6902, 48.7451],
  [{}, 257, 48.7750, 50.0888, 45.2170],
  [{}, 1500, 52.8146, 53.5970, 50.5986],
  [{}, 4096, 52.9232, 53.6902, 50.7483],
  [{ mps: 128, completionBytes: 128 }, 64, 41.2116, 43.1740, 32.3805],
  [{ mps: 128, completionBytes: 128 }, 1514, 47.6094, 48.9123, 45.7803],
  [{ mrrs: 4096 }, 257, 48.7750, 50.0888, 45.2170],
  [{ mrrs: 4096 }, 1514, 52.8574, 53.6337, 52.1032],
  [{ completionBytes: 64 }, 257, 48.7750, 41.6705, 41.6705],
  [{ completionBytes: 64 }, 1514, 52.8574, 43.9506, 43.9506],
  [{ addressBits: 32 }, 64, 44.1027, 44.1027, 35.6214],
  [{ addressBits: 32 }, 1514, 53.6337, 53.6337, 51.7341],
  [{ lanes: 16 }, 64, 82.6910, 86.6286, 64.9715],
  [{ lanes: 16 }, 1514, 103.8250, 105.3500, 99.5040],
  [{ generation: 2 }, 64, 20.8555, 21.8486, 16.3864],
  [{ generation: 2 }, 1514, 26.1857, 26.5703, 25.0959],
  [{ generation: 4, lanes: 16 }, 257, 191.6126, 196.7738, 177.6347],
  [{ generation: 4, mps: 512, completionBytes: 512 }, 257, 104.8335, 106.3473, 96.5843],
  [{ generation: 4, mps: 512, completionBytes: 512 }, 1514, 109.4198, 110.2540, 104.6681],
];

Deno.test("payloadGbps gives the published rates of writes, reads and both", () => {
  for (const [change, bytes, write, read, both] of TRANSFERS) {
    const link = { ...GEN3X8, ...change };
    const what = `${bytes} bytes, ${JSON.stringify(change)}`;
    same(payloadGbps(link, bytes, writeBytes(link, bytes)), write, `write ${what}`);
    same(payloadGbps(link, bytes, readBytes(link, bytes)), read, `read ${what}`);
    const rate = payloadGbps(link, bytes, writeBytes(link, bytes), readBytes(link, bytes));
    same(rate, both, `both ${what}`);
  }
});

const COLUMNS: readonly (readonly [NicKind, NicModel, NicDirection])[] = [
  ["simple", "published", "both"],
  ["simple", "published", "tx"],
  ["simple", "published", "rx"],
  ["kernel", "published", "both"],
  ["kernel", "published", "tx"],
  ["kernel", "published", "rx"],
  ["dpdk", "published", "both"],
  ["dpdk", "published", "tx"],
  ["dpdk", "published", "rx"],
  ["simple", "corrected", "both"],
  ["simple", "corrected", "rx"],
  ["kernel", "corrected", "both"],
  ["kernel", "corrected", "rx"],
  ["dpdk", "corrected", "both"],
  ["dpdk", "corrected", "rx"],
];
/** Frame with FCS, then Gb/s in the order of the columns. */
// deno-fmt-ignore
const NICS: readonly (readonly number[])[] = [
  [64, 12.5836, 20.6731, 19.7334, 17.6344, 23.2313, 27.1600, 20.6485, 35.3046, 28.0088, 11.5770, 17.3654, 15.7189, 22.8681, 18.0702, 23.4668],
  [65, 12.7472, 20.8933, 19.9490, 17.8377, 23.4616, 27.3984, 20.8686, 35.5318, 28.2478, 11.7308, 17.5670, 15.9089, 23.0971, 18.2762, 23.6978],
  [256, 31.1687, 40.5193, 39.6385, 37.5034, 42.7144, 45.6021, 40.4968, 50.2349, 46.1613, 29.6483, 37.2116, 35.3238, 42.4194, 37.9671, 42.9028],
  [512, 39.3121, 46.2350, 45.3788, 43.9576, 47.6202, 49.0193, 45.9317, 51.9187, 49.3380, 38.0900, 43.7581, 42.4352, 47.1336, 44.2720, 47.4282],
  [1518, 46.1736, 50.8929, 50.0786, 48.1803, 51.4456, 51.4947, 48.9540, 53.0373, 51.6122, 45.5971, 49.4011, 47.5529, 50.7786, 48.3064, 50.8929],
];

Deno.test("nicGbps gives the published curves of three NICs, and the corrected ones", () => {
  for (const [frame, ...rates] of NICS) {
    COLUMNS.forEach(([kind, model, direction], i) => {
      const rate = nicGbps(kind, model, direction, GEN3X8, frame! - 4);
      same(rate, rates[i]!, `${kind} ${model} ${direction}, ${frame} bytes`);
    });
  }
  // what a polled 82599 sends for 60 bytes: 44.2 and 98.4 bytes of transmit, 124.0 and 36.9 of receive
  const tx = nicBytes("dpdk", "published", "tx", GEN3X8, 60);
  const rx = nicBytes("dpdk", "published", "rx", GEN3X8, 60);
  const rounded = [tx.up, tx.down, rx.up, rx.down].map((bytes) => bytes.toFixed(1));
  assertEquals(rounded, ["44.2", "98.4", "124.0", "36.9"]);
});

Deno.test("the paper's reading of the curves: up to which size a NIC misses 40G both ways", () => {
  const last = (kind: NicKind, model: NicModel): number => {
    let missed = 0;
    for (let frame = 64; frame <= 1518; frame += 32) {
      const ethernet = (40 * (frame - 4)) / (Math.max(frame - 4, 64) + 20);
      if (nicGbps(kind, model, "both", GEN3X8, frame - 4) < ethernet) missed = frame;
    }
    return missed;
  };
  const kinds = ["simple", "kernel", "dpdk"] as const;
  assertEquals(kinds.map((kind) => last(kind, "published")), [576, 288, 160]);
  assertEquals(kinds.map((kind) => last(kind, "corrected")), [608, 352, 288]);
});

Deno.test("the TLP fabric moves what its credits allow, and never more", () => {
  const bed = new Testbed("tlp", 1);
  for (const [headers, data, bytes] of [[1, 16, 64], [1, 16, 256], [4, 16, 64], [127, 16, 256]]) {
    const geometry = { ...GEOMETRY, headerCredits: headers!, dataCredits: data! };
    const ops = Array.from({ length: 400 }, (): Operation => {
      return { kind: "write", src: 1, dst: 0, bytes: bytes! };
    });
    bed.run(ops, geometry);
    assertEquals(bed.undone(), []);
    const times = [...bed.doneAt].sort((a, b) => a - b);
    const rate = (200 * bytes! * 8000) / (times[300]! - times[100]!);
    // at least: through the switch, and back in the next UpdateFC
    const least = PROFILE.switchPs + PROFILE.updateFcPs;
    const bound = creditGbps({ headers: headers!, data: data!, roundTripPs: least }, bytes!);
    const what =
      `${headers} headers, ${data} data credits, ${bytes} bytes: ${rate} of ${bound} Gb/s`;
    assert(rate <= Math.min(bound, PROFILE.deviceLinkGbps), what);
    assert(rate >= bound * 0.7, what);
  }
});

Deno.test("creditGbps agrees with the worked sizes of a 300 ns loop on Gen3 x8", () => {
  // 136 data credits cover the link; 25 headers do for 64 bytes, 8 for 256
  const link = pcieTlpGbps(3, 8, 256);
  const loop = { headers: 1e9, data: 1e9, roundTripPs: 300_000 };
  assert(creditGbps({ ...loop, data: 136 }, 256) >= link);
  assert(creditGbps({ ...loop, data: 135 }, 16) < link);
  for (const [headers, bytes] of [[25, 64], [8, 256]] as const) {
    const write = payloadGbps(GEN3X8, bytes, writeBytes(GEN3X8, bytes));
    assert(creditGbps({ ...loop, headers }, bytes) >= write, `${headers} of ${bytes}`);
    assert(creditGbps({ ...loop, headers: headers - 1 }, bytes) < write, `${headers} of ${bytes}`);
  }
  // 65 bytes take five data credits, not 4.06
  assertAlmostEquals(creditGbps({ ...loop, data: 10 }, 65), (2 * 65 * 8) / 300, 1e-9);
});

Deno.test("the closed forms refuse links that there are none of", () => {
  const cases: [() => unknown, string][] = [
    [() => pcieRawGbps(6 as PcieGeneration, 8), "generation is 6, not one of 1, 2, 3, 4, 5"],
    [() => pcieTlpGbps(3, 3, 256), "lanes is 3, not one of 1, 2, 4, 8, 16, 32"],
    [() => ackIntervalSymbols(3, 8, 200), "mps is 200, not a power of two in 128..4096"],
    [() => writeBytes(GEN3X8, 0), "0 bytes: not an integer from 1 on"],
    [() => readBytes({ ...GEN3X8, mrrs: NaN }, 64), "mrrs is NaN, not a power of two"],
    [() => readBytes({ ...GEN3X8, completionBytes: 32 }, 64), "completionBytes is 32, not a power"],
    [() => creditGbps({ headers: 1, data: 3, roundTripPs: 1 }, 64), "3 data credits do not cover"],
    [() => creditGbps({ headers: 0, data: 4, roundTripPs: 1 }, 64), "headers is 0, not above 0"],
  ];
  for (const [call, message] of cases) assertThrows(call, RangeError, message);
});
