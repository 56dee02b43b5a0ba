import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { backUp } from '../src/server/backup.js'
import { openStore } from '../src/store/store.js'
import { deskTest as it, taken, until } from './browser-fixture.js'
import { signIn, type OpenDesk } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { freePort } from './support/free-port.js'

const key = 'a-key-of-the-restored-test-0123456789'

/** What lies in this browser: how many things, and all of it as somebody reads it who has no key. */
const lying = ({ page }: OpenDesk): Promise<{ rows: number; text: string }> =>
  page.evaluate(`(async () => {
    const asked = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result) })
    const db = await asked(indexedDB.open('kefu-desk'))
    const rows = await asked(db.transaction('rows').objectStore('rows').getAll())
    db.close()
    const sealed = rows.map(({ sealed }) => new TextDecoder().decode(sealed))
    return { rows: rows.length, text: JSON.stringify([rows, sealed, { ...localStorage }, { ...sessionStorage }]) }
  })()`)

it('a kept draft is sealed, and after a restore reaches nobody who has its customer’s number by then', async ({
  ownService,
}) => {
  // The database is put back under the same address.
  const port = String(await freePort())
  const stage = await ownService({ KEFU_API_KEY: key, PORT: port })
  const { service } = stage
  const api = new ApiClient(service.url, key)
  const backup = join(service.directory, 'backup.db')
  const { dataDir, databaseUrl } = service.config
  await stage.addAgent('小满')
  await backUp(backup, { dataDir, openStore: () => openStore(databaseUrl) })

  const desk = await taken(stage)
  const address = desk.page.url()
  await desk.reply.fill('张三的身份证 110101199003070000')
  await until(async () => (await lying(desk)).rows).toBeGreaterThan(0)
  expect((await lying(desk)).text).not.toMatch(/110101199003070000|张三|poec/)
  await desk.page.goto('about:blank')

  await service.stop()
  copyFileSync(backup, join(dataDir, 'kefu.db'))
  await service.restart({ PORT: port })
  await stage.customer('oSomebodyElse0001').sends('我是另一位')
  await until(async () => api.ok('GET /conversations')).toMatchObject({
    items: [{ openId: 'oSomebodyElse0001' }],
  })

  // The same number, and another customer.
  await desk.page.goto(address)
  await signIn(desk.page, '小满')
  await desk.thread.getByText('我是另一位').waitFor()
  await desk.button('接入').click()
  await until(() => desk.reply.isEditable()).toBe(true)
  expect(await desk.reply.inputValue()).toBe('')
  expect(await desk.page.getByText('110101199003070000').count()).toBe(0)
  // What was sealed for the database before stays where it is, and what is written now beside it.
  await desk.reply.fill('给另一位的')
  await until(async () => (await lying(desk)).rows).toBeGreaterThan(1)
  await desk.page.reload()
  await until(() => desk.reply.inputValue()).toBe('给另一位的')
})
