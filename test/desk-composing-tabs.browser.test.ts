import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { deskTest as it, said, taken, until } from './browser-fixture.js'
import type { OpenDesk } from './desk-stage.js'
import { keptRows } from './support/kept-rows.js'

interface Tab {
  readonly page: Page
  readonly reply: ReturnType<Page['getByRole']>
}

/** Another tab of the same browser, at the same conversation. */
async function otherTab(desk: OpenDesk): Promise<Tab> {
  const page = await desk.context.newPage()
  await page.goto(desk.page.url())
  const reply = page.getByRole('textbox', { name: '回复' })
  await until(() => reply.isEditable()).toBe(true)
  return { page, reply }
}

/** What a tab keeps is not told to the other, as when both write in the same moment. */
const deafen = `BroadcastChannel.prototype.postMessage = () => undefined`

const keptDrafts = async ({ page }: OpenDesk): Promise<number> => (await keptRows(page, 'draft')).length

it('a draft is the same in two tabs, and sent from one it is gone from the other', async ({ stage }) => {
  const desk = await taken(stage)
  const other = await otherTab(desk)
  await desk.reply.fill('您的杯子')
  await until(() => other.reply.inputValue()).toBe('您的杯子')
  await other.reply.press('End')
  await other.reply.pressSequentially('已经寄出')
  await until(() => desk.reply.inputValue()).toBe('您的杯子已经寄出')
  await other.reply.press('Enter')
  await until(() => said(stage)).toEqual(['您的杯子已经寄出'])
  await until(() => desk.reply.inputValue()).toBe('')
  expect(desk.trouble).toEqual([])
})

it('what two tabs write at once is there twice: one in the box, one offered to be taken', async ({
  stage,
}) => {
  const desk = await taken(stage)
  const other = await otherTab(desk)
  await desk.page.evaluate(deafen)
  await other.page.evaluate(deafen)
  await desk.reply.fill('这里写的')
  await other.reply.fill('那里写的')
  await until(() => desk.reply.inputValue()).toBe('这里写的')
  await until(() => keptDrafts(desk)).toBe(2)
  await other.page.close()
  await desk.page.reload()
  const offer = desk.page.getByRole('status').filter({ hasText: '另一个标签页' })
  await offer.waitFor()
  const shown = [await desk.reply.inputValue(), await offer.innerText()]
  expect(shown.join('|')).toContain('这里写的')
  expect(shown.join('|')).toContain('那里写的')
  await offer.getByRole('button', { name: '放进输入框' }).click()
  await until(async () => (await desk.reply.inputValue()).split('\n').sort()).toEqual(
    ['这里写的', '那里写的'].sort(),
  )
  await until(() => offer.count()).toBe(0)
  await until(() => keptDrafts(desk)).toBe(1)
  // Taken, it is one text from then on.
  await desk.page.reload()
  await until(async () => (await desk.reply.inputValue()).split('\n').sort()).toEqual(
    ['这里写的', '那里写的'].sort(),
  )
  expect(await offer.count()).toBe(0)
})

it('what the other tab wrote is gone for good once it is dropped', async ({ stage }) => {
  const desk = await taken(stage)
  const other = await otherTab(desk)
  await desk.page.evaluate(deafen)
  await other.page.evaluate(deafen)
  await desk.reply.fill('留下的')
  await other.reply.fill('也写了')
  await until(() => keptDrafts(desk)).toBe(2)
  await other.page.close()
  await desk.page.reload()
  const offer = desk.page.getByRole('status').filter({ hasText: '另一个标签页' })
  await offer.waitFor()
  const kept = await desk.reply.inputValue()
  await offer.getByRole('button', { name: '放弃' }).click()
  await until(() => offer.count()).toBe(0)
  await until(() => keptDrafts(desk)).toBe(1)
  await desk.page.reload()
  await until(() => desk.reply.inputValue()).toBe(kept)
  expect(await offer.count()).toBe(0)
})
