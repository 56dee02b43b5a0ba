import { describe, expect, onTestFinished } from 'vitest'
import { openStore } from '../src/store/index.js'
import { deskTest, until } from './browser-fixture.js'
import { patience, type DeskStage, type OpenDesk } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { freePort } from './support/free-port.js'
import { tcpProxy, type TcpProxy } from './support/tcp-proxy.js'

const key = 'a-key-of-the-outage-test-0123456789'

/** An agent who has a customer's conversation, behind a network that can fail, with a clock that can be turned. */
interface BehindNetwork {
  readonly stage: DeskStage
  readonly desk: OpenDesk
  readonly network: TcpProxy
  readonly api: ApiClient
}

const it = deskTest.extend('behind', async ({ ownService }): Promise<BehindNetwork> => {
  // The network is that of its address, and the service is stopped at times.
  const stage = await ownService({ KEFU_API_KEY: key, PORT: String(await freePort()) })
  const api = new ApiClient(stage.service.url, key)
  const network = await tcpProxy({ host: '127.0.0.1', port: Number(new URL(stage.service.url).port) })
  onTestFinished(() => network.close())
  await stage.customer().sends('我的杯子有裂纹')
  await stage.customer('oOther0002abcd').sends('另一个客户')
  const desk = await stage.enter('小满', { origin: `http://127.0.0.1:${network.port}` })
  await desk.page.clock.install()
  await desk.page.reload()
  await desk.row(/我的杯子有裂纹/).click()
  await desk.button('接入').click()
  await until(() => desk.reply.isEnabled()).toBe(true)
  return { stage, desk, network, api }
})

describe('the desk, cut off', () => {
  /** What the thread says, in its order. */
  const texts = (desk: OpenDesk): Promise<string[]> => desk.thread.locator('.bubble').allInnerTexts()
  const banner = (desk: OpenDesk) =>
    desk.page.getByRole('status').filter({ hasText: /网络已断开，正在重连… 从 \d\d:\d\d 起没有新消息/ })

  it('from the file of a page: says so, and is whole again when that can be read', async ({ stage }) => {
    const desk = await stage.enter('小满')
    await desk.page.route(/\/(Workbench|SettingsPage)-[^/]+\.js$/, (route) => route.abort())
    await desk.page.reload()
    await desk.page.getByText('这一页没有加载出来').waitFor()
    await desk.page.getByRole('link', { name: '设置' }).click()
    await desk.page.getByText('这一页没有加载出来').waitFor()
    await desk.page.unroute(/\/(Workbench|SettingsPage)-[^/]+\.js$/)
    await desk.button('重新加载').click()
    await desk.page.getByRole('heading', { name: '设置', exact: true }).waitFor()
    await desk.page.getByRole('link', { name: '会话' }).click()
    await desk.tab('待接入').waitFor()
  })

  it('for two minutes without a word: notices by the silence, says since when, and goes on where it was', async ({
    behind: { stage, desk, network },
  }) => {
    // Nobody says that the network is gone: what is sent is lost, and nothing comes.
    network.loseAll()
    await stage.customer().sends('断网时的第一句')
    for (let quarter = 0; quarter < 8; quarter++) await desk.page.clock.runFor(15_000)
    await banner(desk).waitFor()
    await stage.customer().sends('断网时的第二句')
    await stage.customer('oThird0003abcd').sends('断网时的新客户')
    expect(await texts(desk)).toEqual(['我的杯子有裂纹'])

    await network.restore()
    // Whatever hangs in the dead network is given up after the same silence; the network gets real time to answer.
    const isBack = desk.page.getByText(/网络已恢复，中断了 \d+ 分/)
    await expect
      .poll(
        async () => {
          if ((await isBack.count()) === 1) return true
          await desk.page.clock.runFor(5000)
          return false
        },
        { timeout: 3 * patience, interval: 500 },
      )
      .toBe(true)
    await banner(desk).waitFor({ state: 'hidden' })
    await until(() => texts(desk)).toEqual(['我的杯子有裂纹', '断网时的第一句', '断网时的第二句'])
    await desk.row(/断网时的新客户/).waitFor()
    // Live again, and each once.
    await stage.customer().sends('恢复以后')
    await until(() => texts(desk)).toEqual(['我的杯子有裂纹', '断网时的第一句', '断网时的第二句', '恢复以后'])
    expect(await desk.list.getByRole('option', { name: /断网时的新客户/ }).count()).toBe(1)
    await desk.reply.fill('恢复后的回复')
    await desk.reply.press('Enter')
    await desk.thread.getByText('微信已接收').waitFor()
  })

  it('for so long that what it missed is not kept: reads everything anew, and forgets what is no longer so', async ({
    behind: { stage, desk, network, api },
  }) => {
    await desk.row(/另一个客户/).waitFor()
    await network.cut()
    await banner(desk).waitFor()
    await stage.customer().sends('断网时的第一句')
    await stage.customer('oThird0003abcd').sends('断网时的新客户')
    const { items } = (await api.ok('GET /conversations', { query: { q: '另一个客户' } })) as {
      items: { id: number }[]
    }
    await api.ok('POST /conversations/:id/close', { params: { id: items[0]?.id ?? 0 } })
    await until(async () => api.ok('GET /counts')).toMatchObject({ waiting: 1 })
    const { databaseUrl } = stage.service.config
    await stage.service.stop()
    const store = await openStore(databaseUrl)
    const { value } = await store.db.selectFrom('sequence').select('value').executeTakeFirstOrThrow()
    await store.db.deleteFrom('feed').execute()
    await store.db
      .insertInto('setting')
      .values({ key: 'feed_pruned_to', value: String(value) })
      .execute()
    await store.close()
    await stage.service.restart()

    await network.restore()
    await desk.page.clock.runFor(20_000)
    await until(() => texts(desk)).toEqual(['我的杯子有裂纹', '断网时的第一句'])
    await desk.row(/断网时的新客户/).waitFor()
    // Closed meanwhile, and no event says so any more.
    await desk.row(/另一个客户/).waitFor({ state: 'detached' })
    await banner(desk).waitFor({ state: 'hidden' })
    await stage.customer().sends('恢复以后')
    await until(() => texts(desk)).toEqual(['我的杯子有裂纹', '断网时的第一句', '恢复以后'])
  })
})
