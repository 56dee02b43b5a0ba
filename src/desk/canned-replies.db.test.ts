import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { CannedReplies } from './canned-replies.js'
import { pinyinOf } from '../people/pinyin.js'
import { cannedReplyInput } from './schemas/canned-reply-view.js'

describe('a title in Latin letters', () => {
  it.each([
    ['退款说明', ['tuikuanshuoming', 'tksm']],
    ['重新发货', ['chongxinfahuo', 'cxfh']],
    ['银行卡 VIP', ['yinhangkavip', 'yhkvip']],
    ['女装', ['nvzhuang', 'nz']],
    ['Hello', ['hello']],
    ['…', []],
  ])('of %s is %j', async (title, pinyin) => {
    expect(await pinyinOf(title)).toEqual(pinyin)
  })
})

describe('the placeholders of a canned reply', () => {
  const problem = (content: string) =>
    cannedReplyInput.safeParse({ title: '您好', content }).error?.issues[0]?.message
  it('are those that the page can fill', () => {
    expect(
      problem('{{contact.name}}您好，我是 {{ agent.name }}，{{sessionFrom}}，{{app.name}}'),
    ).toBeUndefined()
    expect(problem('{{contact.phone}}')).toMatch(/unknown placeholder \{\{contact\.phone\}\}/)
    expect(problem('您好 {{contact.name')).toMatch(/does not close/)
  })
})

describe.each(await storeKinds())('canned replies on %s', (kind) => {
  let database: TestStore
  let replies: CannedReplies
  const all = { apps: 'all' } as const
  const one = { apps: ['wx1'] }
  const input = (title: string, shortcut: string | null = null, appId: string | null = null) => ({
    title,
    content: '{{contact.name}}您好',
    shortcut,
    appId,
  })
  beforeEach(async () => {
    database = await makeStore(kind)
    replies = new CannedReplies({ store: database.store, now: () => 1 })
  })
  afterEach(() => database.remove())

  it('are added, changed and removed', async () => {
    const added = await replies.add(input('退款', 'tk'), all)
    expect(await replies.list(all)).toEqual([added])
    const changed = await replies.change(added.id, input('退货', 'tk'), all)
    expect(changed).toMatchObject({ id: added.id, title: '退货', pinyin: ['tuihuo', 'th'] })
    expect(await replies.list(all)).toEqual([changed])
    await replies.remove(added.id, all)
    expect(await replies.list(all)).toEqual([])
    await expect(replies.remove(added.id, all)).rejects.toMatchObject({ status: 404 })
  })

  it('have a shortcut that no other has', async () => {
    await replies.add(input('退款', 'tk'), all)
    await replies.add(input('无', null), all)
    const other = await replies.add(input('也无', null), all)
    await expect(replies.add(input('特快', 'tk'), all)).rejects.toMatchObject({ status: 409 })
    await expect(replies.change(other.id, input('特快', 'tk'), all)).rejects.toMatchObject({ status: 409 })
  })

  it('are seen and written by those who may see their Mini Program', async () => {
    const forAll = await replies.add(input('公共'), all)
    const forOther = await replies.add(input('别家', null, 'wx2'), all)
    const own = await replies.add(input('自家', null, 'wx1'), one)
    expect((await replies.list(one)).map(({ id }) => id).sort()).toEqual([forAll.id, own.id].sort())
    await expect(replies.change(forOther.id, input('改', null, 'wx1'), one)).rejects.toMatchObject({
      status: 404,
    })
    await expect(replies.remove(forOther.id, one)).rejects.toMatchObject({ status: 404 })
    await expect(replies.remove(forAll.id, one)).rejects.toMatchObject({ status: 403 })
    await expect(replies.change(own.id, input('改', null, null), one)).rejects.toMatchObject({ status: 403 })
    await expect(replies.add(input('改', null, 'wx2'), one)).rejects.toMatchObject({ status: 403 })
  })
})
