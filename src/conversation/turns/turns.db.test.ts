import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { Bot, newRun } from '../../bot/index.js'
import { silentLogger } from '../../log.js'
import { restorePush } from '../../wechat/index.js'
import { defaultAllowanceRules } from '../allowance.js'
import { Commands } from '../commands.js'
import type { ConversationActions } from '../conversation-context.js'
import { PushHandler } from '../incoming/push-handler.js'
import { eraseContact } from '../retention/erasure.js'
import { everyShard } from '../shards.js'
import { TurnClaims, type ClaimedTurn } from './turn-claims.js'
import { CHANGED, TurnEnds, type TurnEnd, type TurnEnded } from './turn-ends.js'

const appId = 'wx0123456789abcdef'
const start = 1_700_000_000_000
/** How many races each pair runs: more with RACES. */
const RACES = Number(process.env['RACES'] ?? 50)

describe.each(await storeKinds())('turns on %s', (kind) => {
  let test: TestStore
  let at: number
  let msgIds: number
  let handler: PushHandler
  let claims: TurnClaims
  let ends: TurnEnds
  let commands: Commands
  const ended: TurnEnded[] = []

  beforeEach(async () => {
    test = await makeStore(kind)
    at = start
    msgIds = 0
    ended.length = 0
    const bot = new Bot<ConversationActions>({ api: () => undefined, logger: silentLogger })
    bot.hears('人工', (ctx) => {
      ctx.handoff('asked')
    })
    bot.hears('你好', (ctx) => ctx.reply('您好'))
    bot.on('message', (ctx) => {
      ctx.assist('售前')
    })
    const common = { store: test.store, allowance: defaultAllowanceRules, shards: everyShard, now: () => at }
    handler = new PushHandler({ ...common, bot, logger: silentLogger })
    claims = new TurnClaims(common)
    ends = new TurnEnds({ ...common, onQueued: () => undefined })
    commands = new Commands({ ...common, onQueued: () => undefined })
  })
  afterEach(() => test.remove())

  async function say(content: string, openId = 'oLin', fields: object = {}): Promise<void> {
    const plaintext = JSON.stringify({
      ToUserName: 'gh_1',
      FromUserName: openId,
      CreateTime: Math.floor(at / 1000),
      MsgType: 'text',
      Content: content,
      MsgId: ++msgIds,
      ...fields,
    })
    const push = restorePush({ appId, plaintext })
    const { id } = await test.store.pushes.append({
      dedupeKey: push.id,
      appId,
      openId,
      format: 'json',
      plaintext,
      receivedAt: at,
    })
    await handler.handle([{ kind: 'receive', job: { pushId: id, push, receivedAt: at, run: newRun() } }])
  }
  async function claimDue(): Promise<ClaimedTurn> {
    at += 6000
    const [turn] = await claims.claim(10)
    if (!turn) throw new Error('No turn was due.')
    return turn
  }
  const answer = (content = '今天发货'): TurnEnd => ({
    kind: 'answer',
    messages: [{ msgType: 'text', content }],
    isStillTrue: async () => true,
  })
  const end = (turn: ClaimedTurn, how: TurnEnd): ReturnType<TurnEnds['end']> =>
    ends.end(turn, how, async (_tx, each) => void ended.push(each))
  const outgoing = (): Promise<{ author: string; content: string }[]> =>
    test.store.db
      .selectFrom('message')
      .select(['author', 'content'])
      .where('direction', '=', 'outgoing')
      .orderBy('id')
      .execute()
  const conversation = (): Promise<{ id: number; status: string; waiting_since: number | null }> =>
    test.store.db
      .selectFrom('conversation')
      .select(['id', 'status', 'waiting_since'])
      .executeTakeFirstOrThrow()
  const turns = (): Promise<{ state: string; version: number; ended_at: number | null }[]> =>
    test.store.db.selectFrom('turn').select(['state', 'version', 'ended_at']).orderBy('id').execute()
  const take = async (): Promise<unknown> =>
    commands.change((await conversation()).id, { type: 'take', agentId: 7 }, { agentId: 7, admin: true })

  it('begins one for what a customer says, and is answered once, as the assistant', async () => {
    await say('在吗')
    at += 500
    await say('什么时候发货')
    expect(await claims.claim(10)).toEqual([])
    const turn = await claimDue()
    expect(turn).toMatchObject({ version: 2, assistant: '售前', attempts: 1 })
    expect(await conversation()).toMatchObject({ status: 'bot', waiting_since: start })
    expect(await end(turn, answer())).toMatchObject({ outcome: 'answered' })
    expect(await outgoing()).toMatchObject([{ author: 'assistant:售前' }])
    expect(await conversation()).toMatchObject({ status: 'bot', waiting_since: null })
    const said = await test.store.db
      .selectFrom('message')
      .select('answered_by')
      .where('direction', '=', 'incoming')
      .execute()
    expect(said).toEqual([{ answered_by: 'assistant:售前' }, { answered_by: 'assistant:售前' }])
    expect(await end(turn, answer())).toMatchObject({ outcome: 'superseded' })
    expect(await outgoing()).toHaveLength(1)
  })

  it('drops an answer that a customer went on after, and answers all of it', async () => {
    await say('发货')
    const first = await claimDue()
    await say('还有能开发票吗')
    expect(await claims.unwanted([first])).toEqual([first])
    expect(await end(first, answer())).toMatchObject({ outcome: 'superseded', messageId: null })
    const second = await claimDue()
    expect(second).toMatchObject({ id: first.id, version: 2, firstMessageId: first.firstMessageId })
    expect(await end(second, answer())).toMatchObject({ outcome: 'answered' })
    expect(await outgoing()).toHaveLength(1)
  })

  it('lets the third answer be given whatever is written, and opens the next turn for that', async () => {
    await say('一')
    for (const text of ['二', '三']) {
      await claimDue()
      await say(text)
    }
    const third = await claimDue()
    expect(third).toMatchObject({ version: 3, isLast: true })
    await say('四')
    await say('五')
    expect(await claims.unwanted([third])).toEqual([])
    expect(await end(third, answer())).toMatchObject({ outcome: 'answered' })
    const next = await claimDue()
    expect(next).toMatchObject({ version: 1 })
    expect(next.lastMessageId).toBeGreaterThan(next.firstMessageId)
    expect(next.firstMessageId).toBeGreaterThan(third.lastMessageId)
  })

  it('queues nothing once a person has it, and drops the turn', async () => {
    await say('发货')
    const turn = await claimDue()
    await take()
    expect(await claims.unwanted([turn])).toEqual([turn])
    expect(await end(turn, answer())).toEqual({ outcome: 'taken', messageId: null })
    expect(await outgoing()).toEqual([])
    expect(await turns()).toMatchObject([{ state: 'dropped' }])
  })

  it('queues nothing after a rule handed over, also where it is the bot’s again', async () => {
    await say('发货')
    const turn = await claimDue()
    await say('人工')
    const { id } = await conversation()
    await commands.change(id, { type: 'release' }, { agentId: null, admin: true })
    expect(await end(turn, answer())).toMatchObject({ outcome: 'taken' })
    expect(await outgoing()).toEqual([])
    await say('那好吧')
    expect(await turns()).toMatchObject([{ state: 'dropped' }, { state: 'quiet', version: 1 }])
  })

  it('hands over with its words in one commit, and counts the wait from the first message', async () => {
    await say('能开专票吗')
    const turn = await claimDue()
    const how: TurnEnd = { kind: 'handoff', reason: 'no_entry', words: '为您转接人工' }
    expect(await end(turn, how)).toMatchObject({ outcome: 'handed_off' })
    expect(await conversation()).toMatchObject({ status: 'waiting', waiting_since: start })
    expect(await outgoing()).toMatchObject([{ content: expect.stringContaining('为您转接人工') as string }])
  })

  it('gives people what the allowance leaves no answer for', async () => {
    await say('你好')
    await say('你好')
    await say('你好')
    at += 2000
    await test.store.db
      .updateTable('message')
      .set({ state: 'accepted', sent_at: at })
      .where('direction', '=', 'outgoing')
      .execute()
    await test.store.db.updateTable('conversation').set({ corrected: null }).execute()
    await say('发货')
    await test.store.db.updateTable('conversation').set({ corrected: 'count' }).execute()
    const turn = await claimDue()
    expect(await end(turn, answer())).toMatchObject({ outcome: 'no_allowance', messageId: null })
    expect(await conversation()).toMatchObject({ status: 'waiting' })
  })

  it('queues nothing of an answer that is not true any more, and leaves the turn open', async () => {
    await say('发货')
    const turn = await claimDue()
    const stale: TurnEnd = {
      kind: 'answer',
      messages: [{ msgType: 'text', content: '旧' }],
      isStillTrue: async () => false,
    }
    expect(await end(turn, stale)).toBe(CHANGED)
    expect(await outgoing()).toEqual([])
    expect(await end(turn, answer())).toMatchObject({ outcome: 'answered' })
  })

  it('begins anew what a process left, and says how often', async () => {
    await say('发货')
    await claimDue()
    await claims.recover(everyShard.owned)
    expect(await claimDue()).toMatchObject({ attempts: 2 })
  })

  it('says when the next is due', async () => {
    expect(await claims.nextIn()).toBeUndefined()
    await say('什么时候发货？')
    expect(await claims.nextIn()).toBe(600)
    at += 10_000
    expect(await claims.nextIn()).toBe(0)
  })

  it('is never opened in a sub-merchant’s session, where nothing can be said', async () => {
    await say('什么时候发货', 'oBusiness', { BusinessId: 7 })
    expect(await turns()).toEqual([])
    expect(await conversation()).toMatchObject({ status: 'waiting' })
  })

  it('does not count a picture of the turn as answered by two', async () => {
    await say('发货')
    const turn = await claimDue()
    await say('你好')
    // A rule answered what came meanwhile: the turn goes on, and both are said.
    expect(await end(turn, answer())).toMatchObject({ outcome: 'answered' })
    expect((await outgoing()).map(({ author }) => author)).toEqual(['bot', 'assistant:售前'])
  })

  async function erase(conversationId: number): Promise<void> {
    const { contact_id: contactId } = await test.store.db
      .selectFrom('conversation')
      .select('contact_id')
      .where('id', '=', conversationId)
      .executeTakeFirstOrThrow()
    const pictures = { notePictures: async () => undefined, removePictures: async () => undefined }
    await eraseContact(
      { store: test.store, ...pictures, now: () => at, wait: async () => undefined },
      contactId,
    )
  }

  it.each(['take', 'burst', 'handoff', 'close', 'erase'] as const)(
    `never says anything at a new owner’s, nor twice, in ${RACES} races with a %s`,
    { timeout: 2000 * RACES },
    async (rival) => {
      for (let race = 0; race < RACES; race++) {
        const openId = `oRace${race}`
        await say('发货', openId)
        const turn = await claimDue()
        const acts = {
          take: () =>
            commands.change(turn.conversationId, { type: 'take', agentId: 7 }, { agentId: 7, admin: true }),
          close: () => commands.change(turn.conversationId, { type: 'close' }, { agentId: 7, admin: true }),
          burst: () => say('还有', openId),
          handoff: () => say('人工', openId),
          erase: () => erase(turn.conversationId),
        }
        const both = [() => end(turn, answer()), acts[rival]]
        if (race % 2 === 1) both.reverse()
        await Promise.all(both.map((act) => act()))
        const said = await test.store.db
          .selectFrom('message')
          .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
          .select(['message.epoch', 'message.state', 'conversation.epoch as now'])
          .where('message.conversation_id', '=', turn.conversationId)
          .where('direction', '=', 'outgoing')
          .execute()
        expect(said.length).toBeLessThanOrEqual(1)
        // What was said before somebody took it is cancelled by the take.
        if (rival === 'erase') expect(said).toEqual([])
        if (rival === 'take' || rival === 'close')
          expect(said.filter((each) => each.state === 'queued')).toEqual([])
        const open = await test.store.db
          .selectFrom('turn')
          .select('id')
          .where('conversation_id', '=', turn.conversationId)
          .where('ended_at', 'is', null)
          .execute()
        // A burst is answered by the turn that took it in, or by the next one: somebody is always to answer.
        expect(open).toHaveLength(rival === 'burst' ? 1 : 0)
        if (rival === 'burst') await end(await claimDue(), { kind: 'silence' })
      }
    },
  )
})
