/** Where frames come from and go to, below a driver: a packet socket, a TAP device, a capture. */

/** A port. Frames are read where they lie; at most one is in hand at a time. */
export interface FramePort {
  /** Name in reports. */
  readonly name: string;
  /** Descriptor that poll(2) waits on, or -1 where nothing is waited for. */
  readonly fd: number;
  /** What received frames lie in, as bytes and as words. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Length of the frame in hand. */
  readonly length: number;
  /** Where the next received frame begins in `bytes`, or -1 when there is none; it is in hand until `release`. */
  receive(): number;
  /** When the frame in hand was received, in nanoseconds since 1970; 0 where nobody knows. */
  stampNs(): number;
  /** Done with the frame in hand. */
  release(): void;
  /** Takes a frame to be sent with the next `flush`; false when there is no room. */
  send(bytes: Uint8Array, words: Int32Array, at: number, length: number): boolean;
  /** Sends what was taken. */
  flush(): void;
  /** Frames that came and found no room since this was last asked. */
  missed(): number;
  /** Whether no frame will come any more. */
  readonly isOver: boolean;
  /** Lets go of the port. */
  close(): void;
}
