import { bitOf6, MASKS6, prefix6Text } from "./_route6.ts";

/** What a `Rib6` is made of. */
export interface Rib6Parts {
  /** Prefixes, four words a node. */
  readonly words: Uint32Array;
  /** Depth and next hop + 1 of each node. */
  readonly tags: Int32Array;
  /** Two children of each node. */
  readonly children: Int32Array;
  /** Nodes given out, those that went among them. */
  readonly nodes: number;
  /** First of the nodes that went. */
  readonly freed: number;
  /** Routes as counted. */
  readonly live: number;
}

/**
 * Looks at every node of a RIB from its root, node 1.
 * @throws {Error} naming the node that breaks the form of the trie
 */
export function checkRib6({ words, tags, children, nodes, freed, live }: Rib6Parts): void {
  let routes = 0;
  let reached = 0;
  const open = [1];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    reached++;
    const depth = tags[node]! & 255;
    const where = `RIB node ${prefix6Text(words, 4 * node, depth)}`;
    const below = [children[2 * node]!, children[2 * node + 1]!];
    if (tags[node]! >>> 8 > 0) routes++;
    else if (node !== 1 && below.includes(0)) {
      throw new Error(`${where} holds no route and has fewer than two children`);
    }
    for (let word = 0; word < 4; word++) {
      if ((words[4 * node + word]! & ~MASKS6[4 * depth + word]!) !== 0) {
        throw new Error(`${where} has host bits`);
      }
    }
    below.forEach((child, bit) => {
      if (child === 0) return;
      const longer = (tags[child]! & 255) > depth;
      if (
        !longer || !isUnder(words, node, child, depth) || bitOf6(words, 4 * child, depth) !== bit
      ) {
        const text = prefix6Text(words, 4 * child, tags[child]! & 255);
        throw new Error(`${where} has ${text} as its child ${bit}`);
      }
      open.push(child);
    });
  }
  let free = 0;
  for (let node = freed; node !== 0; node = children[2 * node]!) free++;
  if (routes !== live || reached + free !== nodes) {
    const counted = `counted are ${live} routes in ${nodes} nodes`;
    throw new Error(`RIB has ${routes} routes in ${reached} nodes, ${free} nodes free; ${counted}`);
  }
}

function isUnder(words: Uint32Array, node: number, child: number, depth: number): boolean {
  for (let word = 0; word < 4; word++) {
    const differ = words[4 * node + word]! ^ words[4 * child + word]!;
    if ((differ & MASKS6[4 * depth + word]!) !== 0) return false;
  }
  return true;
}
