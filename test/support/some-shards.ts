import type { Shards } from '../../src/conversation/index.js'

/** Shards of which a process may lose some. */
export class SomeShards implements Pick<Shards, 'alone' | 'owned' | 'has' | 'hold'> {
  readonly alone = false
  readonly mine: Set<number>
  readonly held: number[][] = []

  constructor(mine: readonly number[]) {
    this.mine = new Set(mine)
  }

  get owned(): readonly number[] {
    return [...this.mine]
  }

  has(shard: number): boolean {
    return this.mine.has(shard)
  }

  async hold(_tx: unknown, shards: readonly number[]): Promise<boolean> {
    this.held.push([...shards])
    return shards.every((shard) => this.mine.has(shard))
  }
}
