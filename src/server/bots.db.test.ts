import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gate } from '../../test/support/gate.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { RecordingSender } from '../../test/support/recording-sender.js'
import { newRun, type Context, type Sender } from '../bot/index.js'
import {
  BatchWorker,
  CodeStage,
  Commands,
  defaultAllowanceRules,
  everyShard,
  PushHandler,
  queues,
  type Job,
  type Step,
} from '../conversation/index.js'
import { compileRules } from '../rules/compile.js'
import { toJson } from '../store/json-column.js'
import type { RuleSet } from '../rules/rule-set.js'
import { restorePush, type Answer } from '../wechat/index.js'
import type { BotModule } from './bot-module.js'
import { createBots } from './bots.js'
import { Metrics } from './metrics.js'

const appId = 'wx0123456789abcdef'

const shopRules: RuleSet = {
  rules: [
    { name: '发票', when: { text: { contains: ['发票'] } }, then: [{ reply: { text: '请提供抬头。' } }] },
    { name: '标签', when: { text: { contains: ['标签'] } }, then: [{ tag: '问过' }] },
    { name: '官方', when: { text: { contains: ['官方'] } }, then: [{ transfer: true }] },
  ],
}

/** Handlers in code and rules, on a real database, without the network. */
describe.each(await storeKinds())('handlers in code and rules on %s', (kind) => {
  let test: TestStore
  let pushes = 0

  beforeEach(async () => {
    test = await makeStore(kind)
    pushes = 0
  })
  afterEach(() => test.remove())

  async function stage(module: BotModule, lose?: Step['kind'], sender?: Sender) {
    const { store } = test
    const logger = new RecordingLogger()
    const metrics = new Metrics({ queues: queues(store), now: Date.now })
    const around = { store, shards: everyShard, logger, now: Date.now, allowance: defaultAllowanceRules }
    const rules = { compiled: compileRules(shopRules) }
    const { byRules, code } = await createBots(module, { rules, metrics, logger, now: Date.now })
    const handler = new PushHandler({ ...around, bot: byRules, code })
    const batches: string[][] = []
    const worker = new BatchWorker({
      ...around,
      handling: {
        handle: async (steps) => {
          batches.push(steps.map(({ kind: of, job }) => `${of} ${job.push.openId}`))
          const results = await handler.handle(steps)
          if (steps.some(({ kind: of }) => of === lose)) {
            lose = undefined
            throw new Error('the reply of the commit was lost')
          }
          return results
        },
        fail: (job) => handler.fail(job),
      },
      code: code && new CodeStage({ bot: code.bot, senderOf: () => sender, logger, wait: turn }),
      wait: turn,
      onHandled: () => undefined,
    })
    return { worker, batches, lines: logger.lines, code }
  }

  async function jobOf(openId: string, content: string, change: Partial<Job> = {}): Promise<Job> {
    const receivedAt = Date.now()
    const plaintext = JSON.stringify({
      ToUserName: 'gh_1',
      FromUserName: openId,
      CreateTime: Math.floor(receivedAt / 1000),
      MsgType: 'text',
      Content: content,
      MsgId: ++pushes,
    })
    const push = restorePush({ appId, plaintext })
    const row = { dedupeKey: push.id, appId, openId, format: 'json', plaintext, receivedAt } as const
    const { id } = await test.store.pushes.append(row)
    return { pushId: id, push, receivedAt, run: newRun(), ...change }
  }

  /** A conversation's lines: texts, and why people got it. */
  async function linesOf(openId: string): Promise<string[]> {
    const rows = await test.store.db
      .selectFrom('message')
      .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select(['content', 'author', 'answered_by'])
      .where('open_id', '=', openId)
      .orderBy('message.id')
      .execute()
    return rows.map(({ content, author }) => {
      const { content: text, line, reason } = JSON.parse(content) as Record<string, string | undefined>
      return [author, text ?? line, ...(reason === undefined ? [] : [reason])].join(' ')
    })
  }
  async function answeredBy(openId: string): Promise<(string | null)[]> {
    const rows = await test.store.db
      .selectFrom('message')
      .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select('answered_by')
      .where('open_id', '=', openId)
      .where('direction', '=', 'incoming')
      .orderBy('message.id')
      .execute()
    return rows.map((row) => row.answered_by)
  }
  const pushesOf = (openId: string) =>
    test.store.db
      .selectFrom('push')
      .select(['state', 'attempts', 'answer'])
      .where('open_id', '=', openId)
      .orderBy('id')
      .execute()

  it('queues a picture that a handler gives as a file by the media id of its upload', async () => {
    const files: unknown[] = []
    const sender = Object.assign(new RecordingSender(), {
      uploadTempMedia: async (file: unknown) => ({ mediaId: `m${files.push(file)}` }),
    })
    const { worker } = await stage(
      { before: (bot) => bot.hears('照片', (ctx) => ctx.reply({ msgType: 'image', file: 'mug.png' })) },
      undefined,
      sender,
    )
    expect(await worker.add(await jobOf('oA', '照片'))).toBe('success')
    await expect.poll(() => answeredBy('oA')).toEqual(['bot'])
    const rows = await test.store.db
      .selectFrom('message')
      .select('content')
      .where('direction', '=', 'outgoing')
      .execute()
    expect(rows.map(({ content }) => JSON.parse(content) as unknown)).toEqual([
      { msgType: 'image', mediaId: 'm1' },
    ])
    expect([files, sender.sent]).toEqual([['mug.png'], []])
  })

  it('leaves to the rules what no filter matches, in their own transaction', async () => {
    const { worker, batches } = await stage({
      before: (bot) => bot.hears('你好', (ctx) => ctx.reply('您好！')).on('message:image', () => undefined),
    })
    expect(await worker.add(await jobOf('oA', '开发票'))).toBe('success')
    expect(batches).toEqual([['receive oA']])
    expect(await linesOf('oA')).toEqual(['contact 开发票', 'rule:发票 请提供抬头。'])
    expect(await pushesOf('oA')).toEqual([{ state: 'handled', attempts: 1, answer: 'success' }])
  })

  it('asks the handlers first, then the rules, in one run', async () => {
    const seen: number[] = []
    const { worker } = await stage({
      before: (bot) =>
        bot.use(async (ctx, next) => {
          await next()
          seen.push(ctx.replies)
        }),
    })
    await worker.add(await jobOf('oA', '开发票'))
    expect(await worker.add(await jobOf('oA', '找官方'))).toBe('transfer')
    await worker.add(await jobOf('oA', '？'))
    expect(seen).toEqual([1, 0, 0])
    expect(await linesOf('oA')).toEqual([
      'contact 开发票',
      'rule:发票 请提供抬头。',
      'contact 找官方',
      'system transferred',
      'contact ？',
      'system handoff unanswered',
    ])
    expect(await answeredBy('oA')).toEqual(['rule:发票', 'rule:官方', 'nobody'])
  })

  it('keeps a conversation’s order across the stages, and holds up no other', async () => {
    const opened = gate()
    const { worker, batches } = await stage({
      before: (bot) =>
        bot.hears('慢', async (ctx) => {
          await opened.opened
          await ctx.reply('慢慢来')
        }),
    })
    const slow = worker.add(await jobOf('oA', '慢'))
    const behind = worker.add(await jobOf('oA', '发票'))
    await worker.add(await jobOf('oB', '发票'))
    const last = worker.add(await jobOf('oA', '发票'))
    expect(await worker.add(await jobOf('oB', '发票'))).toBe('success')
    expect(await linesOf('oA')).toEqual(['contact 慢'])
    expect(worker.size).toBe(3)
    opened.open()
    await Promise.all([slow, behind, last])
    expect(worker.size).toBe(0)
    const answered = ['contact 发票', 'rule:发票 请提供抬头。']
    expect(await linesOf('oA')).toEqual(['contact 慢', 'bot 慢慢来', ...answered, ...answered])
    expect(batches.flat().filter((step) => step === 'receive oB')).toHaveLength(2)
  })

  it('keeps it also where both came at once, in one transaction', async () => {
    const { worker, batches } = await stage({
      before: (bot) => bot.hears('慢', (ctx) => ctx.reply('慢慢来')),
    })
    const [slow, behind, other] = [
      await jobOf('oA', '慢'),
      await jobOf('oA', '发票'),
      await jobOf('oB', '发票'),
    ]
    await Promise.all([slow, behind, other].map((job) => worker.add(job)))
    expect(batches[0]).toEqual(['receive oA', 'receive oA', 'receive oB'])
    expect(await linesOf('oA')).toEqual([
      'contact 慢',
      'bot 慢慢来',
      'contact 发票',
      'rule:发票 请提供抬头。',
    ])
    expect(worker.size).toBe(0)
  })

  it('asks conditions with the conversation as it is', async () => {
    const { worker, batches } = await stage({
      before: (bot) =>
        bot.when(
          (ctx) => ctx.contact.tags.includes('问过'),
          (ctx) => ctx.reply('又来啦'),
        ),
    })
    // The tag is put on by the first of them, and both are in one transaction.
    await Promise.all([
      worker.add(await jobOf('oA', '标签')),
      worker.add(await jobOf('oA', '标签')),
      worker.add(await jobOf('oB', '发票')),
    ])
    expect(await linesOf('oA')).toEqual(['contact 标签', 'system handoff unanswered', 'contact 标签'])
    expect(batches.flat().filter((step) => step.startsWith('finish'))).toEqual([])
    await worker.add(await jobOf('oC', '发票'))
    await test.store.db
      .insertInto('contact_tag')
      .expression((eb) =>
        eb
          .selectFrom('contact')
          .select(['id as contact_id', eb.val('问过').as('tag')])
          .where('open_id', '=', 'oC'),
      )
      .execute()
    await worker.add(await jobOf('oC', '发票'))
    expect((await linesOf('oC')).slice(2)).toEqual(['contact 发票', 'bot 又来啦'])
  })

  it('gives those of `after` what no rule matched, and nothing else', async () => {
    const seen: (string | undefined)[] = []
    const { worker, batches } = await stage({
      after: (bot) =>
        bot.on('message:text', async (ctx) => {
          seen.push(ctx.text)
          await ctx.reply('让我想想')
        }),
    })
    for (const text of ['发票', '标签', '官方', '别的']) await worker.add(await jobOf(`o${text}`, text))
    expect(seen).toEqual(['别的'])
    // All others were done with the rules.
    expect(batches.flat().filter((step) => step.startsWith('finish'))).toEqual(['finish o别的'])
    expect(await linesOf('o别的')).toEqual(['contact 别的', 'bot 让我想想'])
    expect(await answeredBy('o别的')).toEqual(['bot'])
    expect(await linesOf('o标签')).toEqual(['contact 标签', 'system handoff unanswered'])
    expect(await linesOf('o官方')).toEqual(['contact 官方', 'system transferred'])
  })

  it('shows what only looks on each push of the bot’s, once, and waits for nothing', async () => {
    const seen: (string | undefined)[] = []
    const { worker, batches } = await stage({
      before: (bot) =>
        bot
          .use(
            (ctx) => {
              seen.push(ctx.text)
              return new Promise(() => undefined)
            },
            { observes: true },
          )
          .hears('你好', (ctx) => ctx.reply('您好！')),
    })
    await worker.add(await jobOf('oA', '发票'))
    await worker.add(await jobOf('oA', '你好'))
    await worker.add(await jobOf('oA', '？'))
    // It waits for people now.
    await worker.add(await jobOf('oA', '在吗'))
    expect(seen).toEqual(['发票', '你好', '？'])
    expect(batches.flat().filter((step) => step.startsWith('finish'))).toEqual(['finish oA'])
  })

  it('runs handlers that throw three times, then calls people', async () => {
    const attempts: number[] = []
    const { worker } = await stage({
      before: (bot) =>
        bot
          .hears('坏', async (ctx) => {
            attempts.push(ctx.attempt)
            await ctx.reply('查询中')
            throw new Error('the shop’s own system is down')
          })
          .catch(() => undefined),
    })
    expect(await worker.add(await jobOf('oA', '坏'))).toBe('success')
    expect(attempts).toEqual([1, 2, 3])
    expect(await linesOf('oA')).toEqual(['contact 坏', 'bot 查询中', 'system handoff handler_failed'])
    expect(await pushesOf('oA')).toEqual([{ state: 'failed', attempts: 3, answer: 'success' }])
  })

  it('goes on with a run that a crash cut off: the message is written once, the reply queued once', async () => {
    const module: BotModule = {
      before: (bot) =>
        bot.hears('查', async (ctx) => {
          await ctx.reply('查询中')
          if (ctx.attempt === 1) await new Promise(() => undefined)
          await ctx.reply(`第 ${ctx.attempt} 次`)
        }),
    }
    const cutOff = await stage(module)
    const job = await jobOf('oA', '查')
    void cutOff.worker.add(job)
    await expect.poll(() => linesOf('oA')).toEqual(['contact 查', 'bot 查询中'])
    // The next process reads how often it was begun.
    const next = await stage(module)
    await next.worker.add({ ...job, attempts: 1 })
    expect(await linesOf('oA')).toEqual(['contact 查', 'bot 查询中', 'bot 第 2 次'])
    expect(await answeredBy('oA')).toEqual(['bot'])
    expect(await pushesOf('oA')).toEqual([{ state: 'handled', attempts: 2, answer: 'success' }])
  })

  it.each(['receive', 'reply', 'finish'] as const)(
    'does nothing twice where the reply of a commit is lost: %s',
    async (lose) => {
      const { worker } = await stage(
        {
          before: (bot) =>
            bot.hears('转', async (ctx) => {
              await ctx.reply('马上')
              ctx.tag('转过')
              ctx.transfer()
            }),
        },
        lose,
      )
      expect(await worker.add(await jobOf('oA', '转'))).toBe('transfer')
      expect(await linesOf('oA')).toEqual(['contact 转', 'bot 马上', 'system transferred'])
      expect(await pushesOf('oA')).toMatchObject([{ state: 'handled', answer: 'transfer' }])
    },
  )

  it('goes on behind a crash with handlers that no longer want the push: the rules answer it, once', async () => {
    const { worker } = await stage({ before: (bot) => bot.hears('别的', () => undefined) })
    const job = await jobOf('oA', '发票')
    const old = await stage({ before: (bot) => bot.hears('发票', () => new Promise(() => undefined)) })
    void old.worker.add(job)
    await expect.poll(() => linesOf('oA')).toEqual(['contact 发票'])
    await worker.add({ ...job, attempts: 1 })
    expect(await linesOf('oA')).toEqual(['contact 发票', 'rule:发票 请提供抬头。'])
    expect(await answeredBy('oA')).toEqual(['rule:发票'])
    expect(await pushesOf('oA')).toEqual([{ state: 'handled', attempts: 2, answer: 'success' }])
  })

  it('gives a push up whose every run was cut off, and does nothing twice', async () => {
    const run: Context[] = []
    const { worker, lines } = await stage({ before: (bot) => bot.hears('崩', (ctx) => run.push(ctx)) })
    const job = await jobOf('oA', '崩')
    await test.store.db.updateTable('push').set({ attempts: 3 }).where('id', '=', job.pushId).execute()
    expect(await worker.add({ ...job, attempts: 3 })).toBe('success')
    expect(run).toEqual([])
    expect(await pushesOf('oA')).toMatchObject([{ state: 'failed' }])
    expect(JSON.stringify(lines)).toContain('every run')
    // Read back once more, though it was handled.
    expect(await worker.add(job)).toBe('success')
    expect(await pushesOf('oA')).toMatchObject([{ state: 'failed', attempts: 4 }])
  })

  it('tells people of a transfer that came too late, and counts it as handled', async () => {
    const late = { ...newRun(), answered: true }
    const { worker } = await stage({
      before: (bot) =>
        bot
          .hears('转', (ctx) => {
            ctx.transfer()
          })
          .catch(() => undefined),
    })
    await worker.add(await jobOf('oA', '转', { run: late }))
    expect(await linesOf('oA')).toEqual(['contact 转', 'system handoff transfer_late'])
    expect(await pushesOf('oA')).toMatchObject([{ state: 'handled' }])
  })

  it('takes a transfer for one where WeChat was answered with it, however long its handler went on', async () => {
    const run = newRun()
    const { worker } = await stage({
      before: (bot) =>
        bot.hears('转', (ctx) => {
          ctx.transfer()
          run.answered = true
        }),
    })
    expect(await worker.add(await jobOf('oA', '转', { run }))).toBe('transfer')
    expect(await linesOf('oA')).toEqual(['contact 转', 'system transferred'])
    // At another process nobody saw it.
    const other = await jobOf('oB', '官方', { run: { ...newRun() }, isWaitedElsewhere: true })
    expect(await worker.add(other)).toBe('transfer')
    const missed = newRun()
    const { worker: slow } = await stage({
      before: (bot) =>
        bot.hears('转', (ctx) => {
          ctx.transfer()
          missed.answered = true
        }),
    })
    await slow.add(await jobOf('oC', '转', { run: missed, isWaitedElsewhere: true }))
    expect(await linesOf('oC')).toEqual(['contact 转', 'system handoff transfer_late'])
  })

  it('drops what a run decides once a person has the conversation', async () => {
    const opened = gate()
    const { worker } = await stage({
      before: (bot) =>
        bot
          .hears('慢', async (ctx) => {
            await ctx.reply('好的')
            await opened.opened
            ctx.tag('太晚')
            await ctx.reply('太晚了')
          })
          .catch(() => undefined),
    })
    const answer = worker.add(await jobOf('oA', '慢'))
    await expect.poll(() => linesOf('oA')).toHaveLength(2)
    const commands = new Commands({
      store: test.store,
      allowance: defaultAllowanceRules,
      now: Date.now,
      onQueued: () => undefined,
    })
    const { id } = await test.store.db.selectFrom('conversation').select('id').executeTakeFirstOrThrow()
    const agent = await test.store.db
      .insertInto('agent')
      .values({
        name: 'a',
        name_key: 'a',
        role: 'agent',
        apps: toJson('all'),
        password_hash: 'x',
        created_at: 0,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await commands.change(id, { type: 'take', agentId: agent.id }, { agentId: agent.id })
    opened.open()
    expect(await answer).toBe('success')
    expect(await linesOf('oA')).toEqual(['contact 慢', 'bot 好的', 'system take'])
    expect(await test.store.db.selectFrom('contact_tag').selectAll().execute()).toEqual([])
  })

  it('gives a customer to people, and says so, where others used up the replies that a rule counted on', async () => {
    const opened = gate()
    const { worker, lines } = await stage({
      before: (bot) =>
        bot.use(async (_ctx, next) => {
          await opened.opened
          await next()
        }),
    })
    const answer = worker.add(await jobOf('oA', '发票'))
    await expect.poll(() => linesOf('oA')).toHaveLength(1)
    const { id } = await test.store.db.selectFrom('conversation').select('id').executeTakeFirstOrThrow()
    const commands = new Commands({
      store: test.store,
      allowance: defaultAllowanceRules,
      now: Date.now,
      onQueued: () => undefined,
    })
    for (const clientId of ['1', '2', '3', '4', '5'])
      await commands.send(id, { msgType: 'text', content: clientId }, { agentId: null, clientId })
    opened.open()
    expect(await answer).toBe('success')
    expect((await linesOf('oA')).at(-1)).toBe('system handoff allowance')
    expect(await linesOf('oA')).not.toContain('rule:发票 请提供抬头。')
    expect(lines.map(({ message }) => message)).toContain('a reply of a rule was refused')
    expect(await pushesOf('oA')).toMatchObject([{ state: 'handled' }])
  })

  it('shares transactions among all conversations’ handlers', async () => {
    const { worker, batches } = await stage({ before: (bot) => bot.use((_ctx, next) => next()) })
    const jobs = await Promise.all(Array.from({ length: 40 }, (_, i) => jobOf(`o${i}`, '发票')))
    expect(await Promise.all(jobs.map((job) => worker.add(job)))).toEqual(jobs.map((): Answer => 'success'))
    // Received, replied, finished: each for all of them at once, where their runs keep step.
    expect(batches.length).toBeLessThanOrEqual(6)
    expect(batches[0]).toHaveLength(40)
  })

  it('lets handlers that run end when it stops, and begins nothing', async () => {
    const opened = gate()
    const { worker } = await stage({
      before: (bot) =>
        bot.hears('慢', async (ctx) => {
          await opened.opened
          await ctx.reply('好了')
        }),
    })
    const slow = worker.add(await jobOf('oA', '慢'))
    await expect.poll(() => linesOf('oA')).toHaveLength(1)
    const never = gate()
    const stopping = Promise.race([worker.stop(60_000), never.opened])
    void worker.add(await jobOf('oA', '发票'))
    void worker.add(await jobOf('oB', '发票'))
    opened.open()
    expect(await slow).toBe('success')
    await stopping
    expect(await linesOf('oA')).toEqual(['contact 慢', 'bot 好了'])
    expect(await pushesOf('oB')).toEqual([{ state: 'new', attempts: 0, answer: null }])
  })
})

/** A pause that costs the test no time: everything else goes first. */
function turn(milliseconds: number): Promise<void> {
  return milliseconds > 10_000
    ? new Promise(() => undefined)
    : new Promise((resolve) => setTimeout(resolve, 1))
}
