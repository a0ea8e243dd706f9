import { WIDE_TREE_BYTES } from "./_byte_tree.ts";
import { GROUP_SLOTS } from "./entry.ts";

/** Most groups that a pointer of 16 bits can name. */
export const GROUPS_MAX = 65535;
/** Bytes of a group that look-ups read: its entries, and as many pointers. */
export const GROUP_BYTES = GROUP_SLOTS + 2 * GROUP_SLOTS;
/** Blocks of the first level: each /16. */
const BLOCKS = 2 ** 16;

/**
 * The groups of a DIR-24-8 table with entries of 8 bits, and which entry leads to which: a byte has no
 * room for the number of a group. A block, the 256 entries of a /16, of which some lead to groups has
 * a page of 256 pointers.
 *
 * A group comes without rules and goes so. Groups and pages that came back are given out first, the
 * last one first; the arrays are doubled as they run out, up to `max` groups. There are never more
 * pages than groups, for a page goes with the last group that it leads to.
 */
export class ByteGroups {
  /** Entries: group g owns `[g * 256, g * 256 + 256)`. */
  entries: Uint8Array = new Uint8Array(0);
  /** Rules longer than /24: the tree of group g begins at `g * 512`. */
  trees: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** The same in words of 32 bits. */
  treeWords: Uint32Array = new Uint32Array(0);
  /** How many rules each tree has. */
  rules: Uint16Array = new Uint16Array(0);
  /** The page of each block, + 1; 0 = none. */
  readonly pageOf: Uint16Array = new Uint16Array(BLOCKS);
  /** Page p owns `[p * 256, p * 256 + 256)`: pointers, each group + 1; 0 = none. */
  pages: Uint16Array = new Uint16Array(0);
  /** Groups in use. */
  used = 0;
  private led = new Uint16Array(0); // pointers of each page that lead to a group
  private readonly returned: number[] = [];
  private readonly returnedPages: number[] = [];
  private fresh = 0;
  private freshPages = 0;

  /** No groups. */
  constructor(readonly max: number) {}

  /** The group of a /24, the first 24 bits of its addresses; -1 when it has none. */
  at(slot: number): number {
    const page = this.pageOf[slot >>> 8]! - 1;
    return page < 0 ? -1 : this.pages[page * GROUP_SLOTS + (slot & 255)]! - 1;
  }

  /** Gives a /24 a group, full of `code`; there is room for it. */
  add(slot: number, code: number): number {
    this.used++;
    const group = this.returned.pop() ?? this.fresh++;
    if (group === this.rules.length) this.grow();
    const block = slot >>> 8;
    if (this.pageOf[block] === 0) {
      this.pageOf[block] = (this.returnedPages.pop() ?? this.freshPages++) + 1;
    }
    const page = this.pageOf[block]! - 1;
    this.led[page]!++;
    this.pages[page * GROUP_SLOTS + (slot & 255)] = group + 1;
    this.entries.fill(code, group * GROUP_SLOTS, (group + 1) * GROUP_SLOTS);
    return group;
  }

  /** Takes the group of a /24 back; it has no rules. */
  remove(slot: number): void {
    this.used--;
    const page = this.pageOf[slot >>> 8]! - 1;
    const pointer = page * GROUP_SLOTS + (slot & 255);
    this.returned.push(this.pages[pointer]! - 1);
    this.pages[pointer] = 0;
    if (--this.led[page]! > 0) return;
    this.pageOf[slot >>> 8] = 0;
    this.returnedPages.push(page);
  }

  /** Forgets all groups. */
  clear(): void {
    this.entries = new Uint8Array(0);
    this.trees = new Uint8Array(0);
    this.rules = new Uint16Array(0);
    this.pages = new Uint16Array(0);
    this.led = new Uint16Array(0);
    this.pageOf.fill(0);
    this.returned.length = this.returnedPages.length = 0;
    this.used = this.fresh = this.freshPages = 0;
  }

  /** Whether a group is with nobody. O(groups returned): for invariants only. */
  isFree(group: number): boolean {
    return group >= this.fresh || this.returned.includes(group);
  }

  private grow(): void {
    const groups = Math.min(this.max, Math.max(1, 2 * this.rules.length));
    const { entries, trees, rules, pages, led } = this;
    this.entries = new Uint8Array(groups * GROUP_SLOTS);
    this.trees = new Uint8Array(groups * WIDE_TREE_BYTES);
    this.rules = new Uint16Array(groups);
    this.pages = new Uint16Array(groups * GROUP_SLOTS);
    this.led = new Uint16Array(groups);
    this.entries.set(entries);
    this.trees.set(trees);
    this.treeWords = new Uint32Array(this.trees.buffer);
    this.rules.set(rules);
    this.pages.set(pages);
    this.led.set(led);
  }
}
