import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { answerWith, rawServer, type RawServer } from '../../../test/support/raw-server.js'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { AddressGuard } from '../../hooks/index.js'
import { silentLogger } from '../../log.js'
import { Exams } from '../exams/exams.js'
import { Knowledge } from '../knowledge.js'
import type { KnowledgeEntry } from '../knowledge-entry.js'
import { PageFetcher } from './page-fetcher.js'
import type { KnowledgeSource } from './source-rows.js'
import { Sources } from './sources.js'

const admin = { apps: 'all', name: '林' } as const
const start = 1_700_000_000_000
const day = 86_400_000

describe.each(await storeKinds())('pages that entries are taken from, on %s', (kind) => {
  let test: TestStore
  let server: RawServer
  let at: number
  let knowledge: Knowledge
  let made: Sources[]
  let sources: Sources
  let page: { body: string | Buffer; status?: number; headers?: Record<string, string> } | 'hang'
  beforeEach(async () => {
    test = await makeStore(kind)
    at = start
    page = { body: '' }
    server = await rawServer(({ socket, target }) => {
      if (page === 'hang') return
      if (target === '/loop') answerWith(socket, '', { status: 302, headers: { location: '/loop' } })
      else if (target === '/inside')
        answerWith(socket, '', { status: 302, headers: { location: 'http://127.0.0.2/secret' } })
      else if (target === '/moved') answerWith(socket, '', { status: 301, headers: { location: 'help' } })
      else
        answerWith(socket, page.body, {
          headers: { 'content-type': 'text/html; charset=utf-8', ...page.headers },
          status: page.status ?? 200,
        })
    })
    knowledge = new Knowledge({ store: test.store, logger: silentLogger, now: () => at, pause })
    await knowledge.start()
    made = []
    sources = make()
  })
  afterEach(async () => {
    await Promise.all(made.map((each) => each.stop()))
    await knowledge.stop()
    await server.close()
    await test.remove()
  })

  const pause = async (): Promise<void> => undefined
  function make(allowed: string[] = ['127.0.0.1'], timeoutMs = 5000): Sources {
    const fetcher = new PageFetcher({ guard: new AddressGuard(allowed), timeoutMs })
    const { store } = test
    const exams = new Exams({ store, knowledge, now: () => at, pause })
    const one = new Sources({
      store,
      fetcher,
      knowledge,
      exams,
      logger: silentLogger,
      now: () => at,
      pause,
      random: () => 0,
    })
    made.push(one)
    return one
  }
  const add = (path = '/help', newState: 'draft' | 'live' = 'live'): Promise<KnowledgeSource> =>
    sources.add({ url: `${server.url}${path}`, appId: null, newState }, admin)
  const entries = async (): Promise<KnowledgeEntry[]> =>
    (await knowledge.entries.list(admin, { limit: 100 })).toReversed()
  const states = async (): Promise<unknown[]> =>
    (await entries()).map(({ title, text, state, version }) => [title, text, state, version])

  it('become entries, and new versions of them where the page has changed', async () => {
    page = { body: '<title>帮助</title><h2>退货</h2><p>7 天内可退。<h2>运费</h2><p>8 元。' }
    const source = await add()
    expect(source).toMatchObject({
      name: '帮助',
      state: 'ok',
      problem: null,
      entries: 2,
      outcome: { added: 2, changed: 0, gone: 0 },
      readAt: start,
      nextAt: start + day,
    })
    expect(await entries()).toMatchObject([
      { title: '退货', text: '7 天内可退。', state: 'live', sourceId: source.id },
      { title: '运费', text: '8 元。' },
    ])
    const [found] = knowledge.search('退货', { appId: null, audience: 'customer', at, most: 1 })
    expect(found?.entry.title).toBe('退货')

    at += day
    page = { body: '<title>帮助</title><h2>退货</h2><p>10 天内可退。<h2>发票</h2><p>电子发票。' }
    expect(await sources.refresh(source.id, admin)).toMatchObject({
      outcome: { added: 1, changed: 1, gone: 1 },
    })
    expect(await states()).toEqual([
      ['退货', '10 天内可退。', 'live', 2],
      ['运费', '8 元。', 'off', 2],
      ['发票', '电子发票。', 'live', 1],
    ])
    const [first] = await entries()
    const versions = await knowledge.entries.versions(first?.id ?? 0, admin)
    expect(versions.map(({ by, entry }) => [by, entry.text])).toEqual([
      [`127.0.0.1:${server.port}`, '10 天内可退。'],
      [`127.0.0.1:${server.port}`, '7 天内可退。'],
    ])

    // What was gone comes back; what says the same stays as it is.
    page = { body: '<h2>退货</h2><p>10 天内可退。<h2>运费</h2><p>8 元。<h2>发票</h2><p>电子发票。' }
    await sources.refresh(source.id, admin)
    expect(await states()).toEqual([
      ['退货', '10 天内可退。', 'live', 2],
      ['运费', '8 元。', 'live', 3],
      ['发票', '电子发票。', 'live', 1],
    ])
  })

  it('leave what people wrote, switched off or removed', async () => {
    page = { body: '<h2>退货</h2><p>7 天。<h2>运费</h2><p>8 元。<h2>地址</h2><p>杭州。' }
    const source = await add()
    const [first, second, third] = await entries()
    const own = { ...input(first), title: '能退吗', text: '可以退。', wordings: ['怎么退'] }
    await knowledge.entries.change(first?.id ?? 0, own, admin, 1)
    await knowledge.entries.change(second?.id ?? 0, { ...input(second), state: 'off' }, admin, 1)
    await knowledge.entries.remove(third?.id ?? 0, admin)
    expect(await sources.refresh(source.id, admin)).toMatchObject({
      outcome: { added: 0, changed: 0, gone: 0 },
    })
    page = { body: '<h2>退货</h2><p>10 天。<h2>运费</h2><p>9 元。<h2>地址</h2><p>杭州。' }
    await sources.refresh(source.id, admin)
    expect(await entries()).toMatchObject([
      { title: '能退吗', text: '10 天。', wordings: ['怎么退'], state: 'live', version: 3 },
      { title: '运费', text: '9 元。', state: 'off' },
    ])
  })

  it('keep their entries when the page is gone or can’t be read, and say why', async () => {
    page = { body: '<h2>退货</h2><p>7 天。' }
    const source = await add()
    const failed = async (): Promise<unknown> => {
      const { state, problem, status, nextAt } = await sources.refresh(source.id, admin)
      expect([state, nextAt]).toEqual(['failed', at + day / 4])
      return [problem, status]
    }
    page = { body: 'x', status: 404 }
    expect(await failed()).toEqual(['gone', 404])
    page = { body: 'x', status: 503 }
    expect(await failed()).toEqual(['status', 503])
    page = { body: '<script>all()</script>' }
    expect(await failed()).toEqual(['no_text', null])
    page = { body: Buffer.from([0, 1, 2]), headers: { 'content-type': 'image/png' } }
    expect(await failed()).toEqual(['kind', null])
    page = { body: 'x', headers: { 'content-encoding': 'gzip' } }
    expect(await failed()).toEqual(['bad_answer', null])
    page = { body: `<p>${'长'.repeat(1_100_000)}` }
    expect(await failed()).toEqual(['too_much', null])
    page = { body: '长'.repeat(4_000_000), headers: { 'content-type': 'text/plain' } }
    expect(await failed()).toEqual(['too_large', null])
    page = { body: Array.from({ length: 501 }, (_, index) => `<h2>${index}</h2>文`).join('') }
    expect(await failed()).toEqual(['too_much', null])
    expect(await states()).toEqual([['退货', '7 天。', 'live', 1]])
    page = { body: '<h2>退货</h2><p>7 天。' }
    expect(await sources.refresh(source.id, admin)).toMatchObject({
      state: 'ok',
      problem: null,
      status: null,
    })
  })

  it('may be text, Markdown or a table; a redirect is followed a few times', async () => {
    page = { body: '# 退货\n\n7 天。', headers: { 'content-type': 'text/markdown' } }
    await add('/moved', 'draft')
    page = {
      body: '问题,答案,相似问法\n包邮吗,满 99 元。,邮费|运费\n',
      headers: { 'content-type': 'text/csv' },
    }
    await add('/table')
    expect(await entries()).toMatchObject([
      { title: '退货', state: 'draft' },
      { title: '包邮吗', state: 'live', wordings: ['邮费', '运费'] },
    ])
    page = {
      body: Buffer.from([0xcd, 0xcb, 0xbb, 0xf5]),
      headers: { 'content-type': 'text/html; charset=gbk' },
    }
    await add('/gbk')
    expect((await entries()).at(-1)?.text).toBe('退货')
    expect(await add('/loop')).toMatchObject({ problem: 'redirect' })
  })

  it('are never read from private addresses that nobody named, wherever they lead', async () => {
    const asked = async (url: string): Promise<unknown> =>
      sources.add({ url, appId: null, newState: 'draft' }, admin).catch((error: unknown) => error)
    for (const url of [
      'http://127.0.0.2/',
      'http://169.254.169.254/latest',
      'http://[::1]/',
      'http://10.0.0.1/',
    ])
      expect(await asked(url)).toMatchObject({ refusal: { reason: 'source_private' } })
    for (const url of [
      'ftp://shop.example',
      'file:///etc/passwd',
      'nonsense',
      `https://x/${'x'.repeat(2000)}`,
    ])
      expect(await asked(url)).toMatchObject({ refusal: { reason: 'source_url' } })
    expect(await asked('https://a:b@shop.example/')).toMatchObject({ refusal: { reason: 'source_user' } })
    expect(await add('/inside')).toMatchObject({ problem: 'private_address' })
    // The network was named when the page was added, and is not any more.
    page = { body: '<p>文' }
    const { id } = await add('/later')
    const requests = server.requests.length
    expect(await make([]).refresh(id, admin)).toMatchObject({ problem: 'private_address' })
    expect(server.requests).toHaveLength(requests)
  })

  it('are read once a day, by one process of several', async () => {
    page = { body: '<p>文' }
    await add('/a')
    await add('/b')
    expect(server.requests).toHaveLength(2)
    at += day - 1
    const all = [sources, make(), make()]
    const readDue = (): Promise<unknown> => Promise.all(all.map((each) => each.readDue()))
    await readDue()
    expect(server.requests).toHaveLength(2)
    at += 1
    await readDue()
    expect(server.requests).toHaveLength(4)
    expect((await sources.list(admin)).map(({ readAt }) => readAt)).toEqual([at, at])
  })

  it('end at once when the service stops, and are read at the next start', async () => {
    page = 'hang'
    const adding = add()
    await expect.poll(() => server.requests.length).toBe(1)
    expect(await sources.list(admin)).toMatchObject([{ state: 'reading' }])
    await sources.stop()
    expect(await adding).toMatchObject({ state: 'waiting' })
    page = { body: '<p>文' }
    const next = make()
    next.start()
    await expect.poll(async () => (await next.list(admin))[0]?.state).toBe('ok')
  })

  it('say that a page takes too long', async () => {
    page = 'hang'
    sources = make(['127.0.0.1'], 50)
    expect(await add()).toMatchObject({ state: 'failed', problem: 'timeout' })
  })

  it('are those of Mini Programs that one may see; removed, they leave their entries unless told', async () => {
    page = { body: '<h2>退货</h2><p>7 天。' }
    const narrow = { apps: ['wx1'], name: '周' }
    const { id } = await add()
    expect(await sources.list({ ...narrow })).toHaveLength(1)
    const forbidden = { code: 'forbidden' }
    await expect(sources.refresh(id, narrow)).rejects.toMatchObject(forbidden)
    const url = `${server.url}/x`
    await expect(sources.add({ url, appId: null, newState: 'draft' }, narrow)).rejects.toMatchObject(
      forbidden,
    )
    const own = await sources.add({ url, appId: 'wx1', newState: 'draft' }, narrow)
    await expect(sources.refresh(own.id, { apps: ['wx2'], name: '赵' })).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(add()).rejects.toMatchObject({ refusal: { reason: 'source_known' } })
    await sources.remove(id, false, admin)
    await sources.remove(own.id, true, narrow)
    expect(await sources.list(admin)).toEqual([])
    expect(await entries()).toMatchObject([{ title: '退货', sourceId: null, appId: null }])
  })

  function input(entry: KnowledgeEntry | undefined): Parameters<Knowledge['entries']['change']>[1] {
    if (!entry) throw new Error('There is no such entry.')
    const { appId, title, wordings, text, extra, audience, state, validFrom, validUntil } = entry
    return { appId, title, wordings, text, extra, audience, state, validFrom, validUntil }
  }
})
