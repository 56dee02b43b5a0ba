import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { backUp } from '../src/server/backup.js'
import { openStore } from '../src/store/store.js'
import { buildPage, describeInBrowser, launchBrowser } from './browser.js'
import { startDeskStage, type DeskStage } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 })

const key = 'a-key-of-the-restore-page-0123456789'

describeInBrowser('a backup that is restored under an open page', () => {
  let browser: Browser
  let stage: DeskStage

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
    stage = await startDeskStage(browser, { KEFU_API_KEY: key })
  })
  afterAll(async () => {
    await stage.close()
    await browser.close()
  })

  const until = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
    expect.poll(read, { timeout: 60_000 })

  it('leaves nothing of what was after it: list, thread, owner, and who is open', async () => {
    const { service } = stage
    const find = async (openId: string) => {
      const { items } = await new ApiClient(service.url, key).get(
        listOf(conversationView),
        'GET /conversations',
        { query: { q: openId } },
      )
      return items.find((each) => each.openId === openId)
    }
    await stage.customer('oBefore').sends('备份之前的话')
    const desk = await stage.enter('小满')
    await desk.row(/备份之前的话/).click()
    await desk.thread.getByText('备份之前的话').waitFor()
    await desk.button('接入').waitFor()

    const backup = join(service.directory, 'backup.db')
    const { dataDir, databaseUrl } = service.config
    await backUp(backup, { dataDir, openStore: () => openStore(databaseUrl) })

    // What is done after it: an owner, messages, another customer.
    await desk.button('接入').click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    await stage.customer('oBefore').sends('备份之后的话')
    await desk.thread.getByText('备份之后的话').waitFor()
    await stage.customer('oLost').sends('备份之后的客户')
    await until(async () => (await find('oLost'))?.status).toBe('waiting')
    const lost = await find('oLost')
    await desk.tab('待接入').click()
    await desk.row(/备份之后的客户/).click()
    await desk.thread.getByText('备份之后的客户').waitFor()

    const { port } = new URL(service.url)
    await service.stop()
    copyFileSync(backup, join(dataDir, 'kefu.db'))
    // Before the page is back, the number of the lost customer is given to another one.
    await service.restart({ PORT: port })
    await stage.customer('oNew').sends('恢复之后的客户')
    await until(async () => (await find('oNew'))?.id).toBe(lost?.id)

    // The page does not show the one in the place of the other.
    await until(() => new URL(desk.page.url()).hash).toBe('#/conversations')
    await desk.row(/恢复之后的客户/).waitFor({ timeout: 60_000 })
    expect(await desk.page.getByText('备份之后的客户').count()).toBe(0)
    await desk.row(/备份之前的话/).click()
    await desk.thread.getByText('备份之前的话').waitFor()
    await desk.button('接入').waitFor()
    expect(await desk.page.getByText('备份之后的话').count()).toBe(0)

    // And it goes on from there: new ones come, in their place.
    await stage.customer('oBefore').sends('又来了')
    await desk.thread.getByText('又来了').waitFor()
    await desk.row(/又来了/).waitFor()
    await desk.button('接入').click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    expect((await find('oBefore'))?.agent?.name).toBe('小满')
    expect(desk.trouble).toEqual([])
  })
})
