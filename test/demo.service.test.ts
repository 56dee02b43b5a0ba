import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Delivery, PhoneMessage } from '../src/emulator/protocol.js'
import { silentLogger } from '../src/log.js'
import { readConfig } from '../src/config/config.js'
import { startDemo, type Demo } from '../src/demo/demo.js'

let demo: Demo
let user: string
const directories = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('kefu-demo-'))

beforeEach(async () => {
  demo = await startDemo(readConfig({ PORT: '0', EMULATOR_PORT: '0' }), silentLogger)
  const { items } = await json<{ items: { appId: string }[] }>(`${demo.phoneUrl}_emulator/apps`)
  user = `${demo.phoneUrl}_emulator/apps/${items[0]?.appId ?? ''}/users/oStranger`
})
afterEach(() => demo.close())

async function json<T>(url: string, body?: object): Promise<T> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(url, body ? post : {})
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

const says = (content: string): Promise<Delivery> => json(`${user}/messages`, { msgType: 'text', content })

/** What the phone shows from the service, once it is so many messages. */
async function shown(count: number): Promise<PhoneMessage['content'][]> {
  const look = async (): Promise<PhoneMessage['content'][]> => {
    const { items } = await json<{ items: PhoneMessage[] }>(`${user}/messages`)
    return items.filter(({ from }) => from === 'service').map(({ content }) => content)
  }
  await expect.poll(look, { timeout: 5000 }).toHaveLength(count)
  return look()
}

describe('kefu demo', () => {
  it('greets who enters, and answers in every kind of message', async () => {
    await json(`${user}/enter`, { sessionFrom: 'goods' })
    expect(await shown(2)).toMatchObject([{ content: expect.stringContaining('「goods」') as string }, {}])
    for (const [index, word] of ['图片', '图文', '卡片', '链接', '订单 1024'].entries()) {
      expect(await says(word)).toMatchObject({ answer: 'success' })
      await shown(3 + index)
    }
    expect((await shown(7)).slice(2).map(({ msgType }) => msgType)).toEqual([
      'image',
      'link',
      'miniprogrampage',
      'text',
      'text',
    ])
    await says('长文')
    await shown(9)
  })

  it('answers what the shop knows by its assistant, and gives people the rest', async () => {
    await says('请问能放洗碗机洗吗')
    expect(await shown(1)).toMatchObject([{ content: '陶瓷杯可以放洗碗机，请放上层；木质杯盖请手洗。' }])
    await says('你们老板是谁呀？')
    expect(await shown(2)).toMatchObject([{}, { content: '这个问题我帮您转给人工客服。' }])
  })

  it('gives who asks for it to WeChat’s own tool', async () => {
    expect(await says('官方客服')).toMatchObject({ answer: 'transfer' })
  })

  it('opens a desk that is signed in, with a few days behind it, and who asks for a person comes there', async () => {
    const entered = await fetch(demo.deskUrl, { redirect: 'manual' })
    expect(entered.headers.get('location')).toBe('/')
    const cookie = /^kefu=[^;]+/.exec(entered.headers.get('set-cookie') ?? '')?.[0] ?? ''
    const desk = new URL(demo.deskUrl).origin
    const asks = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${desk}/api/v1${path}`, { headers: { cookie } })).json()) as T
    expect(await asks('/session')).toMatchObject({ agent: { name: '林小满', role: 'admin' } })
    const all = await asks<{ items: { status: string; createdAt: number }[] }>('/conversations?limit=50')
    expect(new Set(all.items.map(({ status }) => status))).toEqual(
      new Set(['bot', 'waiting', 'assigned', 'closed']),
    )
    expect(Math.min(...all.items.map(({ createdAt }) => createdAt))).toBeLessThan(Date.now() - 2 * 86_400_000)

    await says('转人工')
    const waiting = async (): Promise<string[]> =>
      (await asks<{ items: { openId: string }[] }>('/conversations?status=waiting')).items.map(
        ({ openId }) => openId,
      )
    await expect.poll(waiting).toContain('oStranger')
  })

  it('lets nobody in without the key that the terminal shows', async () => {
    const answer = await fetch(`${new URL(demo.deskUrl).origin}/demo/desk/guessed`, { redirect: 'manual' })
    expect(answer.status).toBe(404)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it('leaves nothing behind', async () => {
    const before = directories()
    const another = await startDemo(readConfig({ PORT: '0', EMULATOR_PORT: '0' }), silentLogger)
    expect(directories()).toHaveLength(before.length + 1)
    await another.close()
    expect(directories()).toEqual(before)
  })
})
