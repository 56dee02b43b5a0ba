/** A desk in a real Chromium, used as an agent uses it, and how long that blocks the page. */
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { addAgent } from './desk-agents.js'

const executablePath = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path))

/** Signs in and gives the page at its workbench. */
export async function openPage(url) {
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  })
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.addInitScript(`globalThis.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration }))))
      .observe({ type: 'longtask', buffered: true })`)
  const name = `screen ${Date.now()}`
  const password = await addAgent(url, name)
  await page.goto(url)
  await page.getByLabel('用户名').fill(name)
  await page.getByLabel('密码').fill(password)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('option').first().waitFor()
  return { page, url, close: () => browser.close() }
}

/** What was done, how long it took until it was shown, the longest task of the page and by how much all exceed 50 ms. */
export async function page({ page, url }) {
  const rows = page.getByRole('listbox', { name: '会话列表' }).getByRole('option')
  const measured = []
  async function during(what, act) {
    await wait(300)
    await page.evaluate('tasks.length = 0')
    const shown = (await act()) ?? []
    await wait(700)
    const tasks = await page.evaluate('tasks.map(({ duration }) => duration)')
    measured.push({
      what,
      shown,
      longest: Math.max(0, ...tasks),
      total: tasks.reduce((sum, duration) => sum + Math.max(0, duration - 50), 0),
    })
  }
  const timed = async (act) => {
    const began = performance.now()
    await act()
    return performance.now() - began
  }

  await during('opening', async () => {
    const times = []
    for (let i = 0; i < 3; i++) {
      await page.goto('about:blank')
      times.push(
        await timed(async () => {
          await page.goto(url)
          await rows.first().waitFor()
        }),
      )
      await wait(1000)
    }
    return times
  })
  await page.getByRole('tab', { name: '全部' }).click()
  await rows.first().waitFor()
  await during('switching conversations', async () => {
    const times = []
    for (let i = 0; i < 20; i++) {
      // Measured in the page, so that the way to the browser does not count.
      times.push(
        await page.evaluate(`new Promise((resolve) => {
          const row = document.querySelectorAll('[role=listbox] [role=option]')[${i % 10}]
          const began = performance.now()
          row.click()
          const look = () => {
            const log = document.querySelector('[role=log]')
            if (row.getAttribute('aria-selected') === 'true' && log?.querySelector('.bubble')
              && location.hash.endsWith('/' + row.dataset.id) && log.dataset.seen !== row.dataset.id) {
              log.dataset.seen = row.dataset.id
              resolve(performance.now() - began)
            } else requestAnimationFrame(look)
          }
          requestAnimationFrame(look)
        })`),
      )
      await wait(100)
    }
    return times
  })
  const box = page.getByRole('textbox', { name: '搜索会话' })
  await during('searching', async () => {
    const times = []
    for (const words of ['发货', '客户77', '订单 3001 三天', '没有这样的话']) {
      await box.fill('')
      await rows.first().waitFor()
      await box.fill(words)
      times.push(
        await timed(async () => {
          await box.press('Enter')
          await (words.startsWith('没有') ? page.getByText('没有找到') : rows.first()).waitFor()
        }),
      )
    }
    await box.fill('')
    return times
  })
  await rows.first().waitFor()
  await during('scrolling the list', async () => {
    await page.mouse.move(200, 500)
    for (let i = 0; i < 40; i++) {
      await page.mouse.wheel(0, 900)
      await wait(50)
    }
  })
  await rows.first().click()
  await page.getByRole('log').locator('.bubble').first().waitFor()
  await during('scrolling a thread back', async () => {
    await page.mouse.move(800, 400)
    for (let i = 0; i < 20; i++) {
      await page.mouse.wheel(0, -900)
      await wait(50)
    }
  })
  return measured
}
