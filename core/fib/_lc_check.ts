import { ALIASES, type LcNodes, ROOT } from "./_lc_nodes.ts";
import { prefixText } from "./route.ts";

/**
 * Walks through all nodes of an LC-trie.
 * @throws {Error} naming the node and what is wrong with it
 */
export function checkLcTrie(nodes: LcNodes, routes: number): void {
  const seen = new Set<number>();
  const counts = { leaves: 0, tnodes: 0, aliases: 0, words: 0 };
  checkNode(nodes, nodes.child(ROOT, 0), ROOT, 0, seen, counts);
  const { leaves, tnodes, aliases, words } = counts;
  const { arena } = nodes;
  if (leaves !== nodes.leaves || tnodes !== nodes.tnodes || aliases !== routes) {
    throw new Error(
      `${leaves} leaves, ${tnodes} tnodes, ${aliases} aliases are there; ` +
        `${nodes.leaves}, ${nodes.tnodes}, ${routes} are counted`,
    );
  }
  if (words !== arena.live) throw new Error(`${words} words are in use, ${arena.live} counted`);
  const cut = arena.live + arena.freeWords() + FIRST_BLOCK;
  if (cut !== arena.fresh) throw new Error(`${cut} words are cut, ${arena.fresh} handed out`);
}

const FIRST_BLOCK = 7;

interface Counts {
  leaves: number;
  tnodes: number;
  aliases: number;
  words: number;
}

function checkNode(
  nodes: LcNodes,
  node: number,
  parent: number,
  index: number,
  seen: Set<number>,
  counts: Counts,
): void {
  if (node === 0) return;
  const [key, pos, bits] = [nodes.key(node), nodes.pos(node), nodes.bits(node)];
  const depth = Math.max(0, 32 - pos - bits);
  const where = `${bits > 0 ? "tnode" : "leaf"} ${prefixText(key, depth)}`;
  if (seen.has(node)) throw new Error(`${where} is reached twice`);
  seen.add(node);
  if (nodes.parent(node) !== parent) throw new Error(`${where} has another parent`);
  if (key % 2 ** (pos + bits) !== 0) throw new Error(`${where} has bits set that it decides on`);
  if (parent !== ROOT) {
    const end = nodes.pos(parent) + nodes.bits(parent);
    if (pos + bits > nodes.pos(parent)) throw new Error(`${where} is not below its parent's bits`);
    const expected = nodes.key(parent) + index * 2 ** nodes.pos(parent);
    if (Math.floor(key / 2 ** nodes.pos(parent)) !== expected / 2 ** nodes.pos(parent)) {
      throw new Error(`${where} is child ${index} of ${prefixText(nodes.key(parent), 32 - end)}`);
    }
  }
  if (bits > 0) checkTnode(nodes, node, where, seen, counts);
  else checkLeaf(nodes, node, where, counts);
}

function checkTnode(
  nodes: LcNodes,
  tnode: number,
  where: string,
  seen: Set<number>,
  counts: Counts,
): void {
  const pos = nodes.pos(tnode);
  let [full, empty, slen] = [0, 0, pos];
  for (let i = 0; i < 2 ** nodes.bits(tnode); i++) {
    const child = nodes.child(tnode, i);
    checkNode(nodes, child, tnode, i, seen, counts);
    if (child === 0) empty++;
    else {
      slen = Math.max(slen, nodes.slen(child));
      if (nodes.bits(child) > 0 && nodes.pos(child) + nodes.bits(child) === pos) full++;
    }
  }
  const found = `${full} full, ${empty} empty children, slen ${slen}`;
  const kept = `${nodes.full(tnode)} full, ${nodes.empty(tnode)} empty children, slen ${
    nodes.slen(tnode)
  }`;
  if (found !== kept) throw new Error(`${where} says ${kept}; it has ${found}`);
  if (2 ** nodes.bits(tnode) - empty < 2) throw new Error(`${where} has less than two children`);
  counts.tnodes++;
  counts.words += 5 + 2 ** nodes.bits(tnode);
}

function checkLeaf(nodes: LcNodes, leaf: number, where: string, counts: Counts): void {
  const { words } = nodes.arena;
  let slen = -1;
  for (let alias = words[leaf + ALIASES]!; alias !== 0; alias = words[alias]!) {
    const next = words[alias + 1]! >>> 24;
    if (next <= slen) throw new Error(`${where} has a route /${32 - next} after /${32 - slen}`);
    if (nodes.key(leaf) % 2 ** next !== 0) {
      throw new Error(`${where} has host bits of /${32 - next}`);
    }
    slen = next;
    counts.aliases++;
    counts.words += 2;
  }
  if (slen < 0) throw new Error(`${where} has no route`);
  if (nodes.slen(leaf) !== slen) {
    throw new Error(`${where} says slen ${nodes.slen(leaf)}; it has ${slen}`);
  }
  counts.leaves++;
  counts.words += 4;
}
