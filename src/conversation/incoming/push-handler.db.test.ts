import { sql, type Selectable } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeConversation, conversationRow } from '../../../test/support/conversations.js'
import { RecordingLogger } from '../../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { Bot, newRun } from '../../bot/index.js'
import { HandlerError } from '../../errors.js'
import { silentLogger } from '../../log.js'
import { shardOf, type PushTable } from '../../store/index.js'
import { restorePush } from '../../wechat/index.js'
import { defaultAllowanceRules } from '../allowance.js'
import type { ConversationActions } from '../conversation-context.js'
import { AllowanceError } from '../allowance-error.js'
import { everyShard } from '../shards.js'
import { LostShards, type Job } from './job.js'
import { answersOf, PushHandler, type PushHandlerOptions } from './push-handler.js'
import type { FinishStep, Opened, Step, StepResult } from './step.js'

const appId = 'wx0123456789abcdef'
const start = 1_700_000_000_000

/** One push at a time, and the steps of handlers in code. */
describe.each(await storeKinds())('the push handler on %s', (kind) => {
  let test: TestStore
  let bot: Bot<ConversationActions>
  let logger: RecordingLogger
  let at: number
  let msgIds: number

  beforeEach(async () => {
    test = await makeStore(kind)
    logger = new RecordingLogger()
    at = start
    msgIds = 0
    bot = new Bot<ConversationActions>({ api: () => undefined, logger: silentLogger })
    bot.catch(() => undefined)
    bot.hears('你好', async (ctx) => {
      ctx.answersAs('rule:问候')
      ctx.tag('新客')
      await ctx.reply('您好！')
    })
    bot.hears('坏', () => {
      throw new Error('broken')
    })
    bot.hears('官方', (ctx) => ctx.transfer())
  })
  afterEach(() => test.remove())

  const handler = (change: Partial<PushHandlerOptions> = {}): PushHandler =>
    new PushHandler({
      store: test.store,
      bot,
      allowance: defaultAllowanceRules,
      shards: everyShard,
      logger,
      now: () => at,
      ...change,
    })
  /** Handlers in code that take these texts, before the rules or behind them. */
  const code = (first: string, rest = ''): PushHandlerOptions['code'] => ({
    mayTake: () => true,
    takesFirst: ({ payload }) => payload.msgType === 'text' && payload.content === first,
    takesRest: ({ payload }) => payload.msgType === 'text' && payload.content === rest,
  })
  async function jobOf(content: string, change: Partial<Job> = {}, fields: object = {}): Promise<Job> {
    const plaintext = JSON.stringify({
      ToUserName: 'gh_1',
      FromUserName: 'oLin',
      CreateTime: Math.floor(at / 1000),
      MsgType: 'text',
      Content: content,
      MsgId: ++msgIds,
      ...fields,
    })
    const push = restorePush({ appId, plaintext })
    const { openId } = push
    const row = { dedupeKey: push.id, appId, openId, format: 'json', plaintext, receivedAt: at } as const
    const { id } = await test.store.pushes.append(row)
    return { pushId: id, push, receivedAt: at, run: newRun(), ...change }
  }
  const receive = (job: Job): Step => ({ kind: 'receive', job })
  async function begun(by: PushHandler, job: Job): Promise<Opened> {
    const [result] = await by.handle([receive(job)])
    return openedOf(result)
  }
  function openedOf(result: StepResult | undefined): Opened {
    if (typeof result !== 'object' || !('kind' in result) || result.kind !== 'code')
      throw new Error('It did not go to handlers in code.')
    return result.opened
  }
  function reply(job: Job, opened: Opened, place: number, content: string): Step {
    return {
      kind: 'reply',
      job,
      opened,
      reply: { place, author: 'bot', message: { msgType: 'text', content } },
    }
  }
  function finish(job: Job, opened: Opened, change: Partial<FinishStep> = {}): FinishStep {
    const result = {
      answer: 'success',
      handoff: undefined,
      assistant: undefined,
      error: undefined,
      hasAnswered: true,
      isEvent: false,
    } as const
    return {
      ...{ kind: 'finish' as const, job, opened, result, held: [], refused: undefined, tags: [] },
      answeredBy: 'code',
      ...change,
    }
  }
  const pushRow = ({ pushId }: Job): Promise<Pick<Selectable<PushTable>, 'state' | 'answer' | 'attempts'>> =>
    test.store.db
      .selectFrom('push')
      .select(['state', 'answer', 'attempts'])
      .where('id', '=', pushId)
      .executeTakeFirstOrThrow()
  /** The conversation's lines: who wrote, and what or why. */
  async function lines(): Promise<string[]> {
    const rows = await test.store.db
      .selectFrom('message')
      .select(['author', 'content'])
      .orderBy('id')
      .execute()
    return rows.map(({ author, content }) => {
      const { content: text, line, reason } = JSON.parse(content) as Record<string, string | undefined>
      return [author, text ?? line, reason].filter((part) => part !== undefined).join(' ')
    })
  }
  async function answeredBy(): Promise<(string | null)[]> {
    const rows = await test.store.db
      .selectFrom('message')
      .select('answered_by')
      .where('direction', '=', 'incoming')
      .orderBy('id')
      .execute()
    return rows.map((row) => row.answered_by)
  }
  const conversation = () => conversationRow(test.store, 1)
  const tags = async (): Promise<string[]> =>
    (await test.store.db.selectFrom('contact_tag').select('tag').orderBy('tag').execute()).map(
      ({ tag }) => tag,
    )
  /** WeChat accepts all replies so far. */
  async function accepted(sentAt: number): Promise<void> {
    await test.store.db
      .updateTable('message')
      .set({ state: 'accepted', sent_at: sentAt })
      .where('direction', '=', 'outgoing')
      .execute()
  }
  const failed = new HandlerError('threw', 'broken')

  it('writes the message, the rules’ replies and tags, and the mark, and tells who answered', async () => {
    const job = await jobOf('你好')
    const [result] = await handler().handle([receive(job)])
    expect(result).toMatchObject({
      kind: 'answered',
      answer: 'success',
      seen: { contact: { openId: 'oLin', tags: ['新客'] }, conversation: { status: 'bot' } },
    })
    expect(await lines()).toEqual(['contact 你好', 'rule:问候 您好！'])
    expect(await answeredBy()).toEqual(['rule:问候'])
    expect(await tags()).toEqual(['新客'])
    expect(await pushRow(job)).toEqual({ state: 'handled', answer: 'success', attempts: 1 })
    expect((await conversation()).waiting_since).toBeNull()
  })

  it('handles a push once: a second time it gives the first answer and writes nothing', async () => {
    const job = await jobOf('官方')
    for (let n = 0; n < 2; n++) expect(await answersOf(handler(), [job])).toEqual(['transfer'])
    // Known to have been tried before, it is looked for first.
    for (const step of [{ ...receive(job), isRetry: true }, receive({ ...job, attempts: 1 })])
      expect(await handler().handle([step])).toEqual([
        { kind: 'answered', answer: 'transfer', seen: undefined },
      ])
    expect(await lines()).toEqual(['contact 官方', 'system transferred'])
    expect((await pushRow(job)).attempts).toBe(1)
  })

  it('leaves all of a batch undone in which one was handled before, so that the others are handled alone', async () => {
    const [before, other] = [await jobOf('官方'), await jobOf('你好')]
    await answersOf(handler(), [before])
    await expect(answersOf(handler(), [before, other])).rejects.toThrow('handled before')
    expect(await pushRow(other)).toMatchObject({ state: 'new', attempts: 0 })
    expect(await answersOf(handler(), [other])).toEqual(['success'])
  })

  it('handles the others of a batch in which one is known to be tried again', async () => {
    const [before, other] = [await jobOf('官方'), await jobOf('你好', {}, { FromUserName: 'oMo' })]
    await answersOf(handler(), [before])
    const results = await handler().handle([{ ...receive(before), isRetry: true }, receive(other)])
    expect(results).toMatchObject([
      { kind: 'answered', answer: 'transfer' },
      { kind: 'answered', answer: 'success' },
    ])
    expect(await pushRow(before)).toEqual({ state: 'handled', answer: 'transfer', attempts: 1 })
  })

  it('commits nothing in a shard that is another’s by now', async () => {
    const job = await jobOf('你好')
    const asked: (readonly number[])[] = []
    const hold = async (_tx: unknown, shards: readonly number[]): Promise<boolean> => {
      asked.push(shards)
      return false
    }
    const lost = handler({ shards: { hold } })
    await expect(lost.handle([receive(job)])).rejects.toThrow(LostShards)
    await expect(lost.fail(job)).rejects.toThrow(LostShards)
    expect(asked).toEqual([[shardOf(appId, 'oLin')], [shardOf(appId, 'oLin')]])
    expect(await pushRow(job)).toMatchObject({ state: 'new', attempts: 0 })
    expect(await lines()).toEqual([])
  })

  it('gives people what nothing answered, and what a rule failed at, which counts as failed', async () => {
    const [odd, broken] = [await jobOf('?'), await jobOf('坏', {}, { FromUserName: 'oMo' })]
    await answersOf(handler(), [odd, broken])
    expect(await lines()).toEqual([
      'contact ?',
      'system handoff unanswered',
      'contact 坏',
      'system handoff handler_failed',
    ])
    expect([(await pushRow(odd)).state, (await pushRow(broken)).state]).toEqual(['handled', 'failed'])
    expect(await answeredBy()).toEqual(['nobody', null])
    expect(logger.messages('warn')).toHaveLength(1)
  })

  it('asks no rule while people have the conversation', async () => {
    await answersOf(handler(), [await jobOf('?')])
    const job = await jobOf('你好')
    const [result] = await handler({ code: code('你好', '你好') }).handle([receive(job)])
    expect(result).toEqual({ kind: 'answered', answer: 'success', seen: undefined })
    expect((await lines()).slice(2)).toEqual(['contact 你好'])
    expect((await pushRow(job)).state).toBe('handled')
  })

  it('leaves an event with the bot that nothing answers', async () => {
    const entry = {
      MsgType: 'event',
      Event: 'user_enter_tempsession',
      SessionFrom: 'goods:1',
      MsgId: undefined,
    }
    await answersOf(handler(), [await jobOf('', {}, entry)])
    expect(await lines()).toEqual(['system entered'])
    expect((await conversation()).status).toBe('bot')
  })

  it('puts tags on the customer, whose id is not the conversation’s', async () => {
    await test.store.db
      .insertInto('contact')
      .values({ app_id: appId, open_id: 'oOld', created_at: at, seen_at: at })
      .execute()
    await answersOf(handler(), [await jobOf('你好')])
    const rows = await test.store.db
      .selectFrom('contact_tag')
      .innerJoin('contact', 'contact.id', 'contact_id')
      .select('open_id')
      .execute()
    expect(rows).toEqual([{ open_id: 'oLin' }])
    expect((await conversation()).contact_id).not.toBe(1)
  })

  // SQLite has one writer at a time.
  it.runIf(kind === 'postgres')('takes a tag as put that a person puts meanwhile', async () => {
    await answersOf(handler(), [await jobOf('你好')])
    bot.hears('标', async (ctx) => {
      await test.store.db.insertInto('contact_tag').values({ contact_id: 1, tag: '大客户' }).execute()
      ctx.tag('大客户')
      ctx.stayedSilent()
    })
    await answersOf(handler(), [await jobOf('标')])
    expect(await tags()).toEqual(expect.arrayContaining(['大客户', '新客']))
  })

  it('asks nobody about an event of another service, though its customer wrote, too', async () => {
    const all = { mayTake: () => true, takesFirst: () => false, takesRest: () => true }
    const event = await jobOf('', {}, { MsgType: 'event', Event: 'other_service', MsgId: undefined })
    const results = await handler({ code: all }).handle([receive(event), receive(await jobOf('你好'))])
    expect(results).toMatchObject([{ kind: 'answered', seen: undefined }, { kind: 'answered' }])
  })

  it('asks nobody about an event that can’t be read', async () => {
    const all = { mayTake: () => true, takesFirst: () => true, takesRest: () => true }
    const plaintext = `{"ToUserName":"gh_1","FromUserName":"oLin","CreateTime":${at / 1000},"MsgType":"event","Event":"use`
    const job = await jobOf('', { push: restorePush({ appId, plaintext }) })
    expect(job.push.unreadable).toMatchObject({ isEvent: true, fromUserName: 'oLin' })
    expect(await handler({ code: all }).handle([receive(job)])).toMatchObject([{ kind: 'answered' }])
    expect(await lines()).toEqual([`contact ${plaintext}`])
  })

  it('marks what concerns no customer, and makes no conversation of it', async () => {
    const job = await jobOf('', {}, { MsgType: 'event', Event: 'other_service', MsgId: undefined })
    expect(await answersOf(handler(), [job])).toEqual(['success'])
    expect((await pushRow(job)).state).toBe('handled')
    expect(await test.store.db.selectFrom('contact').select('id').execute()).toEqual([])
  })

  it('keeps a withdrawal of consent once', async () => {
    const job = await jobOf('', {}, { MsgType: 'event', Event: 'user_authorization_revoke', OpenID: 'oLin' })
    await answersOf(handler(), [job])
    const kept = await test.store.db.selectFrom('withdrawal').select(['open_id', 'at']).execute()
    expect(kept).toEqual([{ open_id: 'oLin', at }])
  })

  it('transfers no more when WeChat was answered elsewhere', async () => {
    const job = await jobOf('官方', { isWaitedElsewhere: true, run: { ...newRun(), answered: true } })
    await answersOf(handler(), [job])
    expect((await lines())[1]).toBe('system handoff transfer_late')
  })

  it.each([
    [true, true, 'system handoff transfer_late'],
    [true, false, 'system transferred'],
    [false, true, 'system transferred'],
  ])(
    'of a transfer, WeChat waiting elsewhere (%s) and answered meanwhile (%s), it writes: %s',
    async (isWaitedElsewhere, answered, line) => {
      const job = await jobOf('转', { isWaitedElsewhere })
      bot.hears('转', (ctx) => {
        ctx.transfer()
        job.run.answered = answered
      })
      expect(await answersOf(handler(), [job])).toEqual(['transfer'])
      expect((await lines())[1]).toBe(line)
      // The same of handlers in code, which end later.
      const asked = await jobOf('查', { isWaitedElsewhere }, { FromUserName: 'oMo' })
      const by = handler({ code: code('查') })
      const opened = await begun(by, asked)
      asked.run.answered = answered
      const result = { ...finish(asked, opened).result, answer: 'transfer' } as const
      await by.handle([finish(asked, opened, { result })])
      expect((await lines()).at(-1)).toBe(line)
    },
  )

  describe('with handlers in code', () => {
    it('gives them what they take, before the rules or behind them, and marks it begun', async () => {
      const by = handler({ code: code('你好', '?') })
      const [first, rest] = [await jobOf('你好'), await jobOf('?', {}, { FromUserName: 'oMo' })]
      const results = await by.handle([receive(first), receive(rest)])
      expect(results.map(openedOf)).toMatchObject([
        { attempt: 1, repliesLeft: 3, received: { author: 'contact' } },
        { attempt: 1, repliesLeft: 3 },
      ])
      expect(await lines()).toEqual(['contact 你好', 'contact ?'])
      for (const job of [first, rest])
        expect(await pushRow(job)).toEqual({ state: 'new', answer: null, attempts: 1 })
    })

    it('lets what follows in the conversation wait for them, and nobody else', async () => {
      const by = handler({ code: code('查') })
      const [asked, follows] = [await jobOf('查'), await jobOf('你好')]
      const other = await jobOf('你好', {}, { FromUserName: 'oMo' })
      const results = await by.handle([asked, follows, other].map(receive))
      expect(results.map((result) => (result as { kind: string }).kind)).toEqual([
        'code',
        'later',
        'answered',
      ])
      expect(await pushRow(follows)).toMatchObject({ state: 'new', attempts: 0 })
      expect(await lines()).toEqual(['contact 查', 'contact 你好', 'rule:问候 您好！'])
    })

    it('does not give them what a rule answered, matched, or failed at', async () => {
      bot.hears('记下', (ctx) => {
        ctx.answersAs('rule:记下')
      })
      bot.hears('无名', (ctx) => ctx.reply('好'))
      for (const text of ['你好', '坏', '官方', '记下', '无名']) {
        const by = handler({ code: code('', text) })
        const [result] = await by.handle([receive(await jobOf(text, {}, { FromUserName: `o${msgIds}` }))])
        expect(result).toMatchObject({ kind: 'answered' })
      }
    })

    it('queues their replies once each, and ends the push with who answered', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      for (let n = 0; n < 2; n++)
        expect(await by.handle([reply(job, opened, 0, '一'), reply(job, opened, 1, '二')])).toEqual([
          undefined,
          undefined,
        ])
      expect(await by.handle([finish(job, opened, { tags: ['查过'] })])).toEqual(['success'])
      expect(await lines()).toEqual(['contact 查', 'bot 一', 'bot 二'])
      expect(await tags()).toEqual(['查过'])
      expect(await answeredBy()).toEqual(['code'])
      expect(await pushRow(job)).toEqual({ state: 'handled', answer: 'success', attempts: 1 })
      expect((await conversation()).waiting_since).toBeNull()
    })

    it('refuses a reply that WeChat’s allowance leaves no room for', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      const results = []
      for (const place of [0, 1, 2, 3]) results.push(...(await by.handle([reply(job, opened, place, '答')])))
      expect(results.slice(0, 3)).toEqual([undefined, undefined, undefined])
      expect(results[3]).toBeInstanceOf(AllowanceError)
      expect(await lines()).toHaveLength(4)
    })

    it('drops replies, tags and a handoff once a person has the conversation, and ends the push', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      await changeConversation(test.store, 1, { status: 'assigned', epoch: 1 })
      const [refused] = await by.handle([reply(job, opened, 0, '一')])
      expect(refused).toMatchObject({ code: 'late' })
      const result = { ...finish(job, opened).result, handoff: '问人' }
      await by.handle([finish(job, opened, { result, tags: ['查过'] })])
      expect(await lines()).toEqual(['contact 查'])
      expect(await tags()).toEqual([])
      expect((await pushRow(job)).state).toBe('handled')
    })

    it('hands over nothing that a person gave back to the bot meanwhile', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      await changeConversation(test.store, 1, { epoch: 2 })
      const result = { ...finish(job, opened).result, handoff: '问人' }
      await by.handle([finish(job, opened, { result })])
      expect(await lines()).toEqual(['contact 查'])
      expect((await conversation()).status).toBe('bot')
    })

    it('ends a push once: asked again it gives the first answer', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      const result = { ...finish(job, opened).result, answer: 'transfer' } as const
      expect(await by.handle([finish(job, opened, { result })])).toEqual(['transfer'])
      const again = { ...finish(job, opened, { answeredBy: 'another' }), isRetry: true }
      expect(await by.handle([again])).toEqual(['transfer'])
      expect(await lines()).toEqual(['contact 查', 'system transferred'])
      expect(await answeredBy()).toEqual(['code'])
    })

    it('gives people what they failed at or left unanswered', async () => {
      const by = handler({ code: code('查') })
      for (const [openId, change, state] of [
        ['oA', { error: failed }, 'failed'],
        ['oB', { hasAnswered: false }, 'handled'],
        ['oC', { handoff: '问人' }, 'handled'],
      ] as const) {
        const job = await jobOf('查', {}, { FromUserName: openId })
        const opened = await begun(by, job)
        await by.handle([finish(job, opened, { result: { ...finish(job, opened).result, ...change } })])
        expect((await pushRow(job)).state).toBe(state)
      }
      expect((await lines()).filter((line) => line.startsWith('system'))).toEqual([
        'system handoff handler_failed',
        'system handoff unanswered',
        'system handoff 问人',
      ])
    })

    it('queues the replies of rules that were held, and hands over when one is refused', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      const held = [0, 1, 2, 3].map((place) => ({
        place,
        author: 'rule:问候' as const,
        message: { msgType: 'text' as const, content: String(place) },
      }))
      await by.handle([finish(job, opened, { held })])
      expect(await lines()).toEqual([
        'contact 查',
        ...['rule:问候 0', 'rule:问候 1', 'rule:问候 2'],
        'system handoff allowance',
      ])
    })

    it('hands over for a reply that was refused before, though later ones are queued', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      const held = [{ place: 1, author: 'rule:问候', message: { msgType: 'text', content: '一' } }] as const
      await by.handle([finish(job, opened, { held, refused: new AllowanceError('used up') })])
      expect(await lines()).toEqual(['contact 查', 'rule:问候 一', 'system handoff allowance'])
      expect((await pushRow(job)).state).toBe('handled')
    })

    it('takes what a run threw for the cause, though a reply was refused, too', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      const result = { ...finish(job, opened).result, error: failed }
      await by.handle([finish(job, opened, { result, refused: new AllowanceError('used up') })])
      expect((await lines()).at(-1)).toBe('system handoff handler_failed')
      expect((await pushRow(job)).state).toBe('failed')
    })

    it('checks replies against all that left since the customer wrote', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      for (const place of [0, 1, 2]) await by.handle([reply(job, opened, place, '答')])
      await accepted(at)
      expect(await by.handle([reply(job, opened, 3, '四')])).toMatchObject([{ code: 'allowance' }])
      const held = [{ place: 3, author: 'rule:问候', message: { msgType: 'text', content: '四' } }] as const
      await by.handle([finish(job, opened, { held })])
      expect((await lines()).at(-1)).toBe('system handoff allowance')
    })

    it('gives no reply for refused that could not be kept', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const opened = await begun(by, job)
      const odd = 1n as unknown as string
      await expect(by.handle([reply(job, opened, 0, odd)])).rejects.toThrow(TypeError)
    })

    it('begins what stands behind the rules a second time without asking them', async () => {
      const by = handler({ code: code('', '查') })
      const job = await jobOf('查')
      await begun(by, job)
      bot.hears('查', (ctx) => ctx.reply('新规则'))
      expect((await begun(by, { ...job, attempts: 1 })).attempt).toBe(2)
      expect(await lines()).toEqual(['contact 查'])
    })

    it('begins a push three times, writes its message once, and then gives it to people as failed', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      const attempts = [(await begun(by, job)).attempt]
      for (const n of [1, 2]) attempts.push((await begun(by, { ...job, attempts: n })).attempt)
      expect(attempts).toEqual([1, 2, 3])
      const [result] = await by.handle([receive({ ...job, attempts: 3 })])
      expect(result).toMatchObject({ kind: 'answered' })
      expect(await lines()).toEqual(['contact 查', 'system handoff handler_failed'])
      expect(await pushRow(job)).toMatchObject({ state: 'failed', answer: 'success' })
      expect(logger.messages('error')).toHaveLength(1)
    })

    it('finds the line of what was asked when an earlier run wrote it, and not the reply to it', async () => {
      const by = handler({ code: code('查') })
      const job = await jobOf('查')
      await by.handle([reply(job, await begun(by, job), 0, '一')])
      const opened = await begun(by, { ...job, attempts: 1 })
      expect(opened.received).toBeUndefined()
      await by.handle([finish(job, opened)])
      const rows = await test.store.db.selectFrom('message').select('answered_by').orderBy('id').execute()
      expect(rows.map((row) => row.answered_by)).toEqual(['code', null])
    })
  })

  it('marks a push that can’t be handled as failed, once, and gives its customer to people', async () => {
    const job = await jobOf('你好')
    for (let n = 0; n < 2; n++) await handler().fail(job)
    expect(await lines()).toEqual(['system handoff handler_failed'])
    expect(await pushRow(job)).toEqual({ state: 'failed', answer: 'success', attempts: 1 })
    expect(await conversation()).toMatchObject({
      status: 'waiting',
      message_received_at: at,
      waiting_since: at,
    })
    const other = await jobOf('', {}, { MsgType: 'event', Event: 'other_service' })
    await handler().fail(other)
    expect((await pushRow(other)).state).toBe('failed')
    expect(await lines()).toHaveLength(1)
  })

  it('leaves alone what was handled meanwhile, and what waits', async () => {
    const [job, waiting] = [await jobOf('你好'), await jobOf('在吗')]
    await answersOf(handler(), [job])
    await handler().fail(job)
    expect(await lines()).toEqual(['contact 你好', 'rule:问候 您好！'])
    expect((await pushRow(job)).state).toBe('handled')
    await handler().fail(await jobOf('坏', {}, { FromUserName: 'oMo' }))
    expect(await pushRow(waiting)).toEqual({ state: 'new', answer: null, attempts: 0 })
  })

  it('counts what is still on its way when the customer writes again', async () => {
    await answersOf(handler(), [await jobOf('你好')])
    expect((await begun(handler({ code: code('查') }), await jobOf('查'))).repliesLeft).toBe(2)
  })

  it('counts what a message gave and was used where its customer enters', async () => {
    await answersOf(handler(), [await jobOf('你好')])
    await accepted(at)
    const all = { mayTake: () => true, takesFirst: () => true, takesRest: () => true }
    const entry = { MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: '', MsgId: undefined }
    expect((await begun(handler({ code: all }), await jobOf('', {}, entry))).repliesLeft).toBe(2)
  })

  it('takes a sign to come after all that left before, where our clock was put back', async () => {
    await answersOf(handler(), [await jobOf('你好')])
    await accepted(at + 1000)
    at -= 3_600_000
    await answersOf(handler(), [await jobOf('你好')])
    expect((await conversation()).message_received_at).toBe(start + 1001)
  })

  it('counts what left while a sign was on its way to us', async () => {
    // Three replies left after the customer wrote, and before it reached us.
    await answersOf(handler(), [await jobOf('你好')])
    await accepted(at + 4000)
    const createTime = Math.floor(at / 1000) + 2
    at += 6000
    const job = await jobOf('查', {}, { CreateTime: createTime })
    expect((await begun(handler({ code: code('查') }), job)).repliesLeft).toBe(2)
  })
})

const CUSTOMERS = 150
const MESSAGES = 3

/** Many pushes in one transaction. */
describe.each(await storeKinds())('a batch of pushes on %s', (kind) => {
  let test: TestStore
  let handling: PushHandler

  beforeEach(async () => {
    test = await makeStore(kind)
    const bot = new Bot<ConversationActions>({
      api: { send: async () => undefined, setTyping: async () => undefined },
      logger: silentLogger,
    })
    bot.hears(/^\d+$/, async (ctx) => {
      ctx.tag(`t${ctx.openId}`)
      await ctx.reply(`答${ctx.match[0]}`)
    })
    handling = new PushHandler({
      store: test.store,
      bot,
      allowance: defaultAllowanceRules,
      shards: everyShard,
      logger: silentLogger,
      now: Date.now,
    })
  })
  afterEach(() => test.remove())

  /** In turns from all customers. */
  async function jobs(): Promise<Job[]> {
    return Promise.all(
      Array.from({ length: CUSTOMERS * MESSAGES }, async (_, i): Promise<Job> => {
        const openId = `o${i % CUSTOMERS}`
        const receivedAt = Date.now()
        const plaintext = JSON.stringify({
          ToUserName: 'gh_1',
          FromUserName: openId,
          CreateTime: Math.floor(receivedAt / 1000),
          MsgType: 'text',
          Content: String(Math.floor(i / CUSTOMERS)),
          MsgId: i + 1,
        })
        const push = restorePush({ appId, plaintext })
        const row = { dedupeKey: push.id, appId, openId, format: 'json', plaintext, receivedAt } as const
        const { id } = await test.store.pushes.append(row)
        return { pushId: id, push, receivedAt, run: newRun() }
      }),
    )
  }
  const count = async (table: 'message' | 'feed' | 'contact_tag'): Promise<number> => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(
      test.store.db,
    )
    return Number(rows[0]?.count)
  }
  const waiting = async (): Promise<number> =>
    (await test.store.db.selectFrom('push').select('id').where('state', '=', 'new').execute()).length

  it('is handled whole, each conversation in its order, in one sequence', async () => {
    const all = await jobs()
    expect(await answersOf(handling, all)).toEqual(all.map(() => 'success'))
    expect(await waiting()).toBe(0)
    const messages = await test.store.db
      .selectFrom('message')
      .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select(['message.id', 'contact.open_id', 'direction', 'content', 'conversation.last_message_id'])
      .orderBy('message.id')
      .execute()
    expect(messages).toHaveLength(2 * CUSTOMERS * MESSAGES)
    for (let customer = 0; customer < CUSTOMERS; customer++) {
      const own = messages.filter(({ open_id }) => open_id === `o${customer}`)
      expect(own.map(({ content }) => (JSON.parse(content) as { content: string }).content)).toEqual([
        ...['0', '答0', '1', '答1', '2', '答2'],
      ])
      expect(own[0]?.last_message_id).toBe(own.at(-1)?.id)
    }
    // Pages are told in the order of the numbers, and of each message.
    const feed = await test.store.db
      .selectFrom('feed')
      .select(['sequence', 'data'])
      .orderBy('sequence')
      .execute()
    const numbers = [...messages.map(({ id }) => id), ...feed.map(({ sequence }) => sequence)]
    expect(new Set(numbers).size).toBe(numbers.length)
    const told = feed.flatMap(({ data }) => (JSON.parse(data) as { messageId?: number }).messageId ?? [])
    expect(new Set(told)).toEqual(new Set(messages.map(({ id }) => id)))
    expect(await count('contact_tag')).toBe(CUSTOMERS)
  })

  it('leaves nothing when one of its last rows is refused', async () => {
    const all = await jobs()
    const last = all.at(-1)?.push.openId
    // Refuses a message of the last customer, when those of all others were written.
    if (kind === 'sqlite')
      await sql`create trigger refuse before insert on message
        when (select open_id from contact join conversation on contact.id = contact_id where conversation.id = new.conversation_id) = ${sql.lit(last)}
        begin select raise(abort, 'refused'); end`.execute(test.store.db)
    else {
      await sql`create function refuse() returns trigger as $$ begin
        if (select open_id from contact join conversation on contact.id = contact_id where conversation.id = new.conversation_id) = ${sql.lit(last)}
        then raise exception 'refused'; end if; return new; end $$ language plpgsql`.execute(test.store.db)
      await sql`create trigger refuse before insert on message for each row execute function refuse()`.execute(
        test.store.db,
      )
    }
    await expect(answersOf(handling, all)).rejects.toThrow('refused')
    expect(await count('message')).toBe(0)
    expect(await count('feed')).toBe(0)
    expect(await count('contact_tag')).toBe(0)
    expect(await waiting()).toBe(all.length)

    await sql`drop trigger refuse ${sql.raw(kind === 'sqlite' ? '' : 'on message')}`.execute(test.store.db)
    expect(await answersOf(handling, all)).toHaveLength(all.length)
    expect(await waiting()).toBe(0)
    expect(await count('message')).toBe(2 * all.length)
  })
})
