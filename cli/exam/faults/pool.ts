/** Faults of mempools, packet buffers and the books about them. */
import { type Fault, faultsIn } from "../fault.ts";

const POOL = [
  "properties/mempool/conformance_test.ts",
  "core/memory/mempool_test.ts",
  "core/memory/refusal_test.ts",
];
const MBUF = ["core/memory/mbuf_test.ts", "core/memory/refusal_test.ts"];
const LEDGER = ["core/memory/ledger_test.ts", ...POOL];

/** Pools, caches, mbufs, the ledger. */
export const POOL_FAULTS: readonly Fault[] = [
  ...faultsIn("pool", "core/memory/mempool.ts", POOL, [
    {
      id: "pool-cache-overflows",
      what: "a put fills the cache one beyond its limit",
      from: "    if (cached < this.cacheLimit) {",
      to: "    if (cached <= this.cacheLimit) {",
    },
    {
      id: "pool-bulk-put-overflows",
      what: "a bulk put that fits the cache but for one is copied into it",
      from: "if (cached + n <= this.cacheLimit) {",
      to: "if (cached + n <= this.cacheLimit + 1) {",
    },
    {
      id: "pool-flush-leaks-one",
      what: "a flush gives all but the last cached buffer back",
      from: "this.#ring.give(this.#cache, lcore * this.cacheLimit, cached);",
      to: "this.#ring.give(this.#cache, lcore * this.cacheLimit, Math.max(0, cached - 1));",
    },
    {
      id: "pool-flush-keeps-count",
      what: "a flushed cache still counts its buffers",
      from: "    this.#cached[lcore] = 0;\n    if (cached > 0 && this.#starved) this.#wake();",
      to: "    if (cached > 0 && this.#starved) this.#wake();",
    },
    {
      id: "pool-flush-wrong-half",
      what: "a put that overflows flushes the cold half and keeps it cached, too",
      from: "    cache.copyWithin(base, base + cold, base + cached);\n",
      to: "",
    },
    {
      id: "pool-get-ignores-cache",
      what: "a get fails although cache and ring together could serve it",
      from: "if (n > cached + this.#ring.count) return this.#refuse();",
      to: "if (n > Math.max(cached, this.#ring.count)) return this.#refuse();",
    },
    {
      id: "pool-bulk-get-part",
      what: "a bulk get that cannot be served takes what the cache has",
      from: "if (n > cached + this.#ring.count) return this.#refuse();",
      to:
        "if (n > cached + this.#ring.count) {\n      this.#cached[lcore] = 0;\n      return this.#refuse();\n    }",
    },
    {
      id: "pool-refill-hands-out-twice",
      what: "what a refill hands out stays in the cache",
      from: "    this.#cached[lcore] = refill - n;\n",
      to: "    this.#cached[lcore] = refill;\n",
    },
    {
      id: "pool-refill-beyond-ring",
      what: "a refill takes half a cache from a ring that has less",
      from: "const refill = half < ring.count ? half : ring.count;",
      to: "const refill = half;",
    },
    {
      id: "pool-caches-overlap",
      what: "the caches of two lcores share a slot",
      from: "    const b = this.#cache[lcore * this.cacheLimit + cached - 1]!;",
      to: "    const b = this.#cache[lcore * (this.cacheLimit - 1) + cached - 1]!;",
    },
    {
      id: "pool-starved-not-woken",
      what: "a put from the fast path does not tell who was refused",
      from:
        "      this.#cached[lcore] = cached + 1;\n      if (this.#starved) this.#wake();\n      return;",
      to: "      this.#cached[lcore] = cached + 1;\n      return;",
    },
    {
      id: "pool-get-not-fresh",
      what: "a buffer from a bulk get has the fields of its last packet",
      from: "    this.#memory.refreshBulk(out, at, n);\n",
      to: "",
    },
    {
      id: "pool-foreign-free-taken",
      what: "a buffer of another pool is taken in",
      from: "if (b >= this.first && b < this.first + this.size) return ledger.free(b, place);",
      to: "if (b >= 0 && b < this.#memory.used) return ledger.free(b, place);",
    },
    {
      id: "pool-threshold-off-by-one",
      what: "a cache with flush threshold fetches its refill though the ring has not enough",
      from: "if (n <= CACHE_MAX && n + this.cacheSize <= ring.count) {",
      to: "if (n <= CACHE_MAX && n <= ring.count) {",
    },
  ]),
  ...faultsIn("pool", "core/memory/_free_ring.ts", POOL, [
    {
      id: "pool-ring-wrap",
      what: "the ring of free buffers begins again one slot too late",
      from: "      head = head + 1 === size ? 0 : head + 1;",
      to: "      head = head === size ? 0 : head + 1;",
    },
    {
      id: "pool-ring-tail-beyond",
      what: "a buffer given back to a full turn of the ring lands beyond its end",
      from: "    if (tail >= size) tail -= size;",
      to: "    if (tail > size) tail -= size;",
    },
  ]),
  ...faultsIn("pool", "core/memory/memory.ts", [...LEDGER, ...MBUF], [
    {
      id: "mbuf-next-not-reset",
      what: "a buffer made as new is still linked to its last packet's next segment",
      from: "    this.flags[b] = 0;\n    this.next[b] = -1;\n  }",
      to: "    this.flags[b] = 0;\n  }",
    },
    {
      id: "mbuf-flags-not-reset-in-bulk",
      what: "buffers made as new in bulk keep the flags of their last packets",
      from: "      flags[b] = 0;\n      next[b] = -1;",
      to: "      next[b] = -1;",
    },
    {
      id: "memory-poison-misses-last-byte",
      what: "the last byte of a freed frame is not poisoned",
      from: "this.bytes.fill(POISON, start, start + this.length[b]!);",
      to: "this.bytes.fill(POISON, start, start + this.length[b]! - 1);",
    },
    {
      id: "memory-reset-leaves-bytes",
      what: "a reset leaves bytes of the last run behind a frame that was made shorter",
      from: "    if (extent > this.#extent[b]!) this.#extent[b] = extent;",
      to: "    if (extent < this.#extent[b]!) this.#extent[b] = extent;",
    },
    {
      id: "memory-copy-loses-flags",
      what: "a copied frame does not bring its packet type along",
      from: "    this.flags[to] = this.flags[from]!;\n  }",
      to: "    this.flags[to] = this.flags[to]!;\n  }",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf.ts", MBUF, [
    {
      id: "mbuf-prepend-into-shared",
      what: "what is prepended is written where another holder reads",
      from: "if (!isExclusive(memory, b)) return 0;\n  const start",
      to: "const start",
    },
    {
      id: "mbuf-append-to-first",
      what: "the tailroom of the first segment is taken for that of the last",
      from: "if (n < 0 || n > mbufTailroom(memory, last)) return -1;",
      to: "if (n < 0 || n > mbufTailroom(memory, b)) return -1;",
    },
    {
      id: "mbuf-adjust-keeps-length",
      what: "bytes taken from the front still count in the length",
      from: "  memory.offset[b] = at;\n  memory.length[b] = memory.length[b]! - n;",
      to: "  memory.offset[b] = at;",
    },
    {
      id: "mbuf-chain-closes",
      what: "a packet is chained to itself",
      from: "  if (last === mbufLast(memory, tail)) return false;\n",
      to: "",
    },
    {
      id: "mbuf-read-skips-one",
      what: "a read never begins behind the second segment",
      from: "while (s >= 0 && from >= length[s]!) {",
      to: "if (s >= 0 && from >= length[s]!) {",
    },
    {
      id: "mbuf-trim-beyond-segment",
      what: "more is trimmed than the last segment has",
      from: "if (n < 0 || n > memory.length[last]!) return false;",
      to: "if (n < 0 || n > memory.length[last]! + 1) return false;",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_share.ts", MBUF, [
    {
      id: "mbuf-clone-leaks-on-refusal",
      what: "a clone for which a buffer is missing keeps those that it has taken",
      from: "      if (head >= 0) freeChain(pool, lcore, head);\n",
      to: "",
    },
    {
      id: "mbuf-owner-freed-under-clone",
      what: "the owner of shared bytes goes back while a clone shows them",
      from: "  references[of] = references[of]! + 1;\n",
      to: "",
    },
    {
      id: "mbuf-detach-leaks-owner",
      what: "a detached buffer keeps its reference to the owner of the bytes",
      from: "  else freeSegment(home, lcore, of);\n",
      to: "",
    },
    {
      id: "mbuf-retain-half",
      what: "a holder is added to the first segment of a chain only",
      from: "for (let s = b; s >= 0; s = next[s]!) references[s] = references[s]! + n;",
      to: "references[b] = references[b]! + n;",
    },
    {
      id: "mbuf-free-reads-next-late",
      what: "the next segment is asked for when the buffer is already free",
      from: "    const following = next[s]!;\n    freeSegment(home, lcore, s);\n    s = following;",
      to: "    freeSegment(home, lcore, s);\n    s = next[s]!;",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_copy.ts", MBUF, [
    {
      id: "mbuf-copy-leaks-on-refusal",
      what: "a copy for which a buffer is missing keeps those that it has filled",
      from: "        freeChain(pool, lcore, head);\n        return -1;",
      to: "        return -1;",
    },
    {
      id: "mbuf-linearise-leaks-rest",
      what: "the segments that were gathered are not given back",
      from: "  next[b] = -1;\n  freeChain(home, lcore, rest);",
      to: "  next[b] = -1;",
    },
    {
      id: "mbuf-linearise-shared",
      what: "a shared packet is gathered over the bytes that others read",
      from: "if (!isExclusive(memory, b)) return false;",
      to: "if (memory.owner[b] !== b) return false;",
    },
  ]),
  ...faultsIn("pool", "core/memory/ledger.ts", LEDGER, [
    {
      id: "ledger-double-free-unseen",
      what: "a buffer that is free already can be freed",
      from:
        '    if (state === FREE) {\n      this.#fault("double-free", b, place);\n      return false;',
      to:
        '    if (state === FREE && b < 0) {\n      this.#fault("double-free", b, place);\n      return false;',
    },
    {
      id: "ledger-free-of-posted-unseen",
      what: "a buffer that a device has can be freed",
      from: '    if (state === POSTED) {\n      this.#fault("freed-posted", b, place);',
      to: '    if (state === POSTED && b < 0) {\n      this.#fault("freed-posted", b, place);',
    },
    {
      id: "ledger-freed-packet-forgotten",
      what: "a packet whose carrier is freed gets no fate",
      from: "      o.freed(packet, this.holder[b]!, this.#now());\n",
      to: "",
    },
    {
      id: "ledger-no-poison",
      what: "freed bytes stay readable",
      from: "    this.memory.poison(b);\n",
      to: "",
    },
    {
      id: "ledger-overwrite-unseen",
      what: "a packet without a fate may be copied over",
      from: 'o.fault("overwritten", this.#now(), to, old, from, this.holder[to]!);',
      to: "o.moves += 0;",
    },
  ]),
];
