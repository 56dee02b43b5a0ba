import { describe, expect } from 'vitest'
import { messageView } from '../src/desk/schemas/message-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { deskTest, said, taken, until } from './browser-fixture.js'
import type { DeskStage, OpenDesk } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { freePort } from './support/free-port.js'
import { png } from './support/pictures.js'

const key = 'a-key-of-the-restart-test-0123456789'

/** An agent who has a customer's conversation, and a service that comes back by the same address. */
interface Restarted {
  readonly stage: DeskStage
  readonly desk: OpenDesk
  readonly again: () => Promise<void>
  /** What agents wrote there: as what, in whose name. */
  readonly lines: () => Promise<string[]>
}

const it = deskTest.extend('restarted', async ({ ownService }): Promise<Restarted> => {
  const port = String(await freePort())
  const stage = await ownService({ KEFU_API_KEY: key, PORT: port })
  const { url } = stage.service
  const desk = await taken(stage)
  const id = Number(new URL(desk.page.url()).hash.split('/').at(-1))
  return {
    stage,
    desk,
    again: () => stage.service.restart({ PORT: port }),
    async lines() {
      const { items } = await new ApiClient(url, key).get(
        listOf(messageView),
        'GET /conversations/:id/messages',
        { params: { id } },
      )
      return items
        .filter(({ direction }) => direction === 'outgoing' || direction === 'note')
        .sort((a, b) => a.id - b.id)
        .map(
          ({ direction, authorName, content, msgType }) =>
            `${direction} ${authorName}: ${content ?? msgType}`,
        )
    },
  }
})

/** Stops the service at the next submit: before it comes there, or once it is done and not yet answered. */
async function stopAt(
  { stage, desk }: Restarted,
  pattern: string,
  moment: 'before' | 'after',
): Promise<() => boolean> {
  let isStopped = false
  await desk.page.route(pattern, async (route) => {
    if (route.request().method() !== 'POST' || isStopped) return route.continue()
    isStopped = true
    if (moment === 'after') await route.fetch()
    await stage.service.stop()
    await route.abort()
  })
  return () => isStopped
}
const nothingWaits = ({ desk }: Restarted) => until(() => desk.thread.locator('.pending').count()).toBe(0)

describe('a service that restarts in the middle of a submit', () => {
  it.for(['before', 'after'] as const)(
    'has a reply once, in its place (%s it was taken)',
    async (moment, { restarted }) => {
      const { stage, desk, again, lines } = restarted
      const stopped = await stopAt(restarted, '**/messages', moment)
      await desk.reply.fill('停机前的一句')
      await desk.reply.press('Enter')
      await until(stopped).toBe(true)
      await desk.thread.getByText('提交中').waitFor()
      // It is written on meanwhile.
      await desk.reply.fill('停机时的一句')
      await desk.reply.press('Enter')
      await desk.reply.fill('还没写完')
      await again()
      await nothingWaits(restarted)
      await until(() => said(stage)).toEqual(['停机前的一句', '停机时的一句'])
      expect(await lines()).toEqual(['outgoing 小满: 停机前的一句', 'outgoing 小满: 停机时的一句'])
      expect(await desk.thread.locator('.bubble').allInnerTexts()).toEqual([
        '我的杯子有裂纹',
        '停机前的一句',
        '停机时的一句',
      ])
      expect(await desk.reply.inputValue()).toBe('还没写完')
    },
  )

  it('has a note once, under its author', async ({ restarted }) => {
    const { stage, desk, again, lines } = restarted
    const stopped = await stopAt(restarted, '**/notes', 'after')
    await desk.tab('备注').click()
    const note = desk.page.getByRole('textbox', { name: '备注', exact: true })
    await note.fill('客户要求换货')
    await note.press('Enter')
    await until(stopped).toBe(true)
    await note.fill('第二条')
    await note.press('Enter')
    await again()
    await nothingWaits(restarted)
    await until(lines).toEqual(['note 小满: 客户要求换货', 'note 小满: 第二条'])
    expect(said(stage)).toEqual([])
  })

  it('has a picture that was uploading, and the text with it', async ({ restarted }) => {
    const { stage, desk, again, lines } = restarted
    const stopped = await stopAt(restarted, '**/media?**', 'before')
    await desk.page
      .locator('#composer input[type=file]')
      .first()
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png(40, 30) })
    await desk.page.getByAltText('待发图片 1').waitFor()
    await desk.reply.fill('见图')
    await desk.reply.press('Enter')
    await until(stopped).toBe(true)
    await again()
    await nothingWaits(restarted)
    await until(() => said(stage)).toEqual(['image', '见图'])
    expect(await lines()).toEqual(['outgoing 小满: image', 'outgoing 小满: 见图'])
  })

  it('has it also from a page that was loaded anew while it was away', async ({ restarted }) => {
    const { stage, desk, again, lines } = restarted
    const stopped = await stopAt(restarted, '**/messages', 'after')
    await desk.reply.fill('刷新前提交的')
    await desk.reply.press('Enter')
    await until(stopped).toBe(true)
    await desk.thread.getByText('提交中').waitFor()
    await again()
    await desk.page.reload()
    await nothingWaits(restarted)
    await until(() => said(stage)).toEqual(['刷新前提交的'])
    expect(await lines()).toEqual(['outgoing 小满: 刷新前提交的'])
    await until(() => desk.reply.inputValue()).toBe('')
  })
})
