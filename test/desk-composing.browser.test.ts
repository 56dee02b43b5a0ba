import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser } from './browser.js'
import { patience, signIn, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { freePort } from './support/free-port.js'
import { png } from './support/pictures.js'

vi.setConfig({ testTimeout: 500_000, hookTimeout: 180_000 })

const key = 'a-key-of-the-composing-test-0123456789'

describeInBrowser('what an agent writes', () => {
  let browser: Browser
  let stage: DeskStage
  let api: ApiClient
  let customers = 0

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
    stage = await startDeskStage(browser, { KEFU_API_KEY: key, PORT: String(await freePort()) })
    api = new ApiClient(stage.service.url, key)
  })
  afterAll(async () => {
    await stage.close()
    await browser.close()
  })

  const until = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
    expect.poll(read, { timeout: patience })

  interface Scene {
    desk: OpenDesk
    name: string
    openId: string
    /** What the customer wrote, by which the row is found. */
    words: string
    id: number
    note: ReturnType<Page['getByRole']>
    said: () => string[]
    notes: () => Promise<string[]>
    assignTo: (name: string) => Promise<void>
  }

  /** A customer of their own, and an agent of their own who looks at them, in a browser of their own. */
  async function scene({ takes = true } = {}): Promise<Scene> {
    const number = ++customers
    const openId = `oComposing${String(number).padStart(4, '0')}abcdef`
    const name = `客服${number}`
    const words = `第${number}位的杯子有裂纹`
    await stage.customer(openId).sends(words)
    const desk = await stage.enter(name)
    await desk.tab('全部').click()
    await desk.row(new RegExp(words)).click()
    await desk.thread.getByText(words).waitFor()
    if (takes) await take(desk)
    const id = Number(new URL(desk.page.url()).hash.split('/').at(-1))
    return {
      desk,
      name,
      openId,
      words,
      id,
      note: desk.page.getByRole('textbox', { name: '备注', exact: true }),
      said: () =>
        stage
          .customer(openId)
          .messages.filter(({ from }) => from === 'service')
          .map(({ content }) => ('content' in content ? content.content : content.msgType)),
      async notes() {
        const { items } = (await api.ok('GET /conversations/:id/messages', { params: { id } })) as {
          items: { direction: string; content?: string }[]
        }
        return items.filter(({ direction }) => direction === 'note').map(({ content }) => content ?? '')
      },
      async assignTo(to) {
        const { items } = (await api.ok('GET /agents')) as { items: { id: number; name: string }[] }
        const agentId = items.find((one) => one.name === to)?.id ?? 0
        await api.ok('POST /conversations/:id/assign', { params: { id }, body: { agentId } })
      },
    }
  }

  async function take(desk: OpenDesk): Promise<void> {
    await desk.button('接入').click()
    await until(() => desk.reply.isEditable()).toBe(true)
  }

  it('W1: stays a note when the conversation becomes the writer’s in the middle of it', async () => {
    const { desk, name, note, said, notes, assignTo } = await scene({ takes: false })
    await note.pressSequentially('客户情绪不稳，')
    await assignTo(name)
    await desk.page.getByText('会话已转给你。这里仍是备注，客户看不到。').waitFor()
    await desk.page.keyboard.type('先别给他退款')
    await desk.page.keyboard.press('Enter')
    await until(notes).toEqual(['客户情绪不稳，先别给他退款'])
    expect(said()).toEqual([])
    expect(desk.trouble).toEqual([])
  })

  it('W2: a reply stays whole when the conversation is given away: locked, with what can be done', async () => {
    const { desk, words, note, notes, said, assignTo } = await scene()
    await stage.enter('同事甲')
    await desk.reply.pressSequentially('您的退款已经在')
    await assignTo('同事甲')
    await desk.page.locator('.lock').getByText('同事甲 正在接待').waitFor()
    await desk.page.keyboard.type('处理')
    await desk.page.keyboard.press('Enter')
    expect(await desk.reply.inputValue()).toBe('您的退款已经在')
    expect(await desk.reply.isEditable()).toBe(false)
    const box = await desk.page.locator('#composer').boundingBox()
    expect(box?.height).toBeLessThanOrEqual(80)
    // Copy, take back, make it a note.
    await desk.button('复制内容').click()
    expect(await desk.page.evaluate('navigator.clipboard.readText()')).toBe('您的退款已经在')
    await desk.page.locator('.lock').getByText('接管', { exact: true }).click()
    await desk.button('确定接管').click()
    await until(() => desk.reply.isEditable()).toBe(true)
    expect(await desk.reply.inputValue()).toBe('您的退款已经在')
    await assignTo('同事甲')
    await desk.button('转为备注').click()
    await until(() => note.inputValue()).toBe('您的退款已经在')
    await note.press('Enter')
    await until(notes).toEqual(['您的退款已经在'])
    expect(said()).toEqual([])
    await desk.row(new RegExp(words)).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('W4: a reply that was submitted as the session ended is in the box after signing in', async () => {
    const { desk, name, said } = await scene()
    await desk.reply.fill('这就为您处理')
    // The session ends just as it is submitted.
    await desk.page.route('**/messages', async (route) => {
      if (route.request().method() === 'POST') await desk.context.clearCookies()
      const headers = { ...route.request().headers() }
      delete headers['cookie']
      await route.continue(route.request().method() === 'POST' ? { headers } : {})
    })
    await desk.reply.press('Enter')
    await desk.page.getByLabel('密码').waitFor()
    await desk.page.unroute('**/messages')
    await signIn(desk.page, name)
    await until(() => desk.reply.inputValue()).toBe('这就为您处理')
    expect(said()).toEqual([])
    await desk.reply.press('Enter')
    await until(said).toEqual(['这就为您处理'])
  })

  it('W5: a reply that was refused is there after a reload, until it is discarded', async () => {
    const { desk, said } = await scene()
    await desk.page.route('**/messages', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({
            status: 409,
            contentType: 'application/json',
            body: '{"error":{"code":"not_yours","message":"Take it first."}}',
          })
        : route.continue(),
    )
    await desk.reply.fill('被拒绝的回复')
    await desk.reply.press('Enter')
    await desk.thread.getByRole('button', { name: '放弃' }).waitFor()
    await desk.page.unroute('**/messages')
    await desk.page.reload()
    await desk.thread.getByText('被拒绝的回复').waitFor()
    await desk.thread.getByRole('button', { name: '放回输入框' }).click()
    await until(() => desk.reply.inputValue()).toBe('被拒绝的回复')
    expect(await desk.thread.getByRole('button', { name: '放弃' }).count()).toBe(0)
    await desk.reply.press('Enter')
    await until(said).toEqual(['被拒绝的回复'])
  })

  it('W6: what is sent with a picture is what stood there at Enter', async () => {
    const { desk, said } = await scene()
    let letGo: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
    await desk.page.route('**/api/v1/media?**', async (route) => {
      await gate
      await route.continue()
    })
    await desk.page
      .locator('#composer input[type=file]')
      .first()
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png(40, 30) })
    await desk.page.getByAltText('待发图片 1').waitFor()
    await desk.reply.fill('见图')
    await desk.reply.press('Enter')
    await desk.thread.getByText('正在上传图片').waitFor()
    await desk.reply.pressSequentially('后半句还没想好')
    letGo()
    await until(said).toEqual(['image', '见图'])
    expect(await desk.reply.inputValue()).toBe('后半句还没想好')
  })

  it('W7 and W8: notes are written once each, and what is typed meanwhile stays', async () => {
    const { desk, note, notes } = await scene()
    await desk.tab('备注').click()
    let lost = 0
    await desk.page.route('**/notes', async (route) => {
      // The first answer is lost on its way back.
      await route.fetch()
      if (lost++ === 0) await route.abort()
      else await route.continue()
    })
    await note.fill('第一条备注')
    await note.press('Enter')
    await note.pressSequentially('第二条写到一半')
    await until(notes).toEqual(['第一条备注'])
    await until(() => desk.thread.locator('[data-state=sending]').count()).toBe(0)
    expect(await note.inputValue()).toBe('第二条写到一半')
    expect(lost).toBeGreaterThan(1)
    expect(await notes()).toEqual(['第一条备注'])
  })

  it('W9: cells are pasted as text, pictures where there is nothing else; what can’t be is said', async () => {
    const { desk, note } = await scene()
    const paste = (what: {
      text?: string
      html?: string
      picture?: boolean
      other?: boolean
    }): Promise<unknown> =>
      desk.page.evaluate(
        `(${String((given: typeof what, bytes: number[]) => {
          const scope = globalThis as unknown as {
            DataTransfer: new () => {
              setData(type: string, value: string): void
              items: { add(file: File): void }
            }
            ClipboardEvent: new (type: string, init: object) => Event
            document: { activeElement: EventTarget }
          }
          const data = new scope.DataTransfer()
          if (given.text !== undefined) data.setData('text/plain', given.text)
          if (given.html !== undefined) data.setData('text/html', given.html)
          if (given.picture)
            data.items.add(new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' }))
          if (given.other) data.items.add(new File(['x'], 'a.pdf', { type: 'application/pdf' }))
          const event = new scope.ClipboardEvent('paste', {
            clipboardData: data,
            bubbles: true,
            cancelable: true,
          })
          return scope.document.activeElement.dispatchEvent(event)
        })})(${JSON.stringify(what)}, ${JSON.stringify([...png(20, 20)])})`,
      )
    await desk.reply.focus()
    // What is left to the browser is text: it is not called off, and brings no picture.
    expect(await paste({ text: '订单\t1024', html: '<table><td>订单</td></table>', picture: true })).toBe(
      true,
    )
    expect(await desk.page.getByAltText('待发图片 1').count()).toBe(0)
    await paste({ html: '<p>只有 HTML 的文字</p>' })
    await until(() => desk.reply.inputValue()).toBe('只有 HTML 的文字')
    await paste({ html: '<img src="https://example.com/a.png">', picture: true })
    await desk.page.getByAltText('待发图片 1').waitFor()
    await paste({ other: true })
    await desk.page.getByText('这里只能放文字和图片').waitFor()
    await desk.tab('备注').click()
    await note.focus()
    await paste({ picture: true })
    await desk.page.getByText('备注只能写文字，图片没有加入').waitFor()
    expect(await note.inputValue()).toBe('')
    expect(desk.trouble).toEqual([])
  })

  it('W10: a pasted picture is kept as the text is, over another conversation and a reload', async () => {
    const { desk, words } = await scene()
    const other = `另一位${customers}`
    await stage.customer(`oOtherOf${customers}abcdefghij`).sends(other)
    await desk.reply.fill('图在上面')
    await desk.page
      .locator('#composer input[type=file]')
      .first()
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png(40, 30) })
    await desk.page.getByAltText('待发图片 1').waitFor()
    await desk.row(new RegExp(other)).click()
    await desk.thread.getByText(other).waitFor()
    expect(await desk.page.getByAltText('待发图片 1').count()).toBe(0)
    await desk.row(new RegExp(words)).click()
    await desk.page.getByAltText('待发图片 1').waitFor()
    await until(() => desk.reply.inputValue()).toBe('图在上面')
    await desk.page.reload()
    await desk.page.getByAltText('待发图片 1').waitFor()
    await until(() => desk.reply.inputValue()).toBe('图在上面')
  })

  it('W13: whoever signs in next sees nothing of it and sends nothing of it; its writer finds it again', async () => {
    const { desk, name, said, openId } = await scene()
    const { page } = desk
    await page.route('**/messages', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    )
    await desk.reply.fill('没有发出的回复')
    await desk.reply.press('Enter')
    await desk.thread.getByText('提交中').waitFor()
    await desk.reply.fill('身份证 110101199003070000')
    const address = page.url()
    const left = page.waitForResponse((one) => one.request().method() === 'DELETE')
    await page.getByRole('button', { name: new RegExp(`${name}，`) }).click()
    await page.getByRole('menuitem', { name: '退出登录' }).click()
    expect((await (await left).allHeaders())['clear-site-data']).toBe('"cache"')
    await page.getByLabel('密码').waitFor()
    await page.unroute('**/messages')
    // Nothing that can be read lies in this browser.
    const kept = await page.evaluate<string>(`(async () => {
      const texts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.body.innerText]
      for (const { name } of await indexedDB.databases()) {
        const db = await new Promise((resolve) => { const r = indexedDB.open(name); r.onsuccess = () => resolve(r.result) })
        for (const store of db.objectStoreNames) {
          const rows = await new Promise((resolve) => { const r = db.transaction(store).objectStore(store).getAll(); r.onsuccess = () => resolve(r.result) })
          for (const row of rows) texts.push(JSON.stringify(row), new TextDecoder().decode(row.sealed))
        }
        db.close()
      }
      return texts.join('|')
    })()`)
    for (const secret of ['110101199003070000', '没有发出的回复', openId]) expect(kept).not.toContain(secret)

    await stage.enter('同事乙')
    await signIn(page, '同事乙')
    await desk.list.waitFor()
    await page.goto(address)
    await desk.thread.getByText('杯子有裂纹').waitFor()
    expect(await page.getByText('没有发出的回复').count()).toBe(0)
    expect(await page.getByText('110101199003070000').count()).toBe(0)
    await page.getByRole('button', { name: /同事乙，/ }).click()
    await page.getByRole('menuitem', { name: '退出登录' }).click()
    await page.getByLabel('密码').waitFor()
    expect(said()).toEqual([])

    await signIn(page, name)
    await desk.list.waitFor()
    await page.goto(address)
    await until(() => desk.reply.inputValue()).toBe('身份证 110101199003070000')
    // What was on its way may have arrived, for all that the page knows: its writer decides.
    await desk.thread.getByRole('button', { name: '重试' }).click()
    await until(said).toEqual(['没有发出的回复'])
  })

  it('N13: R right after T writes nothing', async () => {
    const { desk } = await scene({ takes: false })
    await desk.list.getByRole('option', { selected: true }).focus()
    await desk.page.keyboard.press('t')
    await until(() => desk.page.evaluate(`document.activeElement.getAttribute('aria-label')`)).toBe('回复')
    await desk.page.keyboard.press('r')
    await desk.page.keyboard.type('right')
    expect(await desk.reply.inputValue()).toBe('right')
  })
})
