import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { callControl } from '../src/server/control-client.js'
import { deskTest as it, until } from './browser-fixture.js'
import { patience, signIn } from './desk-stage.js'
import { deskPassword } from './support/desk-agent.js'
import { freePort } from './support/free-port.js'
import { startKefu, type KefuServer } from './support/kefu-process.js'
import { planted } from './support/test-service.js'

// The service is a process of its own, to be killed.
describe('the desk, while the service is killed', () => {
  let cwd: string
  let emulator: Emulator
  let server: KefuServer | undefined

  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'kefu-killed-'))
    emulator = await createEmulator()
  })
  afterEach(async () => {
    await server?.end('SIGKILL')
    server = undefined
    await emulator.close()
    rmSync(cwd, { recursive: true })
  })

  it('goes on where it was: what was written is sent once, what came meanwhile is shown once', async ({
    browser,
  }) => {
    const dataDir = join(cwd, 'data')
    const env = {
      ...planted,
      DATA_DIR: dataDir,
      WECHAT_API_URL: emulator.url,
      PORT: String(await freePort()),
    }
    server = await startKefu({ cwd, env })
    emulator.addApp({
      appId: planted.WECHAT_APP_ID,
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
      pushUrl: `${server.url}/wechat/${planted.WECHAT_APP_ID}`,
    })
    await callControl(dataDir, 'agent-add', { name: '小满', role: 'agent', password: deskPassword })
    const customer = emulator.user('oENu5xk3lGm0001poec')
    const said = (): string[] =>
      customer.messages.flatMap(({ from, content }) =>
        from === 'service' && 'content' in content ? [content.content] : [],
      )
    await customer.sends('我的杯子有裂纹')

    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1440, height: 900 },
    })
    const page = await context.newPage()
    page.setDefaultTimeout(patience)
    await page.goto(server.url)
    await signIn(page, '小满')
    await page.getByRole('option', { name: /我的杯子有裂纹/ }).click()
    await page.getByRole('button', { name: '接入', exact: true }).click()
    const reply = page.getByRole('textbox', { name: '回复' })
    const thread = page.getByRole('log', { name: '消息' })
    await reply.fill('之前的回复')
    await reply.press('Enter')
    await until(said).toEqual(['之前的回复'])

    await server.end('SIGKILL')
    await page.getByText('网络已断开').waitFor()
    await reply.fill('服务不在时的回复')
    await reply.press('Enter')
    await thread.getByText('提交中').waitFor()
    await reply.fill('写到一半')
    server = await startKefu({ cwd, env })
    await customer.sends('还在吗')
    await thread.getByText('还在吗').waitFor({ timeout: 40_000 })
    await expect.poll(said, { timeout: 40_000 }).toEqual(['之前的回复', '服务不在时的回复'])
    for (const text of ['之前的回复', '服务不在时的回复', '还在吗'])
      expect(await thread.getByText(text, { exact: true }).count(), text).toBe(1)
    expect(await reply.inputValue()).toBe('写到一半')
    await page.getByText('网络已断开').waitFor({ state: 'hidden' })
    await context.close()
  })
})
