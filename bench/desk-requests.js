/** How long the service takes for what a desk asks of it. */
import { KEY } from './start.js'

const TIMES = 20

/** Each question with its times in milliseconds, until the answer is read. */
export async function requests(url, conversations) {
  const times = new Map()
  async function ask(what, paths) {
    const taken = []
    for (let i = 0; i < TIMES; i++) {
      const began = performance.now()
      const answer = await fetch(`${url}/api/v1${paths(i)}`, { headers: { Authorization: `Bearer ${KEY}` } })
      const body = await answer.json()
      taken.push(performance.now() - began)
      if (!answer.ok) throw new Error(`${paths(i)} answered ${answer.status}`)
      if (body.items?.length === 0 && !what.includes('nothing')) throw new Error(`${paths(i)} found nothing`)
    }
    times.set(what, taken)
  }
  const list = (query) => () => `/conversations?limit=50&${new URLSearchParams(query)}`
  const search = (words) => (i) => list({ q: words(i) })()

  await ask('(warming up)', list({}))
  times.clear()
  await ask('list: waiting', list({ status: 'waiting' }))
  await ask('list: all', list({}))
  const { items } = await (
    await fetch(`${url}/api/v1/conversations?limit=200`, { headers: { Authorization: `Bearer ${KEY}` } })
  ).json()
  await ask('list: a common tag', list({ tag: '售后' }))
  await ask('list: a rare tag', list({ tag: 'vip' }))
  await ask('list: a source', list({ source: 'page=goods&id=7' }))
  await ask('list: failed sends', list({ failed: 'true' }))
  await ask('list: time ends in 6 h', list({ expiring: '6' }))
  await ask('list: who waits longest', list({ status: 'waiting', sort: 'waiting' }))
  await ask('list: whose time ends first', list({ sort: 'expiring' }))
  await ask('counts', () => '/counts')
  await ask('sources', () => '/sources')
  await ask('thread', (i) => `/conversations/${items[i * 3].id}/messages?limit=50`)
  await ask(
    'search: few messages have it',
    search((i) => `订单 ${conversations / 2 + i} 三天`),
  )
  await ask(
    'search: every message has it',
    search((i) => ['发货', '麻烦帮我', '三天', '谢谢'][i % 4]),
  )
  await ask(
    'search: one character',
    search((i) => ['货', '查', '单'][i % 3]),
  )
  await ask(
    'search: a name',
    search((i) => `客户${77 + i}`),
  )
  await ask(
    'search: nothing',
    search((i) => `没有这样的话${i}`),
  )
  await ask('search: a common word, failed sends', (i) => `${search(() => '发货')(i)}&failed=true`)
  return times
}
