// What an IPv6 Poptrie reads and takes, by models that know neither bits nor sweeps. No test of its
// own.
import type { Fib6 } from "../../core/fib/fib6.ts";
import type { Fib6Ledger } from "./ledger.ts";
import { after6, firstOf6, lastOf6, type Route6 } from "./model.ts";

/** A block of addresses: the digits they begin with, the routes in it, what covers all of it. */
interface Block {
  readonly bits: string;
  readonly inside: readonly Route6[];
  readonly cover: number;
}

/** The part of a block, or of all addresses, that begins with these digits. */
function part({ inside, cover }: Omit<Block, "bits">, bits: string): Block {
  let best = -1;
  const left: Route6[] = [];
  for (const route of inside) {
    const { bits: digits, nextHop } = route;
    if (digits.length > bits.length) {
      if (digits.startsWith(bits)) left.push(route);
    } else if (digits.length > best && bits.startsWith(digits)) {
      [best, cover] = [digits.length, nextHop];
    }
  }
  return { bits, cover, inside: left };
}

/** Whether the addresses of a block have more than one answer: looks where the answer may change. */
function isMixed({ bits, inside, cover }: Block): boolean {
  const answerTo = (address: string): number => part({ inside, cover }, address).cover;
  const first = inside.length === 0 ? cover : answerTo(firstOf6(bits));
  return inside.some((route) =>
    [firstOf6(route.bits), after6(lastOf6(route.bits))].some((address) =>
      address?.startsWith(bits) && answerTo(address) !== first
    )
  );
}

/** The direct entry; then, where its block has several answers, nodes of 6 bits and a leaf. */
export function poptrie6Ledger<F extends Fib6>(directBits: number): Fib6Ledger<F> {
  return {
    needs: () => 0,
    uses: () => 0,
    limited: false,
    reads: (routes, address) => {
      let nodes = 0;
      let bits = directBits;
      let block = part({ inside: routes, cover: -1 }, address.slice(0, bits));
      while (isMixed(block)) {
        nodes++;
        block = part(block, address.slice(0, bits += 6));
      }
      return nodes === 0 ? 1 : 2 + nodes;
    },
  };
}

/** Bytes by the paper: 4 a direct entry, 24 a node, 2 a leaf, a node's leaves rounded up to 4. */
export function poptrie6Bytes(routes: readonly Route6[], directBits: number): number {
  const all = { inside: routes, cover: -1 };
  const chunks = new Set(routes.map((route) => firstOf6(route.bits).slice(0, directBits)));
  return [...chunks].map((bits) => part(all, bits)).filter(isMixed)
    .reduce((sum, block) => sum + nodeBytes(block), 4 * 2 ** directBits);
}

function nodeBytes(block: Block): number {
  let [bytes, leaves, last] = [24, 0, -2];
  const digits = Math.min(6, 128 - block.bits.length);
  for (let slot = 0; slot < 2 ** digits; slot++) {
    const inner = part(block, block.bits + slot.toString(2).padStart(digits, "0"));
    if (isMixed(inner)) bytes += nodeBytes(inner);
    else if (inner.cover !== last) {
      leaves++;
      last = inner.cover;
    }
  }
  return bytes + 4 * Math.ceil(leaves / 2);
}
