import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { apiKey, openShop, type AssistantShop, type ShopOptions } from './support/assistant-shop.js'
import { ApiClient } from './support/api-client.js'
import { docxOf, xlsxOf } from './support/office-files.js'
import { answerWith, rawServer } from './support/raw-server.js'

let shop: AssistantShop
afterEach(() => shop.service.close())
const open = async (options: ShopOptions = {}): Promise<ApiClient> => {
  shop = await openShop({ entries: 3, ...options })
  return shop.api
}

describe('the routes of knowledge, exams, models and assistants', () => {
  it('keep each content of an entry, give an earlier one back, and say what a question finds', async () => {
    const api = await open()
    const id = shop.ids.get('什么时候发货') ?? 0
    const entry = { title: '什么时候发货', text: '明天。', wordings: ['几号发'] }
    const saved = await api.call('PATCH /knowledge/entries/:id', {
      params: { id },
      body: { version: 1, entry },
    })
    expect(saved).toMatchObject({ status: 200, body: { entry: { version: 2 }, broken: [] } })
    const late = await api.call('PATCH /knowledge/entries/:id', {
      params: { id },
      body: { version: 1, entry },
    })
    expect(late).toMatchObject({ status: 409, error: { code: 'conflict' } })
    const versions = await api.call('GET /knowledge/entries/:id/versions', { params: { id } })
    expect(versions.body).toMatchObject({ items: [{ version: 2, entry }, { version: 1 }] })
    const again = await api.call('POST /knowledge/entries/:id/restore', {
      params: { id },
      body: { version: 1 },
    })
    expect(again.body).toMatchObject({
      entry: { version: 3, text: expect.stringContaining('16:00') as string },
    })
    const found = await api.call('POST /knowledge/search', { body: { text: '请问多久能发货' } })
    const [first] = (found.body as { items: object[] }).items
    expect(first).toMatchObject({ entry: { id }, matched: expect.arrayContaining(['发货']) as unknown })
    await api.call('DELETE /knowledge/entries/:id', { params: { id } })
    expect((await api.call('GET /knowledge/entries', { query: { q: '发货' } })).body).toMatchObject({
      items: [],
    })
  })

  it('name the field of an entry that can’t be kept', async () => {
    const api = await open({ entries: 0 })
    const long = await api.call('POST /knowledge/entries', {
      body: { entry: { title: '长', text: '长'.repeat(700) } },
    })
    expect(long).toMatchObject({
      status: 422,
      error: { message: expect.stringContaining('2048 bytes') as string },
    })
    const dates = { title: '活动', text: '八折', validFrom: 2000, validUntil: 1000 }
    const wrong = await api.call('POST /knowledge/entries', { body: { entry: dates } })
    expect(wrong.error.message).toContain('validUntil')
  })

  it('read a table, say what they understood, save it only when asked to, and give it all back', async () => {
    const api = await open({ entries: 0 })
    const text = '问题,答案,相似问法\n怎么退货,七天内,能退吗|退掉\n没有答案,\n'
    const looked = await api.call('POST /knowledge/import', { body: { text } })
    expect(looked.body).toMatchObject({
      rows: [
        { title: '怎么退货', wordings: 2, problem: null },
        { title: '没有答案', problem: 'no_answer' },
      ],
      saved: 0,
    })
    expect((await api.call('GET /knowledge/entries')).body).toMatchObject({ items: [] })
    const saved = await api.call('POST /knowledge/import', { body: { text, save: true } })
    expect(saved.body).toMatchObject({ saved: 1 })
    const { entries } = (await api.call('GET /knowledge/export')).body as { entries: object[] }
    expect(entries).toMatchObject([{ title: '怎么退货', wordings: ['能退吗', '退掉'], text: '七天内' }])
    expect((await api.call('POST /knowledge/entries', { body: { entry: entries[0] } })).status).toBe(201)
    expect(await api.call('POST /knowledge/import', { body: { text: ' ' } })).toMatchObject({ status: 422 })
  })

  it('read a file’s bytes: tables as such, texts as drafts in pieces; what can’t be read is refused in words', async () => {
    const api = await open({ entries: 0 })
    const send = (name: string, file: Uint8Array, query = {}): ReturnType<ApiClient['call']> =>
      api.call('POST /knowledge/import-file', {
        query: { name, ...query },
        body: file,
        headers: { 'content-type': 'application/octet-stream' },
      })
    const table = xlsxOf([
      ['问题', '答案', '相似问法'],
      ['怎么退货', '七天内', '能退吗|退掉'],
    ])
    expect((await send('表.xlsx', table)).body).toMatchObject({
      rows: [{ line: 2, title: '怎么退货', wordings: 2, problem: null }],
      saved: 0,
    })
    expect((await send('表.xlsx', table, { save: '1' })).body).toMatchObject({ saved: 1 })
    const document = docxOf([{ text: '运费', heading: true }, { text: '满 99 元包邮。' }])
    expect((await send('说明.docx', document, { save: '1' })).body).toMatchObject({ saved: 1 })
    expect((await api.call('GET /knowledge/entries')).body).toMatchObject({
      items: [
        { title: '运费', text: '满 99 元包邮。', state: 'draft' },
        { title: '怎么退货', state: 'live' },
      ],
    })
    const hostile = docxOf([{ text: '好' }], '<!DOCTYPE x>')
    expect(await send('a.docx', hostile)).toMatchObject({ status: 422, error: { code: 'invalid' } })
    expect((await send('a.txt', Buffer.alloc(11 * 1024 * 1024))).status).toBe(413)
    expect((await send('a.txt', Buffer.from(' \n'))).status).toBe(422)
    expect((await fetch(`${shop.service.url}/readyz`)).status).toBe(200)
  })

  it('read a table of cases, say what they understood, and save it only when asked to', async () => {
    const api = await open()
    const id = shop.ids.get('什么时候发货') ?? 0
    const text = `问题,应找到\n几号能发,什么时候发货\n还没发吗,#${id}\n天气如何,转人工\n什么,没有这条\n`
    const looked = await api.call('POST /exams/cases/import', { body: { text } })
    const rows = [
      { line: 2, says: '几号能发', entryTitle: '什么时候发货', problem: null },
      { line: 3, says: '还没发吗', entryTitle: '什么时候发货', problem: null },
      { line: 4, says: '天气如何', entryTitle: null, problem: null },
      { line: 5, says: '什么', entryTitle: null, problem: 'no_entry' },
    ]
    expect(looked.body).toEqual({ rows, saved: 0 })
    expect((await api.call('GET /exams/retrieval')).body).toMatchObject({ cases: [] })
    expect((await api.call('POST /exams/cases/import', { body: { text, save: true } })).body).toEqual({
      rows,
      saved: 3,
    })
    expect((await api.call('GET /exams/retrieval')).body).toMatchObject({
      cases: [{ entryId: id }, { entryId: id }, { says: '天气如何', entryId: null }],
    })
    const again = await api.call('POST /exams/cases/import', { body: { text, save: true } })
    expect(again.body).toMatchObject({ saved: 0, rows: [{ problem: 'known' }, {}, {}, {}] })
    expect(await api.call('POST /exams/cases/import', { body: { text: '只有一列' } })).toMatchObject({
      status: 422,
    })
  })

  it('take entries from a page of the web, say when it can’t be read, and follow it until told not to', async () => {
    let status = 200
    const site = await rawServer(({ socket }) => {
      const body = '<title>帮助</title><h2>保修多久</h2><p>两年。'
      answerWith(socket, body, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })
    })
    onTestFinished(() => site.close())
    const api = await open({ entries: 0, environment: { KEFU_ALLOW_PRIVATE_PAGES: 'loopback' } })
    const url = `${site.url}/help?token=planted-in-the-query`
    const added = await api.call('POST /knowledge/sources', { body: { url, newState: 'live' } })
    expect(added).toMatchObject({ status: 201, body: { name: '帮助', state: 'ok', entries: 1 } })
    const { id } = added.body as { id: number }
    expect((await api.call('GET /knowledge/entries')).body).toMatchObject({
      items: [{ title: '保修多久', text: '两年。', sourceId: id }],
    })
    status = 404
    const failed = await api.call('POST /knowledge/sources/:id/refresh', { params: { id } })
    expect(failed).toMatchObject({ status: 200, body: { state: 'failed', problem: 'gone', status: 404 } })
    expect((await api.call('GET /knowledge/sources')).body).toMatchObject({ items: [{ id, entries: 1 }] })
    expect(shop.service.log).toContain('a page of knowledge could not be read')
    expect(shop.service.log).not.toContain('planted-in-the-query')
    const gone = { params: { id }, query: { entries: 'remove' } }
    expect((await api.call('DELETE /knowledge/sources/:id', gone)).status).toBe(204)
    expect((await api.call('GET /knowledge/entries')).body).toMatchObject({ items: [] })
    const inside = await api.call('POST /knowledge/sources', { body: { url: 'http://169.254.169.254/' } })
    expect(inside.status).toBe(422)
    expect(inside.error.message).toContain('KEFU_ALLOW_PRIVATE_PAGES')
  })

  it('make cases by hand, from an entry and from what a customer wrote, and try them', async () => {
    const api = await open()
    const entryId = shop.ids.get('什么时候发货') ?? 0
    const cases = [
      { says: '什么时候能发货', entryId },
      { says: '今天天气怎么样', entryId: null },
    ]
    expect((await api.call('POST /exams/cases', { body: { cases } })).status).toBe(201)
    await api.call('POST /exams/cases/from-entry', { body: { entryId } })
    await shop.user('oLin').sends('我买的东西发货了吗')
    await expect.poll(async () => (await shop.messages('oLin')).length).toBeGreaterThan(0)
    const [message] = await shop.messages('oLin')
    const from = { messageId: message?.id ?? 0, entryId }
    const exam = await api.call('POST /exams/cases/from-message', { body: from })
    const { cases: all, passed } = exam.body as { cases: { id: number; says: string }[]; passed: number }
    expect(all).toHaveLength(7)
    expect(passed).toBe(7)
    await api.call('DELETE /exams/cases/:id', { params: { id: all[0]?.id ?? 0 } })
    const { body } = await api.call('GET /exams/retrieval')
    expect(body).toMatchObject({ matchAt: null, needed: 30, cases: { length: 6 } })
    expect(
      await api.call('POST /exams/cases', { body: { cases: [{ says: 'x', entryId: 999 }] } }),
    ).toMatchObject({
      status: 404,
    })
  })

  it('keep settings apart from what answers, until they are published', async () => {
    const api = await open()
    const params = { name: '售前' }
    await api.call('PUT /assistants/:name', { params, body: { guidance: '只卖杯子', matchAt: 0.7 } })
    const list = await api.call('GET /assistants')
    expect(list.body).toMatchObject({ items: [{ name: '售前', liveVersion: 1, isPublished: false }] })
    await api.call('POST /assistants/:name/publish', { params })
    expect((await api.call('GET /assistants')).body).toMatchObject({
      items: [{ liveVersion: 2, isPublished: true }],
    })
    const versions = await api.call('GET /assistants/:name/versions', { params })
    expect(versions.body).toMatchObject({
      items: [{ version: 2, settings: { guidance: '只卖杯子' } }, { version: 1 }],
    })
    const none = await api.call('POST /assistants/:name/publish', { params: { name: '没有' } })
    expect(none.status).toBe(404)
    const audit = await shop.service.get('/api/v1/audit?action=assistant_published', {
      authorization: `Bearer ${apiKey}`,
    })
    expect(audit.text).toContain('assistant:售前')
  })

  it('say what an assistant would answer, and send nothing', async () => {
    const api = await open()
    const body = { says: ['你好', '什么时候发货'] }
    const tried = await api.call('POST /assistants/:name/try', { params: { name: '售前' }, body })
    expect(tried.body).toMatchObject({
      kind: 'answer',
      how: 'select',
      text: expect.stringContaining('16:00') as string,
    })
    expect((await api.call('GET /conversations')).body).toMatchObject({ items: [] })
  })

  it('show no key of a model, keep it unless the address is another, and say what a check found', async () => {
    const api = await open()
    const url = `${shop.service.emulator.url}/_model/v1`
    const first = await api.call('GET /model')
    expect(JSON.stringify(first.body)).not.toContain('planted')
    expect(first.body).toMatchObject({ source: 'desk', main: { hasKey: true, model: 'fake' } })
    await api.call('PUT /model', { body: { main: { preset: 'openai', url, model: 'other' } } })
    expect((await api.call('GET /model')).body).toMatchObject({ main: { hasKey: true, model: 'other' } })
    const check = await api.call('POST /model/check', { body: {} })
    expect(check.body).toMatchObject({ ok: true, thinks: false, json: true, reason: null })
    const spent = await api.call('GET /model/spending')
    expect(spent.body).toMatchObject({ items: [{ appId: 'check', calls: 1 }] })
    // The key of one provider never goes to another's address.
    const elsewhere = { preset: 'openai', url: `${url}/x`, model: 'other' }
    expect((await api.call('PUT /model', { body: { main: elsewhere } })).body).toMatchObject({
      main: { hasKey: false },
    })
    await api.call('PUT /model', { body: { main: null } })
    expect((await api.call('POST /model/check', { body: {} })).body).toMatchObject({
      ok: false,
      reason: 'not_configured',
    })
  })

  it('are those of all Mini Programs: whoever sees some gets no exams, assistants or models', async () => {
    const api = await open()
    const narrow = await api.call('POST /api-keys', {
      body: { name: 'narrow', apps: ['wx0123456789abcdef'] },
    })
    const { key } = narrow.body as { key: string }
    const asked = new ApiClient(shop.service.url, key)
    for (const path of ['GET /assistants', 'GET /exams/retrieval', 'GET /model'])
      expect((await asked.call(path)).status).toBe(403)
    expect((await asked.call('GET /knowledge/entries')).status).toBe(200)
    expect((await asked.call('GET /runs/:id', { params: { id: 1 } })).status).toBe(404)
  })
})
