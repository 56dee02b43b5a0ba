import { get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, type PushReceiver } from '../../test/push-receiver.js'
import { createEmulator, type AppInput, type Emulator, type EmulatorEvent } from './index.js'

let receiver: PushReceiver
let emulator: Emulator
let app: AppInput

beforeEach(async () => {
  receiver = await startPushReceiver()
  app = { appId: 'wx1', appSecret: 'a-planted-secret', token: 'token', mode: 'plain', pushUrl: receiver.url }
  emulator = await createEmulator({ apps: [app] })
})
afterEach(async () => {
  await emulator.close()
  await receiver.close()
})

async function listen(): Promise<{ events: EmulatorEvent[]; stream: IncomingMessage }> {
  const events: EmulatorEvent[] = []
  const stream = await new Promise<IncomingMessage>((resolve) => {
    get(`${emulator.url}/_emulator/events`, resolve)
  })
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks)
      if (block.startsWith('data: ')) events.push(JSON.parse(block.slice(6)) as EmulatorEvent)
  })
  stream.on('error', () => undefined)
  return { events, stream }
}

describe('live events', () => {
  it('tell all that happens, as it happens, to everyone who listens', async () => {
    const [one, two] = [await listen(), await listen()]
    expect(one.stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    emulator.faults.add({ path: '/nothing', errcode: -1 })
    await emulator.user('o1').sends('两行\n\n两行')
    await fetch(`${emulator.url}/cgi-bin/token`)
    emulator.advance(5)
    emulator.addApp(app)
    await emulator.reset()
    await expect.poll(() => two.events.length).toBe(13)
    expect(two.events.map(({ type }) => type)).toEqual([
      'faults',
      'message',
      'user',
      'delivery',
      'delivery',
      'delivery',
      'call',
      'clock',
      'user',
      'app',
      'faults',
      'reset',
      'clock',
    ])
    expect(two.events[1]).toMatchObject({ message: { content: { content: '两行\n\n两行' } } })
    const deliveries = two.events.flatMap((event) => (event.type === 'delivery' ? [event.delivery] : []))
    expect(deliveries.map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['pending', 0],
      ['pending', 1],
      ['answered', 1],
    ])
    await expect.poll(() => one.events).toEqual(two.events)
    expect(JSON.stringify(one.events)).not.toContain(app.appSecret)
  })

  it('go on for others when one has left', async () => {
    const [one, two] = [await listen(), await listen()]
    const left = new Promise((resolve) => one.stream.once('close', resolve))
    one.stream.destroy()
    await left
    emulator.advance(1)
    await expect.poll(() => two.events).toMatchObject([{ type: 'clock', clock: { advancedMs: 1 } }])
  })

  it('end when the emulator closes', async () => {
    const { stream } = await listen()
    const ended = new Promise((resolve) => stream.once('close', resolve))
    await emulator.close()
    await ended
  })
})
