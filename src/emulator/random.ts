import { createHmac, randomBytes } from 'node:crypto'

/**
 * Where everything that the emulated WeChat makes up comes from: ids, tokens, nonces. With a seed it is the same in
 * each run. Never for what keeps strangers out, such as the emulator's key.
 */
export class Randomness {
  readonly #seed: string | undefined
  readonly #drawn = new Map<string, number>()

  constructor(seed?: string) {
    this.#seed = seed
  }

  /** Whether it is the same in each run. */
  get isSeeded(): boolean {
    return this.#seed !== undefined
  }

  /**
   * Random bytes. Each purpose has a row of its own, so that what happens at the same time in another place, in
   * whatever order, changes nothing here.
   */
  bytes(purpose: string, length: number): Buffer {
    if (this.#seed === undefined) return randomBytes(length)
    const draw = (this.#drawn.get(purpose) ?? 0) + 1
    this.#drawn.set(purpose, draw)
    const blocks: Buffer[] = []
    for (let block = 0; block * 32 < length; block++)
      blocks.push(
        createHmac('sha256', this.#seed)
          .update(JSON.stringify([purpose, draw, block]))
          .digest(),
      )
    return Buffer.concat(blocks).subarray(0, length)
  }

  /** A whole number from `least` up to, and without, `end`. */
  int(purpose: string, least: number, end: number): number {
    return least + (this.bytes(purpose, 6).readUIntBE(0, 6) % (end - least))
  }
}
