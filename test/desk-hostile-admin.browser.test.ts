import { describe, expect, onTestFinished } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { deskTest as it, until } from './browser-fixture.js'
import type { OpenDesk } from './desk-stage.js'
import { hostile } from './hostile.js'
import { signIn } from './support/desk-agent.js'
import { startHookReceiver } from './support/hook-receiver.js'
import { png } from './support/pictures.js'
import { answerWith, rawServer } from './support/raw-server.js'

const evil = '<img src=x onerror=globalThis.ran=1>'
const short = '<svg/onload=globalThis.ran=1>'

describe('the desk, against hostile words in everything that is set up', () => {
  it('shows them as the text they are on every page of administration, and in what comes from there', async ({
    ownService,
  }) => {
    // WeChat's own words, and those of the operator's systems.
    const wechat = await rawServer(({ target, socket }) => {
      answerWith(
        socket,
        target.startsWith('/cgi-bin/stable_token')
          ? '{"access_token":"T","expires_in":7200}'
          : JSON.stringify({ errcode: 99999, errmsg: `${evil} rid: ${short}` }),
      )
    })
    onTestFinished(() => wechat.close())
    const receiver = await startHookReceiver()
    onTestFinished(() => receiver.close())
    receiver.answer = (_received, res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      const rows = [{ label: short, value: hostile[1], url: 'https://shop.example/?<script>' }]
      res.end(JSON.stringify({ cards: [{ title: evil, status: short, rows }] }))
    }
    // Its WeChat is another one.
    const stage = await ownService({
      WECHAT_API_URL: wechat.url,
      KEFU_ALLOW_PRIVATE_HOOKS: 'loopback',
      KEFU_ALLOW_PRIVATE_PAGES: 'loopback',
    })
    const { service } = stage
    const desk = await stage.enter('店长', { role: 'admin' })
    const { page } = desk
    const { api } = await signIn(service.url, '店长')
    await api.ok('POST /agents', { body: { name: evil, role: 'agent' } })
    await api.ok('POST /canned-replies', { body: { title: evil, content: hostile[3], shortcut: '<b>x' } })
    await api.ok('POST /api-keys', { body: { name: evil } })
    await api.ok('POST /apps', {
      body: {
        appId: 'wx00000000000000aa',
        name: evil,
        mode: 'plain',
        appSecret: 'a'.repeat(32),
        token: 'tok',
      },
    })
    const { webhook } = (await api.ok('POST /webhooks', {
      body: { url: `${receiver.url}?"><script>ran=1</script>`, description: evil },
    })) as { webhook: { id: number } }
    await api.ok('POST /webhooks/:id/test', { params: { id: webhook.id } })
    await api.ok('PUT /settings/business-cards', { body: { url: receiver.url } })
    await callControl(service.config.dataDir, 'import-rules', {
      rules: hostile.map((text, index) => ({
        name: `${index} ${evil}`,
        when: { text: { contains: [text.slice(0, 60)] } },
        then: [{ reply: { text: text.replaceAll('{{', '{ {') } }, { tag: short }],
      })),
    })
    const week = Array.from({ length: 7 }, () => ['09:00-18:00'])
    await api.ok('PUT /business-hours', {
      body: { schedules: [{ name: evil, zone: 'Asia/Shanghai', week }] },
    })
    for (const text of [evil, ...hostile])
      await api.ok('POST /knowledge/entries', {
        body: { entry: { title: text.slice(0, 200), wordings: [short], text: text.slice(0, 600) } },
      })
    // A page of the web that says so, too, in its title, its text and its address.
    const site = await rawServer(({ socket }) => {
      const said = hostile.map((text) => `<p>${text.replaceAll('<', '&lt;')}`).join('')
      answerWith(socket, `<title>${evil}</title><h2>${evil.replaceAll('<', '&lt;')}</h2>${said}`, {
        headers: { 'content-type': 'text/html' },
      })
    })
    onTestFinished(() => site.close())
    await api.ok('POST /knowledge/sources', { body: { url: `${site.url}/?"><script>ran=1</script>` } })
    await api.ok('POST /exams/cases', { body: { cases: [{ says: evil, entryId: 1 }] } })
    const settings = {
      guidance: hostile.join(' ').slice(0, 1000),
      words: { handover: evil, greeting: short },
    }
    await api.ok('PUT /assistants/:name', { params: { name: evil }, body: settings })
    await api.ok('PUT /model', {
      body: { main: { preset: 'openai', url: 'http://127.0.0.1:9', model: evil } },
    })
    await stage.customer().sends(hostile[0] ?? '')

    await page.goto(`${service.url}/#/admin/agents`)
    await page.getByText(evil).first().waitFor()
    const sections = await page.evaluate<string[]>(
      `[...document.querySelectorAll('a[href^="#/admin/"]')].map((link) => link.getAttribute('href'))`,
    )
    expect(sections.length).toBeGreaterThanOrEqual(8)
    for (const section of sections) {
      await page.goto(`${service.url}/${section}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      if (!/run|report|model/.test(section)) await page.getByText(evil).first().waitFor()
      const leftDialogs = async (): Promise<number> => {
        const open = await page.getByRole('dialog').count()
        if (open > 0) await page.keyboard.press('Escape')
        return open
      }
      // What can be opened and changes nothing yet: forms, logs, questions.
      const buttons = page
        .getByRole('main')
        .getByRole('button', { name: /编辑|记录|添加|创建|接入小程序|测试|重置|撤销/, disabled: false })
      for (let index = 0; index < Math.min(await buttons.count(), 6); index++) {
        const button = buttons.nth(index)
        // A dialog may come late, with an answer of the service, and covers the buttons until it is left.
        await until(async () => {
          await leftDialogs()
          return button.click({ timeout: 1000 }).then(
            () => true,
            () => false,
          )
        }).toBe(true)
        await nothingRan(desk)
        await until(leftDialogs).toBe(0)
      }
      // What was changed on the way would hold the page back.
      const discard = desk.button('放弃修改')
      if ((await discard.count()) > 0) await discard.click()
    }

    // At work: what the rule said and set, what WeChat answered, what the operator's system knows.
    await page.goto(`${service.url}/#/conversations`)
    await desk.tab('全部').click()
    await desk.list.getByRole('option').first().click()
    await page
      .getByRole('main')
      .getByRole('button', { name: /^接[入管]$/ })
      .click()
    await desk.thread.getByText(`规则：0 ${evil}`).waitFor()
    await desk.thread
      .getByRole('alert')
      .filter({ hasText: '99999' })
      .filter({ hasText: evil })
      .first()
      .waitFor()
    const facts = page.getByRole('complementary', { name: '客户信息' })
    await facts.getByText(evil).first().waitFor()
    for (const link of await facts.getByRole('link').all())
      expect(await link.getAttribute('href')).toMatch(/^https:\/\/shop\.example\//)
    await desk.reply.fill('/<b')
    await page.getByRole('listbox', { name: '快捷回复' }).getByText(evil).waitFor()
    await page.keyboard.press('Escape')
    await desk.reply.fill('')

    // A file's name, a note, a search, the command bar.
    await page
      .locator('#composer input[type=file]')
      .setInputFiles({ name: `${evil}.png`, mimeType: 'image/png', buffer: png(4, 4) })
    await page.getByAltText('待发图片 1').waitFor()
    await page.getByRole('tab', { name: '备注' }).click()
    await page.getByRole('textbox', { name: '备注', exact: true }).fill(evil)
    await desk.button('发送').click()
    await desk.thread.getByText(evil, { exact: true }).first().waitFor()
    await page.getByRole('textbox', { name: '搜索会话' }).fill(`${evil}?`)
    await page.getByText(`没有找到「${evil}?」`).waitFor()
    await page.keyboard.press('Control+k')
    await page
      .getByRole('dialog', { name: '命令面板' })
      .getByRole('combobox')
      .or(page.getByPlaceholder('输入命令或客户名'))
      .first()
      .fill(evil)
    await nothingRan(desk)
  })

  async function nothingRan({ page, trouble }: OpenDesk): Promise<void> {
    expect(await page.evaluate('globalThis.ran')).toBeUndefined()
    expect(
      await page.locator('script:not([src]), iframe, base, [onerror], [onload], img[src="x"]').count(),
    ).toBe(0)
    expect(trouble).toEqual([])
  }
})
