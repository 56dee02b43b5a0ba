import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { silentLogger } from '../../log.js'
import { Knowledge } from '../knowledge.js'
import { entryInput } from '../schemas/knowledge-entry.js'
import type { Embedder } from './embedder.js'
import { EntryVectors } from './entry-vectors.js'

/** Of two directions: dispatch and everything else. */
class Meanings implements Embedder {
  readonly asked: string[] = []
  isDead = false
  calls = 0
  readonly name: string

  constructor(name = 'one') {
    this.name = name
  }

  async embed(texts: readonly string[]): Promise<readonly Float32Array[] | undefined> {
    this.calls++
    if (this.isDead) return undefined
    this.asked.push(...texts)
    return texts.map((text) => Float32Array.from(/发货|寄出/.test(text) ? [1, 0] : [0, 1]))
  }
}

const admin = { apps: 'all', name: '林' } as const
const searched = { appId: null, audience: 'customer', at: 1_700_000_000_000, most: 8 } as const
const options = { appId: 'wx1', signal: new AbortController().signal, withinMs: 1000 }

describe.each(await storeKinds())('vectors of entries on %s', (kind) => {
  let database: TestStore
  let knowledge: Knowledge
  const open: EntryVectors[] = []
  beforeEach(async () => {
    database = await makeStore(kind)
    knowledge = newKnowledge()
    await knowledge.start()
  })
  afterEach(async () => {
    for (const vectors of open.splice(0)) await vectors.stop()
    await knowledge.stop()
    await database.remove()
  })

  function newKnowledge(): Knowledge {
    return new Knowledge({
      store: database.store,
      logger: silentLogger,
      now: () => searched.at,
      pause: async () => undefined,
    })
  }
  function start(embedder: Embedder, mine = true): EntryVectors {
    const vectors = new EntryVectors({
      store: database.store,
      knowledge,
      embedder,
      mine: () => mine,
      logger: silentLogger,
    })
    open.push(vectors)
    vectors.start()
    return vectors
  }
  async function add(title: string, text = title): Promise<number> {
    const { id } = await knowledge.entries.add(entryInput.parse({ title, text }), admin)
    return id
  }
  const has = (vectors: EntryVectors, count: number): Promise<void> =>
    expect.poll(() => vectors.size, { timeout: 10_000 }).toBe(count)

  it('are made of each entry once, kept, and read again by the next process and by another', async () => {
    const dispatch = await add('什么时候发货')
    for (let i = 0; i < 24; i++) await add(`别的 ${i}`)
    const embedder = new Meanings()
    const vectors = start(embedder)
    await has(vectors, 25)
    expect(embedder.asked).toHaveLength(25)
    const near = await vectors.near('几点寄出', searched, options)
    expect(near[0]).toMatchObject({ entry: { id: dispatch }, similarity: 1 })
    expect(near).toHaveLength(8)
    await vectors.stop()
    const again = new Meanings()
    await has(start(again), 25)
    await has(start(again, false), 25)
    expect(again.asked).toEqual([])
  })

  it('follow an entry that changes, and go with one that is removed', async () => {
    const id = await add('退货', '七天内可退')
    const embedder = new Meanings()
    const vectors = start(embedder)
    await has(vectors, 1)
    await knowledge.entries.change(id, entryInput.parse({ title: '发货', text: '当天' }), admin, 1)
    vectors.wake()
    await expect.poll(() => embedder.asked.length).toBe(2)
    await has(vectors, 1)
    expect((await vectors.near('寄出', searched, options))[0]).toMatchObject({ similarity: 1 })
    await knowledge.entries.remove(id, admin)
    vectors.wake()
    await has(vectors, 0)
    expect(await database.store.db.selectFrom('knowledge_vector').selectAll().execute()).toEqual([])
  })

  it('are made anew for another model, and are none where it gives none', async () => {
    await add('发货')
    await has(start(new Meanings('one')), 1)
    const dead = new Meanings('two')
    dead.isDead = true
    const vectors = start(dead)
    await expect.poll(() => dead.calls).toBeGreaterThan(0)
    expect(vectors.size).toBe(0)
    expect(await vectors.near('寄出', searched, options)).toEqual([])
    await has(start(new Meanings('two')), 1)
    const rows = await database.store.db.selectFrom('knowledge_vector').select('model').execute()
    expect(rows).toEqual([{ model: 'two' }])
  })
})
