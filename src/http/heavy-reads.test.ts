import { describe, expect, it } from 'vitest'
import { gate } from '../../test/support/gate.js'
import { HeavyReads } from './heavy-reads.js'
import type { Principal } from './principal.js'
import { HttpError } from './http-error.js'

const agent = (id: number): Principal => ({ kind: 'agent', id, name: `a${id}`, role: 'admin', apps: 'all' })
const [lin, wu, program] = [
  agent(1),
  agent(2),
  { kind: 'program', keyId: 1, name: 'crm', apps: 'all' } as Principal,
]
const settled = (): Promise<unknown> => new Promise(setImmediate)

/** Work that runs until it is let go, and how much of it there is. */
function bench() {
  const waiting: { name: string; go: () => void }[] = []
  const count = { running: 0, most: 0 }
  return {
    waiting,
    count,
    names: () => waiting.map(({ name }) => name),
    work: (name: string) => async (): Promise<string> => {
      count.most = Math.max(count.most, ++count.running)
      const door = gate()
      waiting.push({ name, go: () => door.open() })
      await door.opened
      count.running--
      return name
    },
    finish: async (): Promise<string[]> => {
      const order: string[] = []
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        order.push(next.name)
        next.go()
        await settled()
      }
      return order
    },
  }
}

describe('what reads much', () => {
  it('is read one by one of each principal, few together of all, in turns between them', async () => {
    const { count, work, names, finish } = bench()
    const reads = new HeavyReads({ atOnce: 2 })
    const all = [
      ...['l1', 'l2', 'l3'].map((name) => reads.run(lin, work(name))),
      ...['w1', 'w2'].map((name) => reads.run(wu, work(name))),
      reads.run(program, work('p1')),
    ]
    expect(names()).toEqual(['l1', 'w1'])
    expect(await finish()).toEqual(['l1', 'w1', 'l2', 'w2', 'p1', 'l3'])
    expect(await Promise.all(all)).toEqual(['l1', 'l2', 'l3', 'w1', 'w2', 'p1'])
    expect(count).toEqual({ running: 0, most: 2 })
  })

  it('goes on behind what fails', async () => {
    const reads = new HeavyReads({ atOnce: 1 })
    const failed = reads.run(lin, () => Promise.reject(new Error('no')))
    const next = reads.run(lin, async () => 2)
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe(2)
  })

  it('is refused with a time to come again where too many wait, of one and of all', async () => {
    const { work, finish } = bench()
    const reads = new HeavyReads({ atOnce: 1, waitingEach: 2, waiting: 3 })
    const mine = [1, 2, 3].map((i) => reads.run(lin, work(`l${i}`)))
    const refused = await reads.run(lin, work('l4')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(HttpError)
    expect(refused).toMatchObject({ status: 429, headers: { 'Retry-After': '2' } })
    const theirs = reads.run(wu, work('w1'))
    await expect(reads.run(program, work('p1'))).rejects.toBeInstanceOf(HttpError)
    await finish()
    await Promise.all([...mine, theirs])
    const last = reads.run(program, work('p2'))
    await finish()
    expect(await last).toBe('p2')
  })

  it('is left out where nobody waits for it any more', async () => {
    const { work, finish } = bench()
    const reads = new HeavyReads({ atOnce: 1 })
    let gone = false
    const first = reads.run(lin, work('l1'))
    const given = reads.run(lin, work('l2'), () => gone)
    gone = true
    expect(await finish()).toEqual(['l1'])
    expect(await first).toBe('l1')
    expect(await given).toBeUndefined()
  })
})

describe('an export', () => {
  async function* pieces(asked: number[], count = 3): AsyncGenerator<string> {
    for (let i = 0; i < count; i++) {
      asked.push(i)
      yield `${i},`
    }
  }

  it('is read piece by piece as it is taken, and others have their turns between', async () => {
    const reads = new HeavyReads({ atOnce: 1 })
    const asked: number[] = []
    const stream = await reads.export(lin, pieces(asked, 1000))
    expect(asked).toEqual([])
    await settled()
    const iterator = stream[Symbol.asyncIterator]()
    expect(String((await iterator.next()).value)).toBe('0,')
    expect(await reads.run(lin, async () => asked.length)).toBeLessThan(1000)
    let all = ''
    for await (const piece of stream) all += String(piece)
    expect(all.endsWith('999,')).toBe(true)
  })

  it('is one of each principal, and few of all, until it is through or given up', async () => {
    const reads = new HeavyReads({ atOnce: 1, exports: 2 })
    const first = await reads.export(lin, pieces([]))
    await expect(reads.export(lin, pieces([]))).rejects.toBeInstanceOf(HttpError)
    const second = await reads.export(wu, pieces([]))
    await expect(reads.export(program, pieces([]))).rejects.toThrow(/exports/)
    const texts = await first.toArray()
    expect(texts.join('')).toBe('0,1,2,')
    await settled()
    await (await reads.export(program, pieces([]))).toArray()
    // Its reader went away before anything was read.
    second.destroy()
    await settled()
    await (await reads.export(wu, pieces([]))).toArray()
  })

  it('is over where it could not be written down', async () => {
    const reads = new HeavyReads({ atOnce: 1 })
    const failing = reads.export(lin, pieces([]), () => Promise.reject(new Error('disk')))
    await expect(failing).rejects.toThrow('disk')
    expect((await (await reads.export(lin, pieces([]))).toArray()).join('')).toBe('0,1,2,')
  })
})
