import { sign } from '../wechat/index.js'
import type { Bilingual } from '../protocol/bilingual.js'
import type { CheckName } from './check-names.js'
import type { CheckRow, Judgement } from './check-row.js'
import type { ReceiverLine, UrlAnswer } from './receiver-line.js'

/** The questions of one kind: WeChat's GET when the URL is saved, and those of others. */
export interface UrlCheckOptions {
  readonly line: ReceiverLine
  readonly token: string
  readonly now: () => number
  /** A number of about 20 digits, another one each time. */
  readonly echostr: () => string
}

export async function* checkUrl({ line, token, now, echostr }: UrlCheckOptions): AsyncGenerator<CheckRow> {
  const timestamp = String(Math.floor(now() / 1000))
  const nonce = echostr().slice(0, 9)
  const asked = async (
    check: CheckName,
    signature: string | undefined,
    judge: (answer: UrlAnswer, echostr: string) => Judgement,
  ): Promise<CheckRow> => {
    const echo = echostr()
    const answer = await line.ask({
      ...(signature !== undefined && { signature }),
      echostr: echo,
      timestamp,
      nonce,
    })
    const about = { check, mode: null, format: null }
    if (!answer) return { ...about, ms: null, verdict: 'skipped', found: noRequestLeft, meaning: null }
    return { ...about, ms: answer.ms, ...judge(answer, echo) }
  }
  yield asked('url.good', sign(token, timestamp, nonce), judgeEcho)
  yield asked('url.forged', sign(`${token}x`, timestamp, nonce), judgeLeak)
  yield asked('url.unsigned', undefined, judgeLeak)
}

function judgeEcho({ exchanged }: UrlAnswer, echostr: string): Judgement {
  const { response, problem } = exchanged
  if (exchanged.failure === 'late')
    return { verdict: 'wrong', found: { zh: '没有按时应答。', en: problem ?? '' }, meaning: notSaved }
  if (response === null || problem !== null)
    return {
      verdict: 'wrong',
      found: {
        zh: response ? `应答的状态码是 ${response.status}。` : '连不上，或连接中断。',
        en: problem ?? '',
      },
      meaning: notSaved,
    }
  if (response.body === echostr)
    return {
      verdict: 'ok',
      found: { zh: '原样返回 echostr。', en: 'Answers the echostr as it is.' },
      meaning: null,
    }
  return { verdict: 'wrong', found: differenceOf(response.body, echostr), meaning: notSaved }
}

/** Says how an answer differs from the echostr, in the ways that it usually does. */
function differenceOf(body: string, echostr: string): Bilingual {
  if (body === '') return { zh: '应答是空的。', en: 'The answer is empty.' }
  if (body.startsWith('\uFEFF'))
    return { zh: 'echostr 前多了 BOM。', en: 'A byte order mark stands before the echostr.' }
  if (body.trim() === echostr)
    return { zh: 'echostr 前后多了空白或换行。', en: 'Blanks or line feeds stand around the echostr.' }
  if (body.trim() === `"${echostr}"`)
    return {
      zh: 'echostr 带了引号：被写成 JSON。',
      en: 'The echostr stands in quotes: it was written as JSON.',
    }
  if (body.includes(echostr))
    return { zh: 'echostr 之外还有别的内容。', en: 'More than the echostr is answered.' }
  if (Number(body) === Number(echostr))
    return {
      zh: 'echostr 被当作数字，丢了末尾几位。',
      en: 'The echostr was read as a number and lost its last digits.',
    }
  return { zh: '应答不是 echostr。', en: 'Something else is answered.' }
}

function judgeLeak({ exchanged }: UrlAnswer, echostr: string): Judgement {
  const { response, failure } = exchanged
  if (response?.body.includes(echostr) === true)
    return {
      verdict: 'wrong',
      found: {
        zh: '没有核对签名就返回了 echostr。',
        en: 'The echostr is answered without a good signature.',
      },
      meaning: echoesAnybody,
    }
  if (response === null)
    return {
      verdict: 'warn',
      found: { zh: '没有返回 echostr，但也没有应答。', en: 'No echostr, and no answer either.' },
      meaning: null,
    }
  const { status } = response
  return {
    verdict: failure === 'status' && status >= 500 ? 'warn' : 'ok',
    found: { zh: `没有返回 echostr（${status}）。`, en: `No echostr (${status}).` },
    meaning: null,
  }
}

const noRequestLeft: Bilingual = { zh: '请求次数已用完。', en: 'No request was left.' }
const notSaved: Bilingual = {
  zh: '在微信后台保存时会提示「Token校验失败」或「请求URL超时」。',
  en: 'Saving it at mp.weixin.qq.com fails with 「Token校验失败」 or 「请求URL超时」.',
}
const echoesAnybody: Bilingual = {
  zh: '任何人都能让这个地址返回自己写的内容，也能让微信接受一个不核对签名的地址。先核对 signature。',
  en: 'Anybody can have this URL answer what they wrote, and it may not check pushes either. Check the signature first.',
}
