/** Faults that can be planted between a NIC and its driver, and in what a NIC tells and counts. */
import { every, type Plant } from "./_faults_for_tests.ts";

/** Driver: a receive doorbell names one descriptor too many. */
export const tailTooFar: Plant = (testbed) => {
  for (const { queues } of testbed.machine.nics) {
    const rxTail = queues.rxTail.bind(queues);
    queues.rxTail = (cpu, queue, slot) => rxTail(cpu, queue, slot + 1);
  }
};

/** Driver: a transmit doorbell announces a descriptor that has not been written. */
export const doorbellEarly: Plant = (testbed) => {
  const now = every(3);
  for (const { queues } of testbed.machine.nics) {
    const txTail = queues.txTail.bind(queues);
    queues.txTail = (cpu, queue, slot) =>
      txTail(cpu, queue, now() ? (slot + 1) & (queues.tx[queue]!.size - 1) : slot);
  }
};

/** Driver: receive doorbells are forgotten once the ring was filled. */
export const refillForgotten: Plant = (testbed) => {
  for (const { queues } of testbed.machine.nics) {
    const rxTail = queues.rxTail.bind(queues);
    queues.rxTail = (cpu, queue, slot) => {
      const ring = queues.rx[queue]!;
      if (slot === ring.size - 1 && ring.tail === 0) rxTail(cpu, queue, slot);
    };
  }
};

/** NIC: the RSS hash of an earlier packet stays in the descriptor. */
export const hashStays: Plant = (testbed) => {
  const { memory } = testbed.machine;
  const transfer = memory.transfer.bind(memory);
  const now = every(3);
  let last = 0;
  memory.transfer = (from, to) => {
    transfer(from, to);
    const own = memory.hash[to]!;
    if (now()) memory.hash[to] = last ^ 1;
    last = own;
  };
};

/** MAC: a frame that is refused is counted as received too. */
export const countedTwice: Plant = (testbed) => {
  for (const { macIn, counters } of testbed.machine.nics) {
    const arrive = macIn.arrive.bind(macIn);
    macIn.arrive = (...args) => {
      const errors = counters.rxErrors;
      arrive(...args);
      counters.rxFrames += counters.rxErrors - errors;
    };
  }
};

/** MAC: nobody looks at the FCS. */
export const fcsIgnored: Plant = (testbed) => {
  for (const { macIn } of testbed.machine.nics) {
    const arrive = macIn.arrive.bind(macIn);
    macIn.arrive = (packet, bytes, offset, length) => arrive(packet, bytes, offset, length);
  }
};
