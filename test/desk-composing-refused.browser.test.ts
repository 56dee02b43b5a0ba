import { describe, expect } from 'vitest'
import { deskTest as it, said, taken, until } from './browser-fixture.js'
import type { OpenDesk } from './desk-stage.js'
import { gate } from './support/gate.js'
import { keptRows } from './support/kept-rows.js'

/** Answers each submit of a reply so; gives how often it did. */
async function answerSubmits(desk: OpenDesk, status: number, error: object | null): Promise<() => number> {
  let times = 0
  await desk.page.route('**/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    times++
    return error === null ? route.fulfill({ status, body: '' }) : route.fulfill({ status, json: { error } })
  })
  return () => times
}
const ended = (desk: OpenDesk) => desk.thread.getByRole('alert')

describe('a reply that the service says no to', () => {
  /** What it answers, and what the agent reads. */
  const refusals = [
    [403, { code: 'forbidden', message: 'No.' }, '没有提交：没有权限做这个操作。请联系管理员。'],
    [409, { code: 'not_yours', message: 'Take it.' }, '会话不由你接待。接管后才能操作。'],
    [413, { code: 'too_large', message: 'Too much.' }, '没有提交：内容太大，请缩小后再试。'],
    [422, { code: 'invalid', message: 'message: wrong' }, '没有提交：内容不合要求'],
  ] as const

  it.for(refusals)(
    'with %i says why, and is kept until it is discarded, over a reload too',
    async ([status, error, words], { stage }) => {
      const desk = await taken(stage)
      const times = await answerSubmits(desk, status, error)
      await desk.reply.fill(`被 ${status} 拒绝的回复`)
      await desk.reply.press('Enter')
      await ended(desk).getByText(words).waitFor()
      // It is not tried again by itself, and the box is free for something else.
      expect(times()).toBe(1)
      expect(await desk.reply.inputValue()).toBe('')
      await desk.page.reload()
      await desk.thread.getByText(`被 ${status} 拒绝的回复`).waitFor()
      await ended(desk).getByText(words).waitFor()
      expect(times()).toBe(1)
      await desk.thread.getByRole('button', { name: '放弃' }).click()
      await until(() => desk.thread.getByText(`被 ${status} 拒绝的回复`).count()).toBe(0)
      await until(() => keptRows(desk.page, 'submit')).toEqual([])
      await desk.page.reload()
      await desk.thread.getByText('我的杯子有裂纹').waitFor()
      expect(await desk.thread.getByText(`被 ${status} 拒绝的回复`).count()).toBe(0)
      expect(said(stage)).toEqual([])
      expect(desk.trouble).toEqual([])
    },
  )
})

describe('a reply that the service can’t take now', () => {
  const passing = [
    [429, { code: 'too_many', message: 'Later.' }],
    [500, null],
    [503, { code: 'unavailable', message: 'Busy.' }],
  ] as const

  it.for(passing)(
    'with %i is tried again by itself, under the same name, and arrives once',
    async ([status, error], { stage }) => {
      const desk = await taken(stage)
      const times = await answerSubmits(desk, status, error)
      await desk.reply.fill('请稍等')
      await desk.reply.press('Enter')
      await until(times).toBeGreaterThan(1)
      await desk.thread.getByText('提交中').waitFor()
      await desk.page.unroute('**/messages')
      await until(() => said(stage)).toEqual(['请稍等'])
      await until(() => desk.thread.locator('.pending').count()).toBe(0)
      expect(said(stage)).toEqual(['请稍等'])
    },
  )

  it('for two minutes says so, and is kept over a reload until it is tried again', async ({ stage }) => {
    const desk = await taken(stage)
    await desk.page.clock.install()
    await desk.page.reload()
    await until(() => desk.reply.isEditable()).toBe(true)
    const times = await answerSubmits(desk, 500, null)
    await desk.reply.fill('两分钟都没有人接')
    await desk.reply.press('Enter')
    await until(times).toBe(1)
    await until(async () => {
      await desk.page.clock.runFor(10_000)
      return ended(desk).count()
    }).toBe(1)
    await ended(desk).getByText('不确定服务是否已收到。重试不会重复。').waitFor()
    // The service may have it: it can be tried again, not written anew.
    expect(await desk.thread.getByRole('button', { name: '放回输入框' }).count()).toBe(0)
    await desk.page.reload()
    await ended(desk).waitFor()
    await desk.page.unroute('**/messages')
    await desk.thread.getByRole('button', { name: '重试' }).click()
    await until(() => said(stage)).toEqual(['两分钟都没有人接'])
  })
})

it('on a slow network what was submitted leaves in its order, once, and the box stays free', async ({
  stage,
}) => {
  const desk = await taken(stage)
  const slow = gate()
  await desk.page.route('**/messages', async (route) => {
    if (route.request().method() === 'POST') await slow.opened
    await route.continue()
  })
  for (const text of ['第一句', '第二句', '第三句']) {
    await desk.reply.fill(text)
    await desk.reply.press('Enter')
    // Somebody impatient.
    await desk.reply.press('Enter')
    await until(() => desk.reply.inputValue()).toBe('')
  }
  await until(() => desk.thread.locator('.pending .bubble').allInnerTexts()).toEqual([
    '第一句',
    '第二句',
    '第三句',
  ])
  await desk.reply.fill('还在写')
  expect(said(stage)).toEqual([])
  slow.open()
  await until(() => said(stage)).toEqual(['第一句', '第二句', '第三句'])
  expect(await desk.reply.inputValue()).toBe('还在写')
  expect(desk.trouble).toEqual([])
})
