import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gate, type Gate } from '../../test/support/gate.js'
import { enter, event, pushOf, text } from '../../test/support/pushes.js'
import { RecordingSender } from '../../test/support/recording-sender.js'
import { Bot, type Handled, type HandleOptions } from '../bot/index.js'
import { silentLogger } from '../log.js'
import type { Answer, Push } from '../wechat/index.js'
import { MemoryInbox, type MemoryInboxOptions } from './index.js'
import { runs } from '../../test/support/property-runs.js'

/** An inbox whose handlers run until the test lets them go, and what they did. */
function controlled(options: MemoryInboxOptions = {}): {
  inbox: MemoryInbox
  /** Texts whose handlers have begun, in order. */
  begun: string[]
  finish: (content: string, answer?: Answer) => Promise<void>
} {
  const begun: string[] = []
  const gates = new Map<string, Gate<Answer>>()
  const bot = new Bot({ api: new RecordingSender(), logger: silentLogger }).use(async (ctx) => {
    const content = ctx.text ?? ctx.event?.event ?? ''
    begun.push(content)
    const wait = gate<Answer>()
    gates.set(content, wait)
    if ((await wait.opened) === 'transfer') ctx.transfer()
  })
  return {
    inbox: new MemoryInbox(bot, options),
    begun,
    finish: async (content, answer = 'success') => {
      gates.get(content)?.open(answer)
      gates.delete(content)
      await settled()
    },
  }
}

/** All that can go on without the test has gone on: promises alone need no more than one turn of the loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function message(content: string, fromUserName = 'oLin'): Push {
  return pushOf(text(content, { msgId: content, fromUserName }))
}

describe('repeats', () => {
  it('wait for the first one’s answer, and nothing runs twice', async () => {
    const { inbox, begun, finish } = controlled()
    const accepted = await Promise.all(Array.from({ length: 5 }, () => inbox.accept(message('1'))))
    await settled()
    expect(begun).toEqual(['1'])
    await finish('1', 'transfer')
    expect(await Promise.all(accepted.map(({ answer }) => answer))).toEqual(Array(5).fill('transfer'))
    expect(new Set(accepted.map(({ run }) => run)).size).toBe(1)
  })

  it('get the same answer after it was given, without running', async () => {
    const { inbox, begun, finish } = controlled()
    const first = await inbox.accept(message('1'))
    await settled()
    await finish('1', 'transfer')
    expect(await first.answer).toBe('transfer')
    const again = await inbox.accept(message('1'))
    expect(await again.answer).toBe('transfer')
    expect(again.run).toEqual({ answer: 'transfer', answered: true, over: true })
    expect(begun).toEqual(['1'])
  })

  it('get success too where the handlers decided after that was the answer', async () => {
    const { inbox, finish } = controlled()
    const first = await inbox.accept(message('1'))
    await settled()
    first.run.answered = true
    await finish('1', 'transfer')
    expect(await first.answer).toBe('success')
    expect(await (await inbox.accept(message('1'))).answer).toBe('success')
  })
})

describe('order', () => {
  it('is kept in a conversation, and conversations do not wait for one another', async () => {
    const { inbox, begun, finish } = controlled()
    for (const push of [message('1'), message('2'), message('a', 'oWang'), message('3')])
      await inbox.accept(push)
    await settled()
    expect(begun).toEqual(['1', 'a'])
    await finish('1')
    expect(begun).toEqual(['1', 'a', '2'])
    await finish('2')
    expect(begun).toEqual(['1', 'a', '2', '3'])
  })

  it('holds for events and messages of one customer together', async () => {
    const { inbox, begun, finish } = controlled()
    for (const push of [pushOf(enter()), message('1')]) await inbox.accept(push)
    await settled()
    expect(begun).toEqual(['user_enter_tempsession'])
    await finish('user_enter_tempsession')
    expect(begun).toEqual(['user_enter_tempsession', '1'])
  })

  it('is nothing for events that concern no customer', async () => {
    const { inbox, begun } = controlled()
    for (const id of [1, 2]) {
      const audit = { ...event('wxa_media_check', { trace_id: String(id) }), fromUserName: '' }
      await inbox.accept(pushOf(audit))
    }
    await settled()
    expect(begun).toEqual(['other', 'other'])
  })

  it('tells the same customer of two Mini Programs apart', async () => {
    const { inbox, begun } = controlled()
    for (const appId of ['wx1', 'wx2']) await inbox.accept({ ...message('1'), id: appId, appId })
    await settled()
    expect(begun).toEqual(['1', '1'])
  })

  it('is not held up by a bot whose handle() rejects or throws, and what rejected is not remembered', async () => {
    let calls = 0
    const bot: { handle: (push: Push, options?: HandleOptions) => Promise<Handled> } = {
      handle: (push) => {
        if (++calls === 1) throw new Error('handle() threw')
        if (calls === 2) return Promise.reject(new Error('handle() rejected'))
        return Promise.resolve({
          answer: push.id.endsWith('3') ? 'transfer' : 'success',
          replies: 0,
          error: undefined,
        })
      },
    }
    const inbox = new MemoryInbox(bot, { waiting: 3 })
    const accepted = await Promise.all(
      [message('1'), message('2'), message('3')].map((push) => inbox.accept(push)),
    )
    const answers = await Promise.allSettled(accepted.map(({ answer }) => answer))
    expect(answers).toMatchObject([
      { reason: new Error('handle() threw') },
      { reason: new Error('handle() rejected') },
      { value: 'transfer' },
    ])
    expect(await (await inbox.accept(message('1'))).answer).toBe('success')
  })
})

describe('what is kept', () => {
  it('ends at the number of pushes that may wait; a repeat of one of them is still known', async () => {
    const { inbox, finish } = controlled({ waiting: 2 })
    await inbox.accept(message('1'))
    await inbox.accept(message('2'))
    await settled()
    await expect(inbox.accept(message('3'))).rejects.toThrow('2 pushes are waiting already')
    await expect(inbox.accept(message('a', 'oWang'))).rejects.toThrow('2 pushes are waiting already')
    await expect(inbox.accept(message('2'))).resolves.toBeDefined()
    await finish('1')
    await expect(inbox.accept(message('3'))).resolves.toBeDefined()
  })

  it('forgets the oldest answer first', async () => {
    const { inbox, begun, finish } = controlled({ remembered: 2 })
    for (const content of ['1', '2', '3', '2', '3', '1']) {
      await inbox.accept(message(content))
      await settled()
      await finish(content)
    }
    expect(begun).toEqual(['1', '2', '3', '1'])
  })

  it('may be nothing', async () => {
    const { inbox, begun, finish } = controlled({ remembered: 0 })
    for (const content of ['1', '1']) {
      await inbox.accept(message(content))
      await settled()
      await finish(content)
    }
    expect(begun).toEqual(['1', '1'])
  })
})

describe('whatever the interleaving', () => {
  type Step =
    | { readonly does: 'push'; readonly customer: number }
    | { readonly does: 'repeat'; readonly which: number }
    | { readonly does: 'finish'; readonly which: number; readonly answer: Answer }

  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('push' as const), customer: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('repeat' as const), which: fc.nat() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('finish' as const),
        which: fc.nat(),
        answer: fc.constantFrom<Answer>('success', 'transfer'),
      }),
    },
  )

  it('each push runs once, in its conversation’s order, one at a time, and all its repeats get its answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const running = new Map<string, Gate<Answer>>()
        const begun: string[] = []
        const busy = new Set<string>()
        const overlapping: string[] = []
        const bot = new Bot({ api: new RecordingSender(), logger: silentLogger }).use(async (ctx) => {
          const name = ctx.text ?? ''
          if (busy.has(ctx.openId)) overlapping.push(name)
          busy.add(ctx.openId)
          begun.push(name)
          const wait = gate<Answer>()
          running.set(name, wait)
          if ((await wait.opened) === 'transfer') ctx.transfer()
          busy.delete(ctx.openId)
        })
        const inbox = new MemoryInbox(bot)
        const pushed: { name: string; push: Push }[] = []
        const decided = new Map<string, Answer>()
        const answers: { name: string; answer: Promise<Answer> }[] = []
        const accept = async (name: string, push: Push): Promise<void> => {
          answers.push({ name, answer: (await inbox.accept(push)).answer })
        }
        const finish = (which: number, answer: Answer): void => {
          const name = [...running.keys()][which % running.size] ?? ''
          decided.set(name, answer)
          running.get(name)?.open(answer)
          running.delete(name)
        }

        for (const each of steps) {
          if (each.does === 'push') {
            const name = `${each.customer}:${pushed.length}`
            const push = pushOf(
              text(name, { msgId: String(pushed.length + 1), fromUserName: `o${each.customer}` }),
            )
            pushed.push({ name, push })
            await accept(name, push)
          } else if (each.does === 'repeat') {
            const repeated = pushed[each.which % pushed.length]
            if (repeated) await accept(repeated.name, repeated.push)
          } else if (running.size > 0) finish(each.which, each.answer)
          await settled()
        }
        while (running.size > 0) {
          finish(0, 'success')
          await settled()
        }

        expect(overlapping).toEqual([])
        expect([...begun].sort()).toEqual(pushed.map(({ name }) => name).sort())
        for (const customer of [0, 1, 2, 3]) {
          const own = (name: string): boolean => name.startsWith(`${customer}:`)
          expect(begun.filter(own)).toEqual(pushed.map(({ name }) => name).filter(own))
        }
        for (const { name, answer } of answers) expect(await answer).toBe(decided.get(name))
      }),
      { numRuns: runs(500) },
    )
  })
})
