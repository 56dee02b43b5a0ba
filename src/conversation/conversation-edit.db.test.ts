import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appId, changeConversation, conversationRow } from '../../test/support/conversations.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { restorePush, type OutgoingMessage, type Push } from '../wechat/index.js'
import type { OutgoingCost } from './allowance.js'
import { AllowanceError } from './allowance-error.js'
import { ConversationEdit } from './conversation-edit.js'
import { openConversations } from './conversation-rows.js'
import { UnitOfWork } from './unit-of-work.js'

const start = 1_700_000_000_000
const rules = { afterMessage: 5, afterEnter: 2, humanReserve: 2 }
const say = (content: string): OutgoingMessage => ({ msgType: 'text', content })

describe.each(await storeKinds())('an edit of a conversation on %s', (kind) => {
  let test: TestStore
  let at: number
  let msgIds: number

  beforeEach(async () => {
    test = await makeStore(kind)
    at = start
    msgIds = 0
  })
  afterEach(() => test.remove())

  /** One transaction that edits oLin's conversation. */
  async function edit(
    act: (edit: ConversationEdit) => unknown,
    costs: readonly OutgoingCost[] = [],
  ): Promise<void> {
    const { store } = test
    await store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, store.dialect, at)
      const found = await openConversations(tx, store.dialect, [{ appId, openId: 'oLin' }], at)
      const [one] = found.values()
      if (!one) throw new Error('nobody was found')
      await act(new ConversationEdit(unit, one, rules, costs))
      await unit.flush()
    })
  }
  function push(fields: object = {}): Push {
    const plaintext = JSON.stringify({
      ToUserName: 'gh_1',
      FromUserName: 'oLin',
      CreateTime: Math.floor(at / 1000),
      MsgType: 'text',
      Content: '你好',
      MsgId: ++msgIds,
      ...fields,
    })
    return restorePush({ appId, plaintext })
  }
  const enters = (): Push =>
    push({ MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'goods:1', MsgId: undefined })
  const conversation = () => conversationRow(test.store, 1)
  const written = () => test.store.db.selectFrom('message').selectAll().orderBy('id').execute()
  async function lines(): Promise<string[]> {
    return (await written()).map(({ author, content }) => {
      const { content: text, line, reason } = JSON.parse(content) as Record<string, string | undefined>
      return [author, text ?? line, reason].filter((part) => part !== undefined).join(' ')
    })
  }
  /** How often pages were told of the conversation itself. */
  async function told(): Promise<number> {
    const rows = await test.store.db.selectFrom('feed').select('kind').execute()
    return rows.filter(({ kind: of }) => of === 'conversation').length
  }
  const epochs = async (): Promise<number[]> => (await written()).map(({ epoch }) => epoch)

  describe('takes in', () => {
    it('a message: it is written, gives its allowance, and its customer waits', async () => {
      await edit((it) => {
        it.receive(push(), 7, at + 2003)
      })
      expect(await written()).toMatchObject([
        {
          direction: 'incoming',
          author: 'contact',
          msg_type: 'text',
          push_id: 7,
          state: null,
          once_key: null,
        },
      ])
      expect(await conversation()).toMatchObject({
        status: 'bot',
        epoch: 0,
        message_seconds: at / 1000,
        message_received_at: at + 2003,
        waiting_since: at + 2003,
      })
    })

    it('a second message, of which the wait began with the first', async () => {
      await edit((it) => {
        it.receive(push(), 1, at)
      })
      at += 9000
      await edit((it) => {
        it.receive(push(), 2, at)
      })
      expect(await conversation()).toMatchObject({ waiting_since: start, message_received_at: start + 9000 })
    })

    it('an entry: where from, what it gives, and nobody who waits', async () => {
      await edit((it) => {
        it.receive(enters(), 7, at + 3)
        expect(it.contact.sessionFrom).toBe('goods:1')
        expect(it.repliesLeft).toBe(2)
      })
      expect(await lines()).toEqual(['system entered'])
      expect((await written())[0]?.push_id).toBe(7)
      expect(await conversation()).toMatchObject({
        enter_seconds: at / 1000,
        enter_received_at: at + 3,
        message_seconds: null,
        waiting_since: null,
      })
      const [contact] = await test.store.db.selectFrom('contact').select('session_from').execute()
      expect(contact?.session_from).toBe('goods:1')
    })

    it('an entry of a customer whose id is not the conversation’s, and notes who answered it', async () => {
      await test.store.db
        .insertInto('contact')
        .values({ app_id: appId, open_id: 'oOld', created_at: at, seen_at: at })
        .execute()
      await edit(async (it) => {
        it.receive(enters(), 7, at)
        it.answersAs('rule:欢迎')
        await it.send('oLin', say('欢迎'))
      })
      const contacts = await test.store.db
        .selectFrom('contact')
        .select(['open_id', 'session_from'])
        .orderBy('id')
        .execute()
      expect(contacts.map((row) => row.session_from)).toEqual([null, 'goods:1'])
      expect((await written()).map((row) => row.answered_by)).toEqual(['rule:欢迎', null])
    })

    it('no other event', async () => {
      await edit((it) => {
        it.receive(push({ MsgType: 'event', Event: 'else' }), 7, at)
        expect(it.received).toBeUndefined()
      })
      expect(await lines()).toEqual([])
      await edit((it) => {
        it.receive(push(), 8, at)
        it.receive(push({ MsgType: 'event', Event: 'else' }), 9, at)
        expect(it.received).toBeUndefined()
      })
      expect(await lines()).toHaveLength(1)
    })

    it('a message to a closed conversation, which opens for the bot under a new epoch', async () => {
      await edit((it) => {
        it.receive(push(), 1, at)
      })
      await changeConversation(test.store, 1, { status: 'closed', epoch: 4 })
      await edit(async (it) => {
        it.receive(push(), 2, at)
        await it.send('oLin', say('在'))
      })
      expect(await conversation()).toMatchObject({ status: 'bot', epoch: 5 })
      expect(await epochs()).toEqual([0, 5, 5])
      // Pages are told that it is another's now.
      expect(await told()).toBe(1)
    })

    it.each(['message', 'entry'])('what WeChat said of the count is void after a %s', async (what) => {
      await edit((it) => {
        it.receive(push(), 1, at)
      })
      await changeConversation(test.store, 1, { corrected: 'count' })
      await edit((it) => {
        expect(it.repliesLeft).toBe(0)
        it.receive(what === 'message' ? push() : enters(), 2, at)
        expect(it.repliesLeft).toBe(3)
      })
      expect((await conversation()).corrected).toBeNull()
    })

    it('a push without its time, by when it came', async () => {
      await edit((it) => {
        it.receive(push({ CreateTime: 0 }), 1, at + 1999)
      })
      expect((await conversation()).message_seconds).toBe(at / 1000 + 1)
    })

    it('what can’t be read as it came, and gives it to people', async () => {
      const unreadable = { ...push(), plaintext: '{"half', unreadable: { isEvent: false, problem: 'odd' } }
      await edit((it) => {
        it.receive(unreadable as unknown as Push, 1, at)
        expect(it.handoffReason).toBe('unreadable')
      })
      expect(await lines()).toEqual(['contact {"half', 'system handoff unreadable'])
      expect(await conversation()).toMatchObject({ status: 'waiting', message_received_at: at })
    })

    it('an event that can’t be read, which gives nothing and nobody answers', async () => {
      const unreadable = { ...push(), plaintext: '{"half', unreadable: { isEvent: true, problem: 'odd' } }
      await edit((it) => {
        it.receive(unreadable as unknown as Push, 1, at)
      })
      expect(await lines()).toEqual(['contact {"half'])
      const [line] = await written()
      expect(await conversation()).toMatchObject({
        status: 'bot',
        message_received_at: null,
        last_message_id: line?.id,
      })
    })

    it('the next push of the same transaction as one of its own', async () => {
      await edit(async (it) => {
        it.receive(push(), 1, at)
        it.answersAs('rule:问候')
        await it.send('oLin', say('一'))
        expect([it.answered, it.isAnsweredByRule]).toEqual([true, true])
        it.handoff('问人')
        it.receive(push(), 2, at)
        expect([it.answered, it.isAnsweredByRule, it.handoffReason]).toEqual([false, false, undefined])
        await it.send('oLin', say('二'))
      })
      const rows = await written()
      expect(rows.map((row) => row.answered_by)).toEqual(['rule:问候', null, null, 'bot', null])
      // Its replies are counted from its own beginning: so a second run of it finds them.
      expect(rows.at(-1)).toMatchObject({ author: 'bot', push_id: 2 })
      expect(rows.at(-1)?.once_key).toMatch(/^push:2:0:/)
    })
  })

  describe('replies', () => {
    it('are queued in their order under the epoch of the run, with a key of their own', async () => {
      await edit(async (it) => {
        it.receive(push(), 7, at)
        await it.send('oLin', say('一'))
        await it.send('oLin', say('一'))
        expect(it.answered).toBe(true)
      })
      const replies = (await written()).slice(1)
      expect(replies).toMatchObject([
        { direction: 'outgoing', author: 'bot', state: 'queued', epoch: 0, push_id: 7 },
        { direction: 'outgoing', author: 'bot', state: 'queued', epoch: 0, push_id: 7 },
      ])
      expect(replies.map((row) => row.once_key?.replace(/:[^:]*$/, ''))).toEqual(['push:7:0', 'push:7:1'])
      expect((await written())[0]?.answered_by).toBe('bot')
    })

    it('go out also after the run’s own handoff, whose epoch they carry', async () => {
      await edit(async (it) => {
        it.receive(push(), 7, at)
        await it.send('oLin', say('一'))
        it.handoff('问人')
        await it.send('oLin', say('请稍候'))
      })
      expect(await lines()).toEqual(['contact 你好', 'bot 一', 'system handoff 问人', 'bot 请稍候'])
      expect(await epochs()).toEqual([0, 0, 1, 1])
      expect((await conversation()).epoch).toBe(1)
    })

    it('leave people their reserve, and say so', async () => {
      await edit(async (it) => {
        it.receive(push(), 7, at)
        for (const left of [3, 2, 1]) {
          expect(it.repliesLeft).toBe(left)
          await it.send('oLin', say(String(left)))
        }
        expect(it.repliesLeft).toBe(0)
        const refused = it.send('oLin', say('四'))
        await expect(refused).rejects.toThrow(AllowanceError)
        await expect(refused).rejects.toThrow('kept for people')
      })
      expect(await lines()).toHaveLength(4)
    })

    it('are refused otherwise where WeChat allows nothing more at all', async () => {
      const costs: OutgoingCost[] = Array.from({ length: 5 }, () => ({ state: 'sending', sentAt: null }))
      await edit(async (it) => {
        it.receive(push(), 7, at)
        await expect(it.send('oLin', say('一'))).rejects.toThrow('until the customer writes again')
        await expect(it.replyTo(7, 0, 'bot', say('一'))).rejects.toThrow(AllowanceError)
        expect(it.answered).toBe(false)
      }, costs)
      expect(await lines()).toHaveLength(1)
      expect((await written())[0]?.answered_by).toBeNull()
    })

    it('count what was on its way before', async () => {
      await edit(
        (it) => {
          it.receive(push(), 7, at)
          expect(it.repliesLeft).toBe(2)
        },
        [
          { state: 'queued', sentAt: null },
          { state: 'accepted', sentAt: at - 1 },
        ],
      )
    })

    it('of handlers in code are queued once for each place, over all transactions', async () => {
      const results: boolean[] = []
      for (let n = 0; n < 2; n++)
        await edit(async (it) => {
          if (n === 0) it.receive(push(), 7, at)
          results.push(await it.replyTo(7, 0, 'rule:问候', say('一')))
          results.push(await it.replyTo(7, 1, 'bot', say('一')))
        })
      expect(results).toEqual([true, true, false, false])
      expect(await lines()).toEqual(['contact 你好', 'rule:问候 一', 'bot 一'])
    })

    it('of handlers in code that are queued need no room once more', async () => {
      await edit(async (it) => {
        it.receive(push(), 7, at)
        expect(await it.replyTo(7, 0, 'bot', say('一'))).toBe(true)
      })
      const costs: OutgoingCost[] = Array.from({ length: 5 }, () => ({ state: 'queued', sentAt: null }))
      await edit(async (it) => {
        expect(it.repliesLeft).toBe(0)
        expect(await it.replyTo(7, 0, 'bot', say('一'))).toBe(false)
      }, costs)
    })

    it('of handlers in code are the conversation’s last words, in a transaction of their own', async () => {
      await edit((it) => {
        it.receive(push(), 7, at)
      })
      await edit((it) => it.replyTo(7, 0, 'bot', say('一')))
      expect((await conversation()).last_message_id).toBe((await written())[1]?.id)
    })

    it('are written once though two transactions queue them', async () => {
      for (let n = 0; n < 2; n++)
        await edit(async (it) => {
          it.receive(push(), 7, at)
          await it.send('oLin', say('一'))
        })
      expect((await lines()).filter((line) => line === 'bot 一')).toHaveLength(1)
    })
  })

  describe('hands over', () => {
    it('for the first reason that is given, and says it once', async () => {
      await edit((it) => {
        it.receive(push(), 7, at)
        it.handoff('问人')
        it.handoffFor('unanswered')
        expect([it.handoffReason, it.answered, it.conversation.status]).toEqual(['问人', true, 'waiting'])
      })
      expect(await lines()).toEqual(['contact 你好', 'system handoff 问人'])
      expect(await conversation()).toMatchObject({ status: 'waiting', epoch: 1, waiting_since: at })
    })

    it('what nobody answered, and notes that nobody did', async () => {
      await edit((it) => {
        it.receive(push(), 7, at)
        it.handoffFor('unanswered')
      })
      expect((await written())[0]?.answered_by).toBe('nobody')
    })

    it('who does not wait yet, from now on', async () => {
      await edit((it) => {
        it.receive(enters(), 7, at)
        it.handoff('问人')
      })
      expect((await conversation()).waiting_since).toBe(at)
    })

    it('who waits already, since their message, and nobody has answered', async () => {
      await edit((it) => {
        it.receive(push(), 7, at)
      })
      at += 5000
      await edit((it) => {
        it.handoff('问人')
      })
      expect((await conversation()).waiting_since).toBe(start)
      await edit((it) => {
        it.receive(push(), 8, at)
        it.handoff('问人')
      })
      expect((await written()).map((row) => row.answered_by)).toEqual([null, null, null])
    })

    it('nothing that people have already', async () => {
      await edit((it) => {
        it.receive(push(), 1, at)
      })
      await changeConversation(test.store, 1, { status: 'assigned', epoch: 2 })
      await edit((it) => {
        it.handoff('问人')
        expect([it.answered, it.handoffReason]).toEqual([true, '问人'])
      })
      expect(await lines()).toEqual(['contact 你好'])
      expect(await conversation()).toMatchObject({ status: 'assigned', epoch: 2 })
    })
  })

  it('ends the wait of who was answered, but not of who waits for people', async () => {
    await edit(async (it) => {
      it.receive(push(), 1, at)
      await it.send('oLin', say('一'))
      it.settle()
    })
    expect((await conversation()).waiting_since).toBeNull()
    await edit((it) => {
      it.receive(push(), 2, at)
      it.handoff('问人')
      it.settle()
    })
    expect((await conversation()).waiting_since).toBe(at)
  })

  it('counts silence and a transfer as answers', async () => {
    await edit((it) => {
      it.receive(push(), 1, at)
      it.stayedSilent()
      expect(it.answered).toBe(true)
      it.receive(push(), 2, at)
      it.transferred()
      expect(it.answered).toBe(true)
    })
    expect(await lines()).toEqual(['contact 你好', 'contact 你好', 'system transferred'])
  })

  it('keeps the first that answered, where several rules do', async () => {
    await edit(async (it) => {
      it.receive(push(), 1, at)
      it.answersAs('rule:一')
      it.answersAs('rule:二')
      await it.send('oLin', say('好'))
    })
    expect(await written()).toMatchObject([{ answered_by: 'rule:一' }, { author: 'rule:二' }])
  })

  it('puts each tag once', async () => {
    await edit((it) => {
      it.tag('新客')
      it.tag('新客')
      it.tag('大客户')
      expect(it.contact.tags).toEqual(['新客', '大客户'])
      expect(it.newTags).toEqual(['新客', '大客户'])
    })
  })
})
