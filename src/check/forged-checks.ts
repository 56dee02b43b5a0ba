import type { Bilingual } from '../protocol/bilingual.js'
import type { EncodedPush } from '../wechat/index.js'
import type { PushCheckOptions } from './base-checks.js'
import type { CheckName } from './check-names.js'
import type { Way, WrittenPush } from './check-pushes.js'
import type { CheckRow, Verdict } from './check-row.js'
import { judgeForged } from './judgement.js'
import type { Outcome } from './outcome.js'

/** A timestamp that is a replay and no late repeat. */
const STALE_SECONDS = 24 * 60 * 60

interface ForgedOptions extends PushCheckOptions {
  /** The answer to a push of WeChat's own. */
  readonly usual: Outcome
  /** Whether the mode was told, so that plain text is known not to be wanted where it is secure. */
  readonly isModeTold: boolean
  readonly now: () => number
}

interface Forgery {
  readonly check: CheckName
  readonly written: WrittenPush
  /** The verdict where it is taken. */
  readonly atMost: Verdict
  readonly meaning: Bilingual
}

/** Pushes what a stranger might, each to be refused. */
export async function* checkForgeries(way: Way, options: ForgedOptions): AsyncGenerator<CheckRow> {
  const { line, timeoutMs, usual } = options
  for (const { check, written, atMost, meaning } of forgeries(way, options)) {
    const outcome = await line.push(written)
    if (!outcome) return
    yield { check, ...way, ms: outcome.ms, ...judgeForged(outcome, { timeoutMs, usual, atMost, meaning }) }
  }
}

function forgeries(way: Way, { pushes, isModeTold, now }: ForgedOptions): Forgery[] {
  const secrets = pushes.secretsOf(way.mode)
  const stale = pushes.text(way, { options: { timestamp: Math.floor(now() / 1000) - STALE_SECONDS } })
  const always: Forgery[] = [
    {
      check: 'forged.signature',
      written: pushes.text(way, { secrets: { ...secrets, token: `${secrets.token}x` } }),
      atMost: 'wrong',
      meaning: anybody,
    },
    {
      check: 'forged.unsigned',
      written: changed(pushes.text(way), unsigned),
      atMost: 'wrong',
      meaning: anybody,
    },
    { check: 'forged.stale', written: stale, atMost: 'warn', meaning: replay },
  ]
  if (way.mode === 'plain') return always
  // In compatible mode the plain text beside the ciphertext is meant to be read, by `signature` alone.
  const atMost = way.mode === 'compatible' ? 'warn' : 'wrong'
  const encrypted: Forgery[] = [
    { check: 'forged.tampered', written: changed(pushes.text(way), tampered), atMost, meaning: rewritten },
    {
      check: 'forged.appId',
      written: pushes.text(way, { secrets: { ...secrets, appId: otherAppId(secrets.appId) } }),
      atMost,
      meaning: otherApp,
    },
  ]
  if (way.mode !== 'secure') return [...always, ...encrypted]
  const plaintext: Forgery = {
    check: 'forged.plaintext',
    written: { ...pushes.text({ ...way, mode: 'plain' }), secrets },
    atMost: isModeTold ? 'wrong' : 'warn',
    meaning: unencrypted,
  }
  return [...always, ...encrypted, plaintext]
}

function changed(written: WrittenPush, change: (push: EncodedPush) => EncodedPush): WrittenPush {
  return { ...written, push: change(written.push) }
}

function unsigned(push: EncodedPush): EncodedPush {
  const names = new Set(['signature', 'msg_signature'])
  return {
    ...push,
    query: Object.fromEntries(Object.entries(push.query).filter(([name]) => !names.has(name))),
  }
}

/** One letter in the middle of the ciphertext is another. */
function tampered(push: EncodedPush): EncodedPush {
  const body = push.body.replace(/[A-Za-z0-9+/]{60,}={0,2}/, (encrypted) => {
    const middle = Math.floor(encrypted.length / 2)
    const other = encrypted[middle] === 'A' ? 'B' : 'A'
    return encrypted.slice(0, middle) + other + encrypted.slice(middle + 1)
  })
  return { ...push, body }
}

/** As long as the right one, and another. */
function otherAppId(appId: string): string {
  const last = appId.at(-1) === '0' ? '1' : '0'
  return appId.slice(0, -1) + last
}

const anybody: Bilingual = {
  zh: '任何人都能冒充客户发消息。核对签名，不符就应答 403。',
  en: 'Anybody can write in a customer’s name. Check the signature and answer 403 where it is wrong.',
}
const replay: Bilingual = {
  zh: '截获的推送可以反复重放。微信没有要求检查时间戳，但检查更安全（kefu 允许相差 10 分钟）。',
  en: 'A recorded push can be replayed for ever. WeChat does not ask for it, but checking the timestamp is safer (kefu allows 10 minutes).',
}
const rewritten: Bilingual = {
  zh: '没有核对 msg_signature：密文可以被改写。',
  en: 'msg_signature is not checked: the ciphertext can be rewritten.',
}
const otherApp: Bilingual = {
  zh: '解密后没有核对 AppID：同一个密钥的另一个小程序可以冒充。',
  en: 'The AppID inside is not compared: another Mini Program with the same key can pose as this one.',
}
const unencrypted: Bilingual = {
  zh: '安全模式下应拒绝明文：signature 不覆盖正文，见过一次推送地址的人就能伪造。在微信后台选了明文或兼容模式时才是对的。',
  en: 'Secure mode must refuse plain text: signature does not cover the body, so whoever saw one push’s URL can forge. It is right only where 明文 or 兼容模式 is chosen.',
}
