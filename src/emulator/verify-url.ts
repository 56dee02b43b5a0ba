import { sign } from '../wechat/index.js'
import type { EmulatedApp } from './app.js'
import type { VerifyResult } from './protocol.js'
import { exchange, pushAgent, withQuery, type ExchangeOptions, type Outcome } from './exchange.js'
import type { Platform } from './platform.js'

/** Asks a push URL by the GET with which WeChat asks for an echostr. */
export async function askUrl(
  pushUrl: string,
  query: Readonly<Record<string, string>>,
  options: ExchangeOptions,
): Promise<Outcome> {
  const headers = { 'user-agent': 'Mozilla/4.0', accept: '*/*', pragma: 'no-cache' }
  return exchange(withQuery(pushUrl, query), { method: 'GET', headers }, options)
}

/** Asks the push URL for its echostr, as WeChat does when the configuration is saved at mp.weixin.qq.com. */
export async function verifyUrl(
  app: EmulatedApp,
  { clock, random }: Pick<Platform, 'clock' | 'random'>,
  timeoutMs: number,
): Promise<VerifyResult> {
  const draw = (least: number, end: number): string => String(random.int(`verify ${app.appId}`, least, end))
  const timestamp = String(Math.floor(clock.signedNow() / 1000))
  const nonce = draw(0, 2 ** 31)
  // About 20 digits, as WeChat's.
  const echostr = draw(10 ** 9, 10 ** 10) + draw(10 ** 9, 10 ** 10)
  const signature = sign(app.pushSecrets.token, timestamp, nonce)
  const agent = pushAgent()
  const outcome = await askUrl(
    app.pushUrl,
    { signature, echostr, timestamp, nonce },
    { agent, timeoutMs, signal: new AbortController().signal },
  )
  await agent.destroy()
  const status = outcome.response?.status ?? null
  if (outcome.problem !== null) return { ok: false, status, problem: outcome.problem }
  const { body } = outcome.response
  if (body === echostr) return { ok: true, status, problem: null }
  return {
    ok: false,
    status,
    problem: `The answer must be the echostr and nothing else; it was ${JSON.stringify(body.slice(0, 100))}.`,
  }
}
