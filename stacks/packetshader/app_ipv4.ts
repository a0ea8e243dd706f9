/**
 * IPv4 forwarding. Pre-shading: what is malformed is dropped, what has no time left or is no IPv4 goes to the host's
 * stack, of the rest the destination is the key. The shader is a look-up in DIR-24-8. Post-shading: no route is a
 * drop; else TTL, checksum and addresses are rewritten and the packet goes into the view of its port.
 */
import { checkFrame, rewriteFrame } from "../../core/packet/router.ts";
import { ipv4Dst } from "../../core/packet/ipv4.ts";
import { ETHERNET_HEADER_BYTES } from "../../core/packet/ethernet.ts";
import { REASON } from "../../core/policy.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import type { Env } from "../../core/stack.ts";
import type { App, AppFactory } from "./app.ts";
import type { PsChunk } from "./chunk.ts";
import { lookupDir24_8 } from "./dir24_8.ts";
import { Dir24_8Words, type PsRoute } from "./dir24_8_words.ts";
import { type DeviceTable, type Kernel, type KernelMemory, lookupTimes } from "./kernel.ts";

/** Makes IPv4 routers; they share the words of one table. */
export class Ipv4Factory implements AppFactory {
  readonly table: Dir24_8Words;
  #routes: PsRoute[] = [];

  constructor(firstBits: 8 | 16 | 24) {
    this.table = new Dir24_8Words(firstBits);
  }

  boot(env: Env): Ipv4Router {
    this.#install(env.fib);
    return new Ipv4Router(env, this.table);
  }

  /** A route is changed while packets flow. */
  change(route: PsRoute | { readonly prefix: number; readonly depth: number }): void {
    if ("nextHop" in route) this.table.add(route.prefix, route.depth, route.nextHop);
    else this.table.delete(route.prefix, route.depth);
    // the next machine's routes are compared with what the table was filled with
    this.#routes = [];
  }

  /** Puts the routes of a machine into the table, unless they are there from the last one. */
  #install(fib: Fib4): void {
    const routes: PsRoute[] = [];
    fib.walk((prefix, depth, nextHop) => void routes.push({ prefix, depth, nextHop }));
    const known = this.#routes;
    const same = routes.length === known.length && routes.length === this.table.size &&
      routes.every(({ prefix, depth, nextHop }, i) => {
        const r = known[i]!;
        return r.prefix === prefix && r.depth === depth && r.nextHop === nextHop;
      });
    if (same) return;
    this.table.clear();
    this.table.addAll(routes);
    this.#routes = routes;
  }
}

/** An IPv4 router on one machine. */
export class Ipv4Router implements App {
  readonly kernel: Kernel;
  readonly table: DeviceTable;
  readonly share: number = 1;
  readonly #env: Env;

  constructor(env: Env, table: DeviceTable) {
    this.#env = env;
    this.table = table;
    this.kernel = {
      name: "ipv4",
      keyWords: 1,
      resultWords: 1,
      thread: (id: number, { keys, results, table }: KernelMemory): number =>
        lookupDir24_8(table, keys[id]!, results, id),
      ...lookupTimes(env),
    };
  }

  preShade(chunk: PsChunk, k: number): void {
    const { bytes } = this.#env.memory;
    const at = chunk.at(k);
    const reason = checkFrame(bytes, at, chunk.length[k]!);
    if (reason === REASON.none) {
      chunk.keys[chunk.ask(k)] = ipv4Dst(bytes, at + ETHERNET_HEADER_BYTES);
    } else if (reason === REASON.ttl || reason === REASON["not-ip"]) chunk.divert(k, reason);
    else chunk.drop(k, reason);
  }

  postShade(chunk: PsChunk, k: number, i: number): void {
    const { neighbours, memory } = this.#env;
    const nextHop = chunk.results[i]! - 1;
    if (nextHop < 0) {
      chunk.drop(k, REASON["no-route"]);
      return;
    }
    rewriteFrame(memory.bytes, chunk.at(k), neighbours, nextHop);
    chunk.forward(k, neighbours.port[nextHop]!);
  }
}
