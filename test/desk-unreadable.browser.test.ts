import { expect } from 'vitest'
import { seriousViolations } from './browser.js'
import { deskTest, until } from './browser-fixture.js'

const payload = `<img src=x onerror="alert(1)"><script>document.title='owned'</script></pre><h1>您已被盗</h1>`

/** What a test asks of an element. */
interface Box {
  readonly scrollTop: number
  readonly scrollHeight: number
  readonly scrollWidth: number
  readonly clientHeight: number
  readonly clientWidth: number
}

deskTest('shows what can’t be read as it came, as text alone', async ({ stage }) => {
  const customer = stage.customer()
  await customer.pushesRaw(`{"Content":"${payload}`)
  await customer.pushesRaw(`\u202E倒过来\u0007 ${'一行很长'.repeat(600)}`)
  const event = '"MsgType":"event","Event":"user_authorization_cancellation"'
  await customer.sends('在吗')
  await customer.pushesRaw(
    `{"ToUserName":"gh_1","FromUserName":"${customer.openId}","CreateTime":1700000000,${event},"OpenID":"${customer.openId}"}`,
  )

  const desk = await stage.enter('店长', { role: 'admin' })
  const { page } = desk
  await page.goto(`${stage.service.url}/#/admin/run`)
  const section = page.getByRole('region', { name: '无法识别的推送' })
  const texts = section.getByRole('group', { name: '推送原文' })
  await until(() => texts.count()).toBe(2)
  expect(await texts.last().textContent()).toBe(`{"Content":"${payload}`)
  expect(await section.locator('img, h1, script').count()).toBe(0)
  expect(await section.textContent()).toContain('看起来是 JSON')
  expect(await page.title()).not.toBe('owned')
  // A long one scrolls in itself, by keyboard too.
  const long = texts.first()
  expect(await long.evaluate((each: Box) => each.scrollHeight > each.clientHeight)).toBe(true)
  await long.focus()
  await page.keyboard.press('End')
  await until(() => long.evaluate((each: Box) => each.scrollTop)).toBeGreaterThan(0)

  const withdrawals = page.getByRole('region', { name: '撤回授权与注销' })
  await until(() => withdrawals.textContent()).toContain(customer.openId)
  expect(await seriousViolations(page)).toEqual([])

  await page.setViewportSize({ width: 360, height: 740 })
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  await until(() => page.evaluate(overflow)).toBeLessThanOrEqual(0)
  expect(await texts.last().evaluate((each: Box) => each.scrollWidth <= each.clientWidth)).toBe(true)
  expect(desk.trouble).toEqual([])
})

deskTest('shows many page by page, and the self-check counts all', async ({ stage }) => {
  const customer = stage.customer()
  for (let i = 0; i < 23; i++) await customer.pushesRaw(`推送${i}`)
  const desk = await stage.enter('店长', { role: 'admin' })
  const { page } = desk
  await page.goto(`${stage.service.url}/#/admin/run`)
  const texts = page.getByRole('group', { name: '推送原文' })
  const ours = texts.filter({ hasText: /^推送\d+$/ })
  await until(() => ours.count()).toBe(20)
  expect(await ours.first().textContent()).toBe('推送22')
  await page.getByRole('region', { name: '无法识别的推送' }).getByRole('button', { name: '加载更多' }).click()
  await until(() => ours.count()).toBe(23)
  await page.goto(`${stage.service.url}/#/admin/apps`)
  await page.getByRole('button', { name: '运行自检' }).click()
  await page.getByText(/有 23 个微信推送无法识别/).waitFor()
  expect(desk.trouble).toEqual([])
})
