/**
 * From WeChat's push to the desks: pushes come steadily from all customers, one in ten from the one whose thread is
 * open on the screen.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { addAgent, signIn } from './desk-agents.js'
import { preparePush } from './pushes.js'
import { KEY } from './start.js'
import { pushSteadily } from './steady-load.js'

/** The one whose thread is open. */
const OPEN = 0
const EVERY = 10
const textOf = (number) => `计时${String(number).padStart(6, '0')}`

/** Times from the moment at which each push was due: on the screen, and at the streams of the other desks. */
export async function live({ url, port }, { page }, { seconds, rate, desks, conversations }) {
  await openThread(page, url)
  const readers = await Promise.all(Array.from({ length: desks - 1 }, (_, i) => follow(url, `desk ${i}`)))
  await page.evaluate(`globalThis.seen = new Map();
    globalThis.lookFor = () => {
      for (const [text] of document.querySelector('[role=log]').textContent.matchAll(/计时\\d{6}/g))
        if (!seen.has(text)) requestAnimationFrame(() => { if (!seen.has(text)) seen.set(text, performance.timeOrigin + performance.now()) })
    }
    new MutationObserver(lookFor).observe(document.querySelector('[role=log]'), { childList: true, subtree: true, characterData: true })
    tasks.length = 0`)
  let began = 0
  const warmUp = 100
  const push = (count, from) =>
    pushSteadily({
      port,
      rate,
      seconds: count,
      prepare: (i) =>
        preparePush(
          3_000_000 + from + i,
          'json',
          textOf(from + i),
          i % EVERY === 0 ? OPEN : 1 + ((from + i) % (conversations - 1)),
        ),
      onBegin: (at) => {
        began = at
      },
    })
  await push(Math.max(1, Math.ceil(warmUp / rate)), 900_000)
  const acks = await push(seconds, 0)
  await wait(2000)
  const due = (number) => began + (number * 1000) / rate
  const pushed = Array.from({ length: rate * seconds }, (_, i) => i)
  const seen = new Map(await page.evaluate('[...seen]'))
  const screen = pushed
    .filter((number) => number % EVERY === 0)
    .map((number) => arrival(seen, number) - due(number))
  const streams = readers.flatMap(({ arrived }) =>
    pushed.map((number) => arrival(arrived, number) - due(number)),
  )
  const tasks = await page.evaluate('tasks.map(({ duration }) => duration)')
  for (const reader of readers) reader.close()
  return [
    { what: 'on the screen of one desk', times: screen },
    { what: `at the streams of the ${desks - 1} others`, times: streams },
    { what: 'answered to WeChat', times: acks },
    { what: 'the page’s tasks above 50 ms meanwhile', times: tasks.length > 0 ? tasks : [0] },
  ]
}

function arrival(seen, number) {
  const at = seen.get(textOf(number))
  if (at === undefined) throw new Error(`message ${number} never arrived`)
  return at
}

/** The agent takes the customer's conversation and has it open. */
async function openThread(page, url) {
  const { items } = await (
    await fetch(`${url}/api/v1/conversations?q=${encodeURIComponent('00000')}&limit=200`, {
      headers: { Authorization: `Bearer ${KEY}` },
    })
  ).json()
  const { id } = items.find(({ openId }) => openId.endsWith('I00000'))
  await page.goto(`${url}/#/conversations/${id}`)
  await page.getByRole('button', { name: /^接[入管]$/ }).click()
  await page.getByRole('log').locator('.bubble').first().waitFor()
}

/** A page without a screen: an agent's session that follows the events. */
async function follow(url, name) {
  const cookie = await signIn(url, name, await addAgent(url, name))
  const abort = new AbortController()
  const answer = await fetch(`${url}/api/v1/events`, { headers: { cookie }, signal: abort.signal })
  if (!answer.ok) throw new Error(`GET /events answered ${answer.status}`)
  const arrived = new Map()
  const read = async () => {
    let rest = ''
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      const at = performance.timeOrigin + performance.now()
      const events = (rest + piece).split('\n\n')
      rest = events.pop()
      for (const event of events)
        if (event.includes('\nevent: message\n'))
          for (const [text] of event.matchAll(/计时\d{6}/g)) if (!arrived.has(text)) arrived.set(text, at)
    }
  }
  read().catch(() => undefined)
  return {
    arrived,
    close: () => {
      abort.abort()
    },
  }
}
