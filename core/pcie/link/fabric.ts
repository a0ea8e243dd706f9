/**
 * The star of a machine on the link-level model: behind the interface `Fabric`, for whole scenarios.
 *
 * A profile names rates that have the DLLPs taken off; here they are sent. So a link is the narrowest of Gen3
 * to Gen5 whose raw rate is not below the profile's, of the oldest generation. Endpoints and root complex
 * advertise infinite credits for completions, as the specification asks; their completion buffers hold what
 * all tags can ask for. Buffers begin on 4 KiB boundaries, as in the other fidelities.
 */
import {
  checkGeometry,
  checkProfile,
  CLASS_NAMES,
  CLASSES,
  linkName,
  operationError,
} from "../_geometry.ts";
import type {
  CreditAccount,
  Fabric,
  FabricGeometry,
  FabricProfile,
  LinkAccount,
} from "../fabric.ts";
import { psPerByte } from "./_rates.ts";
import { PcieModel } from "./model.ts";
import {
  type Generation,
  type PcieBuffers,
  type PcieLink,
  type PcieNode,
  type PcieOptions,
  pcieStar,
} from "./options.ts";
import type { PcieLedger } from "./trace.ts";
import { Handlers } from "./_clock.ts";
import type { Choices } from "../../time/choices.ts";
import type { Clock } from "../../time/clock.ts";

const TAG_BITS = 8;

function linkFor(gbps: number): PcieLink {
  let best: PcieLink = { generation: 5, lanes: 16, propagationPs: 0 };
  for (const generation of [5, 4, 3] as Generation[]) {
    for (const lanes of [16, 8, 4, 2, 1]) {
      const link = { generation, lanes, propagationPs: 0 };
      if (8000 / psPerByte(link) >= gbps && psPerByte(link) >= psPerByte(best)) best = link;
    }
  }
  return best;
}

/** Node of the model: the switch stands between the root complex and the devices. */
function nodeOf(node: number): number {
  return node === 0 ? 0 : node + 1;
}

/** Direction of the model that a link direction of the fabric is. */
function directionOf(link: number): number {
  const node = link >> 1;
  return node === 0 ? 3 - (link & 1) : 2 * (node + 1) + (link & 1);
}

/**
 * PCIe with its data link layer, behind the interface of the fabric.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Clock, LinkFabric } from "@planecheck/planecheck/core";
 *
 * const clock = new Clock();
 * const fabric = new LinkFabric(clock, {
 *   deviceLinkGbps: 57.88, hostLinkGbps: 115.76,
 *   writeOverheadBytes: 24, readOverheadBytes: 24, completionOverheadBytes: 20, rcbBytes: 64,
 *   switchPs: 150_000, hostWritePs: 100_000, hostReadPs: 400_000,
 *   deviceWritePs: 100_000, deviceReadPs: 250_000, updateFcPs: 30_000, windowPs: 1_000_000,
 * }, 2);
 * fabric.reset(2, { headerCredits: 32, dataCredits: 512, mps: 256, mrrs: 512 });
 * let landed = 0;
 * fabric.write(1, 2, 1024, clock.register(() => landed++), 0);
 * assertEquals(clock.run({ horizonPs: 1e9, events: 1000 }), "quiet");
 * assertEquals([landed, fabric.links()[2]!.tlps], [1, [4, 0, 0]]);
 * ```
 */
export class LinkFabric implements Fabric {
  /** Always `"link"`. */
  readonly fidelity = "link" as const;
  readonly #profile: FabricProfile;
  readonly #maxDevices: number;
  readonly #handlers: Handlers;
  readonly #roomHandlers: Int32Array;
  #model: PcieModel | null = null;
  #built = "";
  #isTraced = false;
  #devices = -1;

  /**
   * A fabric for at most `maxDevices` devices, 1..30; `reset` comes first.
   * @throws {RangeError} when a rate or a delay is out of range
   */
  constructor(clock: Clock, profile: FabricProfile, maxDevices: number) {
    checkProfile(maxDevices, profile);
    this.#profile = profile;
    this.#maxDevices = maxDevices;
    this.#handlers = new Handlers(clock);
    this.#roomHandlers = new Int32Array(maxDevices + 1).fill(-1);
  }

  /**
   * Posted write; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  write(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    const model = this.#checked("write", src, dst, bytes);
    model.write(nodeOf(src), model.address(nodeOf(dst)), bytes, handler, arg);
  }

  /**
   * Read; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  read(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    const model = this.#checked("read", src, dst, bytes);
    model.read(nodeOf(src), model.address(nodeOf(dst)), bytes, handler, arg);
  }

  #checked(verb: string, src: number, dst: number, bytes: number): PcieModel {
    const model = this.#model;
    const isNode = (node: number) => Number.isInteger(node) && node >= 0 && node <= this.#devices;
    if (
      model === null || !isNode(src) || !isNode(dst) || src === dst ||
      !(Number.isInteger(bytes) && bytes >= 1 && bytes <= 2 ** 30) || !model.hasRoom(nodeOf(src))
    ) throw operationError(verb, src, dst, bytes, this.#devices);
    return model;
  }

  /** Whether fewer than 16 operations wait in each of the source's own queues. */
  room(src: number): boolean {
    return this.#model !== null && this.#model.room(nodeOf(src));
  }

  /** Registers what to schedule, with argument `src`, when room comes back to a refused source. */
  onRoom(src: number, handler: number): void {
    this.#roomHandlers[src] = handler;
    this.#model?.onRoom(nodeOf(src), handler, src);
  }

  /**
   * Empties the fabric; flow control is initialised in the first nanoseconds of the run. The clock has to be
   * reset too. `choices` answer which TLPs and DLLPs are corrupted, where completions are split and who is served.
   * @throws {RangeError} naming a size that is out of range
   */
  reset(devices: number, geometry: FabricGeometry, choices: Choices | null = null): void {
    checkGeometry(devices, this.#maxDevices, geometry);
    const { mps, mrrs, headerCredits, dataCredits, ledger = false } = geometry;
    const key = [devices, mps, mrrs, headerCredits, dataCredits, ledger].join();
    if (key !== this.#built) {
      this.#handlers.restart();
      this.#model = new PcieModel(this.#handlers, this.#options(devices, geometry), ledger);
      this.#isTraced = ledger;
      this.#built = key;
      this.#devices = devices;
      for (let node = 0; node <= devices; node++) {
        this.#model.onRoom(nodeOf(node), this.#roomHandlers[node]!, node);
      }
    }
    this.#model!.reset(choices);
  }

  #options(devices: number, geometry: FabricGeometry): Partial<PcieOptions> {
    const { mps, mrrs, headerCredits, dataCredits } = geometry;
    const p = this.#profile;
    const each = [headerCredits, dataCredits] as const;
    const own: PcieBuffers = [each, each, [0, 0]];
    const star = pcieStar(devices, linkFor(p.deviceLinkGbps), linkFor(p.hostLinkGbps));
    const nodes = star.map((node): PcieNode => {
      return { ...node, buffers: node.kind === "switch" ? [each, each, each] : own };
    });
    return {
      nodes,
      mps,
      mrrs,
      rcb: p.rcbBytes as 64 | 128,
      tagBits: TAG_BITS,
      reads: 2 ** TAG_BITS,
      completionBufferBytes: mrrs * 2 ** TAG_BITS,
      waiting: 16,
      updateFcPs: Math.max(1, Math.min(p.updateFcPs, 45_000_000)),
      switchPs: Math.min(p.switchPs, 1e9),
      latency: (node, _address, _bytes, kind) =>
        kind === "write"
          ? node === 0 ? p.hostWritePs : p.deviceWritePs
          : node === 0
          ? p.hostReadPs
          : p.deviceReadPs,
    };
  }

  /** TLPs and bytes that each link direction has sent, replays once. */
  links(): LinkAccount[] {
    const sent = this.#model!.sent;
    return Array.from({ length: 2 * (this.#devices + 1) }, (_, link) => {
      const d = directionOf(link);
      return {
        name: linkName(link),
        payloadBytes: sent.payload[d]!,
        tlpBytes: sent.wire[d]!,
        tlps: [0, 1, 2].map((cls) => sent.tlps[d * CLASSES + cls]!) as [number, number, number],
      };
    });
  }

  /** Whether every operation has ended and every credit is back: a lost DLLP is made good by a timer. */
  get isQuiet(): boolean {
    const model = this.#model!;
    return model.isQuiet && model.credits().every(({ held }) => held === 0);
  }

  /** What happened to every TLP and DLLP, if the last reset asked for a ledger. */
  ledger(): PcieLedger | null {
    return this.#isTraced ? this.#model!.ledger() : null;
  }

  /** The credit ledger of each direction and class that is finite, as of now. */
  credits(_at: number): CreditAccount[] {
    const linkOf = new Map<number, number>();
    for (let link = 0; link < 2 * (this.#devices + 1); link++) linkOf.set(directionOf(link), link);
    return this.#model!.credits().map((account) => ({
      link: linkName(linkOf.get(account.direction)!),
      class: CLASS_NAMES[account.cls]!,
      unit: account.unit,
      advertised: account.advertised,
      consumed: account.consumed,
      returned: account.returned,
      held: account.held,
      leastLeft: account.leastLeft,
      mostLeft: account.mostLeft,
    }));
  }
}
