/** Faults of PacketShader: its I/O engine, its workers and masters, its kernels and its applications. */
import { type Fault, faultsIn } from "../fault.ts";

const LAWS = "stacks/packetshader/conformance_test.ts";
const ENGINE = [LAWS, "stacks/packetshader/checklist_test.ts"];
const HANDLES = [LAWS, "stacks/packetshader/engine_test.ts"];
const SHADER = [LAWS, "stacks/packetshader/gpu_test.ts"];
const TABLES = ["stacks/packetshader/shader/shader_test.ts", LAWS];
const APPS = ["stacks/packetshader/apps_test.ts"];
const FOLDER = "stacks/packetshader";

/** Every part of the stack. */
export const PACKETSHADER_FAULTS: readonly Fault[] = [
  ...faultsIn("NIC", `${FOLDER}/ps_rx_ring.ts`, ENGINE, [
    {
      id: "pshader-cell-of-neighbour",
      what: "a descriptor is rearmed with the cell of the next one",
      from: "postEmpty(memory, ring, slot, huge.cell[slot]!);",
      to: "postEmpty(memory, ring, slot, huge.cell[(slot + 1) & mask]!);",
    },
    {
      id: "pshader-tail-to-last",
      what: "the receive tail is written to the descriptor that was cleaned last and one on",
      from: "this.queue, (slot - 1) & mask);",
      to: "this.queue, slot);",
    },
    {
      id: "pshader-tail-per-packet",
      what: "the receive tail is written for each packet of a chunk",
      from: "      cycles += costs.rxPacket + copyCycles(costs, length);\n",
      to:
        "      cycles += costs.rxPacket + copyCycles(costs, length);\n      device.rxTail(cpu as Context, this.queue, slot);\n",
    },
  ]),
  ...faultsIn("NIC", `${FOLDER}/ps_tx_ring.ts`, ENGINE, [
    {
      id: "pshader-tx-fills-up",
      what: "the last free transmit descriptor is used too",
      from: "return (this.#nextToClean - this.#nextToUse - 1) & (this.ring.size - 1);",
      to:
        "return this.#nextToClean === this.#nextToUse ? this.ring.size : (this.#nextToClean - this.#nextToUse) & (this.ring.size - 1);",
    },
    {
      id: "pshader-reclaims-undone",
      what: "transmit cells are reclaimed up to a descriptor that is not done",
      from: "      if (ring.done[slot] === 0) break;\n",
      to: "",
    },
    {
      id: "pshader-never-reports",
      what: "no transmit descriptor asks for a write-back",
      from: "        report = true;\n",
      to: "",
    },
  ]),
  ...faultsIn("interrupt", `${FOLDER}/ps_context.ts`, HANDLES, [
    {
      id: "pshader-sleeps-masked",
      what: "a worker goes to sleep without unmasking its vectors",
      from: "    for (const ring of this.rings) this.#unmask(cpu, ring);\n    this.sleeps++;",
      to: "    this.sleeps++;",
    },
    {
      id: "pshader-unmasks-first-only",
      what: "a worker that goes to sleep unmasks the vector of its first queue alone",
      from: "    for (const ring of this.rings) this.#unmask(cpu, ring);\n    this.sleeps++;",
      to: "    this.#unmask(cpu, this.rings[0]!);\n    this.sleeps++;",
    },
    {
      id: "pshader-drops-cause",
      what: "an interrupt without a packet leaves its vector masked",
      from: "    this.spurious++;\n    this.#unmask(cpu, ring);\n",
      to: "    this.spurious++;\n",
    },
    {
      id: "pshader-attaches-twice",
      what: "a queue that another context has is attached",
      from: "    if (attached.has(ifindex * 64 + qidx)) return ERRNO.EBUSY;\n",
      to: "",
    },
    {
      id: "pshader-first-ring-always",
      what: "the scan begins with the first attached queue each time",
      from: "      this.#nextRing = (at + 1) % rings.length;\n",
      to: "      this.#nextRing = at;\n",
    },
  ]),
  ...faultsIn("loss and order", `${FOLDER}/worker.ts`, [LAWS, ...ENGINE], [
    {
      id: "pshader-newest-first",
      what: "the chunk that came last is finished first",
      from: "    const head = this.#fifo[0];",
      to: "    const head = this.#fifo.findLast(({ shaded }) => shaded);",
    },
    {
      id: "pshader-forgets-to-wake",
      what: "a chunk that is shaded on the core waits for results that never come",
      from: "    this.cpuPackets += chunk.keyCount;\n    chunk.shaded = true;",
      to: "    this.cpuPackets += chunk.keyCount;\n    chunk.shaded = chunk.cnt > 1;",
    },
  ]),
  ...faultsIn("loss and order", `${FOLDER}/finish.ts`, ENGINE, [
    {
      id: "pshader-answers-twice",
      what: "a chunk that had to wait is post-shaded again",
      from: "    chunk.answered = true;\n",
      to: "",
    },
    {
      id: "pshader-slow-and-fast",
      what: "a packet that the host's stack got is dropped besides",
      from: "      this.slowPackets++;\n      this.#gone(chunk, k);\n      return;\n",
      to: "      this.slowPackets++;\n",
    },
  ]),
  ...faultsIn("loss and order", `${FOLDER}/master.ts`, SHADER, [
    {
      id: "pshader-scatter-offset",
      what: "results are scattered as if every chunk before had one packet",
      from: "      at = end;\n",
      to: "      at += resultWords;\n",
    },
    {
      id: "pshader-no-upload",
      what: "a route that changes never reaches the device",
      from: "    gpu.upload(cpu.tsc(), this.#app.table!);\n",
      to: "",
    },
    {
      id: "pshader-early-results",
      what: "results are taken before the device has finished",
      from: "cpu.tsc() >= first.doneAt",
      to: "cpu.tsc() >= 0",
    },
  ]),
  ...faultsIn("LPM", `${FOLDER}/dir24_8.ts`, TABLES, [
    {
      id: "pshader-default-ignored",
      what: "a miss does not answer the default route",
      from: "  results[at] = entry === 0 ? words[0]! : entry;",
      to: "  results[at] = entry;",
    },
  ]),
  ...faultsIn("LPM", `${FOLDER}/dir24_8_words.ts`, TABLES, [
    {
      id: "pshader-delete-uncovers-nothing",
      what: "a route that is deleted leaves no route beneath it",
      from: "    this.#repaint(masked, depth, this.#cover(masked, depth));",
      to: "    this.#repaint(masked, depth, 0);",
    },
    {
      id: "pshader-repaint-all",
      what: "a new route covers longer ones",
      from: "    for (const r of beneath) this.#paint(r.prefix, r.depth, r.nextHop + 1);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", `${FOLDER}/length_search.ts`, TABLES, [
    {
      id: "pshader-marker-without-best",
      what: "a marker does not know what covers it",
      from: "const best = length === depth ? 0 : this.#best(slotOf, lengths, length);",
      to: "const best = 0;",
    },
  ]),
  ...faultsIn("packet", `${FOLDER}/chunk.ts`, ENGINE, [
    {
      id: "pshader-packs-tight",
      what: "packets of a chunk lie at multiples of 32 bytes",
      from: "return (bytes + ALIGN - 1) & ~(ALIGN - 1);",
      to: "return (bytes + 31) & ~31;",
    },
  ]),
  ...faultsIn("packet", `${FOLDER}/app_ipsec.ts`, APPS, [
    {
      id: "pshader-icv-too-short",
      what: "the integrity check of ESP leaves the last bytes out",
      from: "hmac.sign96(packet, 0, bytes - ICV, bytes - ICV);",
      to: "hmac.sign96(packet, 0, bytes - ICV - 4, bytes - ICV);",
    },
  ]),
  ...faultsIn("packet", `${FOLDER}/aes128.ts`, APPS, [
    {
      id: "pshader-counter-from-zero",
      what: "the counter of AES-CTR begins with 0",
      from: "const words = [salt, iv[0], iv[1], ++blocks];",
      to: "const words = [salt, iv[0], iv[1], blocks++];",
    },
  ]),
  ...faultsIn("packet", `${FOLDER}/app_openflow.ts`, APPS, [
    {
      id: "pshader-lowest-priority-first",
      what: "wildcard entries are searched from the lowest priority on",
      from: "(b.priority ?? 0) - (a.priority ?? 0)",
      to: "(a.priority ?? 0) - (b.priority ?? 0)",
    },
  ]),
];
