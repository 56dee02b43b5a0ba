import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { encodePush } from '../src/wechat/index.js'
import { deskTest as it, noApp, until } from './browser-fixture.js'
import { seriousViolations } from './browser.js'
import { signIn, type DeskStage, type OpenDesk } from './desk-stage.js'
import { addAgent, deskPassword } from './support/desk-agent.js'

const shop = { appId: 'wx00000000000000bb', appSecret: '0123456789abcdef0123456789abcdef' }

describe('the set-up guide', () => {
  it.override('hasApp', false)

  /** Says at WeChat what the page says to paste there. */
  function paste(stage: DeskStage, secrets: { token: string; encodingAESKey: string }): void {
    const pushUrl = `${stage.service.url}/wechat/${shop.appId}`
    stage.emulator.addApp({ ...shop, ...secrets, pushUrl })
  }
  /** Presses 提交 at WeChat; resolves to whether it took the URL. */
  async function submit(stage: DeskStage): Promise<boolean> {
    const url = `${stage.emulator.url}/_emulator/apps/${shop.appId}/verify`
    const { ok } = (await (await fetch(url, { method: 'POST' })).json()) as { ok: boolean }
    return ok
  }
  /** WeChat knows the account, and nothing of the push. */
  function register(stage: DeskStage): void {
    paste(stage, { token: 'notYetKnown', encodingAESKey: 'notYetnotYetnotYetnotYetnotYetnotYetnotYetn' })
  }
  const field = (page: Page, label: string): Promise<string> =>
    page.getByLabel(label, { exact: true }).inputValue()
  async function shownSecrets(page: Page): Promise<{ token: string; encodingAESKey: string }> {
    return {
      token: await field(page, 'Token（令牌）'),
      encodingAESKey: await field(page, 'EncodingAESKey（消息加密密钥）'),
    }
  }
  const step = (page: Page, name: string) => page.getByRole('listitem', { name, exact: true })
  async function mustBeDone(page: Page, name: string): Promise<void> {
    await step(page, name).getByText('已完成', { exact: true }).waitFor()
  }
  async function fillAccount(page: Page): Promise<void> {
    await page.getByLabel('AppID（小程序 ID）').fill(shop.appId)
    await page.getByLabel('AppSecret（小程序密钥）').fill(shop.appSecret)
    await page.getByLabel('名称（可不填）').fill('云朵杂货店')
  }
  /** An admin who was led to the guide, as nothing is connected. */
  async function begin(stage: DeskStage): Promise<OpenDesk> {
    register(stage)
    await addAgent(stage.service, stage.nameOf('店长'), 'admin')
    const desk = await stage.open()
    await signIn(desk.page, stage.nameOf('店长'))
    await desk.page.getByRole('heading', { level: 1, name: '接入向导' }).waitFor()
    return desk
  }

  /** Wide, narrow and very narrow, light and dark: nothing that axe finds serious and nothing cut off. */
  async function mustBeForEverybody({ page, trouble }: OpenDesk): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1440, 390, 320]) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.setViewportSize({ width, height: 800 })
        await until(() => page.evaluate('document.getAnimations().length')).toBe(0)
        expect(await seriousViolations(page), `${colorScheme}, ${width}`).toEqual([])
        const wide = await page.evaluate<string[]>(
          `[...document.querySelectorAll('.admin .scroll, .step, [role=dialog] .body')]
            .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)`,
        )
        expect(wide, `${colorScheme}, ${width}`).toEqual([])
      }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 1440, height: 900 })
    expect(trouble).toEqual([])
  }

  it('leads from an empty service to the first real message', async ({ ownService }) => {
    // The first administrator is made once.
    const stage = await ownService(noApp)
    register(stage)
    const desk = await stage.open()
    const { page } = desk
    await page.goto(stage.service.setupUrl ?? '')
    await page.getByLabel('用户名').fill('店长')
    await page.getByLabel('密码', { exact: true }).fill(deskPassword)
    await page.getByLabel('再输一次密码').fill(deskPassword)
    await desk.button('创建并进入').click()

    // Nothing is connected, so the guide is what there is to do.
    await page.getByRole('heading', { level: 1, name: '接入向导' }).waitFor()
    await page.getByText('已完成 0 / 5 步').waitFor()
    await mustBeForEverybody(desk)
    await fillAccount(page)
    await desk.button('保存并验证').click()
    await mustBeDone(page, '填写 AppID 和 AppSecret')
    await page.getByRole('heading', { level: 1, name: '接入向导：云朵杂货店' }).waitFor()

    // The address by the host name; what WeChat can't reach is said.
    const domain = page.getByLabel('你的公网域名')
    for (const [typed, words] of [
      ['localhost:3000', '微信访问不到'],
      ['kefu.example.com:3000', '微信只推送到 80'],
      ['http://kefu.example.com', '没有加密'],
    ] as const) {
      await domain.fill(typed)
      await page.getByText(words).waitFor()
    }
    await domain.fill('kefu.example.com')
    expect(await field(page, 'URL（服务器地址）')).toBe(`https://kefu.example.com/wechat/${shop.appId}`)
    const secrets = await shownSecrets(page)
    expect(secrets.token).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(secrets.encodingAESKey).toMatch(/^[A-Za-z0-9]{43}$/)
    await desk.button('复制EncodingAESKey（消息加密密钥）').click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secrets.encodingAESKey)
    await mustBeForEverybody(desk)

    // A wrong Token is said while it happens, then the right one.
    await page.getByText('等待微信验证').waitFor()
    expect(await submit(stage)).toBe(false)
    await page.getByText('微信后台填的 Token 与这里的不同').waitFor()
    paste(stage, secrets)
    expect(await submit(stage)).toBe(true)
    await page.getByText(/^已验证（\d\d:\d\d）$/).waitFor()
    await mustBeDone(page, '微信验证 URL')
    await page.getByText('等待第一条消息').waitFor()
    await page.getByText('URL 验证通过，却收不到消息？').click()
    await page.getByText('微信云托管').waitFor()
    await mustBeForEverybody(desk)

    await stage.emulator.user('oFirst0001abcd', shop.appId).sends('在吗')
    await page.getByText(/^第一条推送已到达/).waitFor()
    // The self-check begins by itself.
    await page.getByText(/没有发现会影响使用的问题|发现问题/).waitFor({ timeout: 60_000 })
    await step(page, '自检和下一步').getByText('推送正常到达').waitFor()
    await page.getByText('已完成 5 / 5 步').waitFor()
    await mustBeForEverybody(desk)

    await page.getByRole('link', { name: '打开这个会话' }).click()
    await desk.thread.getByText('在吗').waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('goes on after a reload and from the list, and shows secrets never again', async ({ stage }) => {
    const desk = await begin(stage)
    const { page } = desk
    await fillAccount(page)
    await desk.button('保存并验证').click()
    await mustBeDone(page, '填写 AppID 和 AppSecret')
    await page.getByLabel('你的公网域名').fill('kefu.example.com')
    const first = await shownSecrets(page)
    await page.reload()
    await mustBeDone(page, '填写 AppID 和 AppSecret')
    expect(await field(page, '你的公网域名')).toBe('kefu.example.com')
    expect(await page.content()).not.toContain(first.token)

    // Made anew, at once while nothing rests on the old ones.
    await desk.button('重新生成 Token 和 EncodingAESKey').click()
    await page.getByLabel('Token（令牌）', { exact: true }).waitFor()
    const second = await shownSecrets(page)
    expect(second.token).not.toBe(first.token)
    paste(stage, second)
    expect(await submit(stage)).toBe(true)
    await mustBeDone(page, '微信验证 URL')

    // From the list; what rests on them now is asked about.
    await page.getByRole('link', { name: '全部小程序' }).click()
    await page.getByRole('link', { name: '接入向导：云朵杂货店' }).click()
    await mustBeDone(page, '微信验证 URL')
    await desk.button('重新生成 Token 和 EncodingAESKey').click()
    const sure = page.getByRole('dialog', { name: '重新生成 Token 和 EncodingAESKey' })
    await sure.getByText('收不到客户的消息').waitFor()
    await mustBeForEverybody(desk)
    await sure.getByRole('button', { name: '重新生成', exact: true }).click()
    await page.getByText('等待微信验证').waitFor()

    // Left once, it is not come back to by force, but where one lands it is said, and led on from.
    await page.getByRole('link', { name: '会话', exact: true }).click()
    await desk.list.waitFor()
    await page.getByText('「云朵杂货店」接入未完成（1/5）').waitFor()
    await mustBeForEverybody(desk)
    await page.getByRole('link', { name: '继续接入' }).click()
    await page.getByRole('heading', { level: 1, name: '接入向导：云朵杂货店' }).waitFor()
    await page.getByRole('link', { name: '全部小程序' }).click()
    await page.getByRole('link', { name: '接入另一个' }).waitFor()
    await mustBeForEverybody(desk)
    await page.getByRole('link', { name: '继续接入' }).click()
    await page.getByRole('heading', { level: 1, name: '接入向导：云朵杂货店' }).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('says what WeChat has against the account, and what to do', async ({ stage }) => {
    const desk = await begin(stage)
    const { page } = desk
    stage.emulator.faults.add({ errcode: 40164, path: '/cgi-bin/stable_token' })
    await fillAccount(page)
    await page.getByLabel('AppSecret（小程序密钥）').fill('ffffffffffffffffffffffffffffffff')
    await desk.button('保存并验证').click()
    await page.getByText('IP 白名单 中添加').waitFor()
    await mustBeForEverybody(desk)
    await desk.button('重新验证').click()
    await page.getByText('AppSecret 不正确').waitFor()
    await desk.button('更换 AppSecret').click()
    await page.getByLabel('AppSecret（小程序密钥）').fill(shop.appSecret)
    await desk.button('保存并验证').click()
    await mustBeDone(page, '填写 AppID 和 AppSecret')
    expect(desk.trouble).toEqual([])
  })

  it('says that a push can’t be read: the EncodingAESKey differs', async ({ stage }) => {
    const desk = await begin(stage)
    const { page } = desk
    await fillAccount(page)
    await desk.button('保存并验证').click()
    await mustBeDone(page, '填写 AppID 和 AppSecret')
    const { token } = await shownSecrets(page)
    const { query, body } = encodePush(
      {
        msgType: 'text',
        content: '在吗',
        msgId: '1',
        fromUserName: 'oFirst',
        toUserName: 'gh_1',
        createTime: Math.floor(Date.now() / 1000),
      },
      { appId: shop.appId, token, encodingAESKey: 'notYetnotYetnotYetnotYetnotYetnotYetnotYetn' },
    )
    const url = `${stage.service.url}/wechat/${shop.appId}?${new URLSearchParams(query).toString()}`
    expect((await fetch(url, { method: 'POST', body })).status).toBe(400)
    await page.getByText('EncodingAESKey 与这里的不同').waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('is done with the keyboard alone', async ({ stage }) => {
    const desk = await begin(stage)
    const { page } = desk
    const active = (): Promise<string> =>
      page.evaluate<string>(
        `(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()`,
      )
    async function tabTo(name: string): Promise<void> {
      for (let presses = 0; presses < 60; presses++) {
        if ((await active()) === name) return
        await page.keyboard.press('Tab')
      }
      expect.fail(`Tab does not come to ${name}.`)
    }
    await page.getByLabel('AppID（小程序 ID）').waitFor()
    await tabTo('AppID（小程序 ID）')
    await page.keyboard.type(shop.appId)
    await tabTo('AppSecret（小程序密钥）')
    await page.keyboard.type(shop.appSecret)
    await page.keyboard.press('Enter')
    await mustBeDone(page, '填写 AppID 和 AppSecret')
    // The form has gone; the focus stands where it was.
    await until(active).toBe('填写 AppID 和 AppSecret')
    await tabTo('你的公网域名')
    await page.keyboard.type('kefu.example.com')
    await page.getByLabel('URL（服务器地址）', { exact: true }).waitFor()
    await tabTo('提交后微信报错，这里没有变化？')
    await page.keyboard.press('Enter')
    await page.getByText('微信不跟随').waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('lets texts be copied by hand where the browser has no clipboard', async ({ stage }) => {
    const desk = await begin(stage)
    const { page } = desk
    await page.addInitScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.reload()
    await fillAccount(page)
    await desk.button('保存并验证').click()
    await desk.button('复制Token（令牌）').click()
    const dialog = page.getByRole('dialog', { name: '复制Token（令牌）' })
    await dialog.getByText('Ctrl+C').waitFor()
    await mustBeForEverybody(desk)
    const { token } = await shownSecrets(page)
    await until(() => page.evaluate('getSelection().toString()')).toBe(token)
    await page.keyboard.press('Control+c')
    await dialog.waitFor({ state: 'hidden' })
    expect(desk.trouble).toEqual([])
  })
})
