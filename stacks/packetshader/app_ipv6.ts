/**
 * IPv6 forwarding. As IPv4, with the whole destination as the key (16 bytes), and binary search on prefix lengths as
 * the shader. IPv6 has no header checksum; what has no hops left goes to the host's stack.
 */
import { copyMac, ETHERNET_HEADER_BYTES, etherType } from "../../core/packet/ethernet.ts";
import { REASON } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import type { App, AppFactory } from "./app.ts";
import type { PsChunk } from "./chunk.ts";
import { type DeviceTable, type Kernel, type KernelMemory, lookupTimes } from "./kernel.ts";
import { LengthSearchWords, lookupLengths, type Route6 } from "./length_search.ts";

const ETHERTYPE_IPV6 = 0x86dd;
const HEADER = 40;
/** Where hop limit and destination lie in the header (RFC 8200, 3). */
const HOP_LIMIT = 7;
const DESTINATION = 24;

/** Makes IPv6 routers; they share the words of one table. */
export class Ipv6Factory implements AppFactory {
  readonly table: LengthSearchWords;

  constructor(routes: readonly Route6[]) {
    this.table = new LengthSearchWords(routes);
  }

  boot(env: Env): Ipv6Router {
    return new Ipv6Router(env, this.table);
  }
}

/** Looks an address up. */
export function ipv6Kernel(env: Pick<Env, "cost">): Kernel {
  return {
    name: "ipv6",
    keyWords: 4,
    resultWords: 1,
    thread: (id: number, { keys, results, table }: KernelMemory): number =>
      lookupLengths(table, keys, results, id),
    ...lookupTimes(env),
  };
}

/** An IPv6 router on one machine. */
export class Ipv6Router implements App {
  readonly kernel: Kernel;
  readonly table: DeviceTable;
  readonly share: number = 1;
  readonly #env: Env;

  constructor(env: Env, table: DeviceTable) {
    this.#env = env;
    this.table = table;
    this.kernel = ipv6Kernel(env);
  }

  preShade(chunk: PsChunk, k: number): void {
    const { bytes } = this.#env.memory;
    const at = chunk.at(k);
    const ip = at + ETHERNET_HEADER_BYTES;
    if (etherType(bytes, at) !== ETHERTYPE_IPV6) {
      chunk.divert(k, REASON["not-ip"]);
      return;
    }
    const there = chunk.length[k]! - ETHERNET_HEADER_BYTES;
    const payload = there < HEADER ? 0 : (bytes[ip + 4]! << 8) | bytes[ip + 5]!;
    if (there < HEADER + payload || bytes[ip]! >>> 4 !== 6) chunk.drop(k, REASON["bad-header"]);
    else if (bytes[ip + HOP_LIMIT]! <= 1) chunk.divert(k, REASON.ttl);
    else {
      const key = 4 * chunk.ask(k);
      for (let i = 0; i < 4; i++) {
        const word = ip + DESTINATION + 4 * i;
        chunk.keys[key + i] = bytes[word]! << 24 | bytes[word + 1]! << 16 | bytes[word + 2]! << 8 |
          bytes[word + 3]!;
      }
    }
  }

  postShade(chunk: PsChunk, k: number, i: number): void {
    const { neighbours, memory: { bytes } } = this.#env;
    const nextHop = chunk.results[i]! - 1;
    if (nextHop < 0 || nextHop >= neighbours.count) {
      chunk.drop(k, REASON["no-route"]);
      return;
    }
    const at = chunk.at(k);
    const port = neighbours.port[nextHop]!;
    bytes[at + ETHERNET_HEADER_BYTES + HOP_LIMIT]!--;
    copyMac(neighbours.mac, nextHop * 6, bytes, at);
    copyMac(neighbours.portMac, port * 6, bytes, at + 6);
    chunk.forward(k, port);
  }
}
