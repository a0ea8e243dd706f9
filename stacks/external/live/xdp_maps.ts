/** A scenario in the maps of an XDP program: `routes`, `hops` and `tx`. */
import type { Scenario } from "../../../core/machine/device.ts";
import type { RouteSet } from "../../../core/machine/scenario.ts";
import type { BpfObject } from "./bpf.ts";
import { FIRST_INDEX } from "./rig.ts";

/** { u32 prefix length, address } */
const KEY = 8;
/** { destination MAC, source MAC, u32 port } */
const HOP = 16;

/** The maps of one program. */
export class XdpMaps {
  readonly #object: BpfObject;
  readonly #routes: number;
  readonly #hops: number;
  readonly #ports: number;
  #keys = new Uint8Array(0);
  #hasPorts = false;

  /** Finds the maps. */
  constructor(object: BpfObject, ports: number) {
    this.#object = object;
    this.#routes = object.map("routes");
    this.#hops = object.map("hops");
    this.#ports = ports;
  }

  /**
   * Puts a scenario's routes and next hops in place of those before, and host routes for fences. To be called in the
   * device's namespace, where the devmap looks for interfaces.
   */
  install({ routes, neighbours, geometry }: Scenario, fenceNetwork: number): void {
    if (!this.#hasPorts) this.#installPorts();
    const hops = neighbours.count + this.#ports;
    const hopValues = new Uint8Array(hops * HOP);
    const view = new DataView(hopValues.buffer);
    const put = (hop: number, port: number, mac: Uint8Array): void => {
      hopValues.set(mac, hop * HOP);
      hopValues.set(neighbours.portMac.subarray(port * 6, port * 6 + 6), hop * HOP + 6);
      view.setUint32(hop * HOP + 12, port, true);
    };
    for (let hop = 0; hop < neighbours.count; hop++) {
      put(hop, neighbours.port[hop]!, neighbours.mac.subarray(hop * 6, hop * 6 + 6));
    }
    for (let p = 0; p < geometry.ports; p++) {
      put(neighbours.count + p, p, Uint8Array.of(2, 0xfe, 0, 0, 0, p));
    }
    this.#object.batch(this.#hops, u32s(hops, (i) => i), hopValues, hops);
    this.#installRoutes(routes, neighbours.count, fenceNetwork);
  }

  #installRoutes(routes: RouteSet, fenceHop: number, fenceNetwork: number): void {
    const old = this.#keys.length / KEY;
    this.#object.batch(this.#routes, this.#keys, null, old);
    const count = routes.count + this.#ports;
    const keys = new Uint8Array(count * KEY);
    const view = new DataView(keys.buffer);
    for (let i = 0; i < routes.count; i++) {
      view.setUint32(i * KEY, routes.depth[i]!, true);
      view.setUint32(i * KEY + 4, routes.prefix[i]!);
    }
    for (let p = 0; p < this.#ports; p++) {
      view.setUint32((routes.count + p) * KEY, 32, true);
      view.setUint32((routes.count + p) * KEY + 4, fenceNetwork + p);
    }
    const values = u32s(
      count,
      (i) => i < routes.count ? routes.nextHop[i]! : fenceHop + i - routes.count,
    );
    this.#object.batch(this.#routes, keys, values, count);
    this.#keys = keys;
  }

  #installPorts(): void {
    this.#hasPorts = true;
    const tx = this.#object.map("tx");
    for (let p = 0; p < this.#ports; p++) {
      this.#object.update(tx, u32s(1, () => p), u32s(1, () => FIRST_INDEX + p));
    }
  }
}

function u32s(count: number, value: (i: number) => number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from({ length: count }, (_, i) => value(i)).buffer);
}
