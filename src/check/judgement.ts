import type { Bilingual } from '../protocol/bilingual.js'
import { failureLine } from '../wechat/index.js'
import type { Judgement, Verdict } from './check-row.js'
import { isAnswered, outcomeText, type Outcome } from './outcome.js'

/** Judges the answer to a push of WeChat's: it must be answered. `showsFailure`: whether the customer is told when not. */
export function judgeGenuine(
  outcome: Outcome,
  { timeoutMs, showsFailure }: { timeoutMs: number; showsFailure: boolean },
): Judgement {
  const found = outcomeText(outcome, timeoutMs)
  if (isAnswered(outcome)) return { verdict: 'ok', found, meaning: null }
  return { verdict: 'wrong', found, meaning: showsFailure ? failureShown : eventLost }
}

/** Judges a repeat, which must be answered as the first one was, or with success, and soon. */
export function judgeRepeat(
  first: Outcome,
  again: Outcome,
  { timeoutMs, quickMs }: { timeoutMs: number; quickMs: number },
): Judgement {
  const judged = judgeGenuine(again, { timeoutMs, showsFailure: true })
  if (judged.verdict === 'wrong') return judged
  if (again.kind === 'transfer' && first.kind !== 'transfer')
    return { verdict: 'wrong', found: judged.found, meaning: repeatDiffers }
  if (again.ms > quickMs) return { verdict: 'warn', found: judged.found, meaning: repeatSlow }
  return { ...judged, meaning: handledOnce }
}

/**
 * Judges the answer to a push that WeChat did not make: it must not be taken. `atMost` is the verdict where it is, and
 * `usual` the answer to WeChat's own: who answers those with nothing takes this one as well when it answers nothing.
 */
export function judgeForged(
  outcome: Outcome,
  judging: { timeoutMs: number; usual: Outcome; atMost: Verdict; meaning: Bilingual },
): Judgement {
  const { timeoutMs, usual, atMost, meaning } = judging
  const said = outcomeText(outcome, timeoutMs)
  const notRefused = { zh: `没有拒绝。${said.zh}`, en: `Not refused. ${said.en}` }
  switch (outcome.kind) {
    case 'success':
    case 'transfer':
      return { verdict: atMost, found: notRefused, meaning }
    case 'empty':
      if (usual.kind === 'empty') return { verdict: atMost, found: notRefused, meaning }
      return { verdict: 'warn', found: said, meaning: silentRefusal }
    case 'late':
    case 'unreachable':
      return { verdict: 'warn', found: said, meaning: noRefusal }
    case 'body':
      return { verdict: 'ok', found: refused(200), meaning: null }
    case 'status':
      return outcome.status >= 500
        ? { verdict: 'warn', found: refused(outcome.status), meaning: brokenRefusal }
        : { verdict: 'ok', found: refused(outcome.status), meaning: null }
  }
}

/** The worse of two. */
export function worse(one: Judgement, other: Judgement): Judgement {
  return severity[other.verdict] > severity[one.verdict] ? other : one
}

const severity = { skipped: 0, ok: 1, warn: 2, wrong: 3 } as const

function refused(status: number): Bilingual {
  return { zh: `已拒绝（${status}）。`, en: `Refused (${status}).` }
}

export const failureShown: Bilingual = {
  zh: `微信再推送两次；仍无应答时，客户看到「${failureLine}」，这条消息丢失。`,
  en: `WeChat pushes it twice more; without an answer the customer reads 「${failureLine}」 and the message is lost.`,
}
const eventLost: Bilingual = {
  zh: '微信再推送两次；仍无应答时，这个事件丢失，客户看不到提示。',
  en: 'WeChat pushes it twice more; without an answer the event is lost, and nobody is told.',
}
const repeatDiffers: Bilingual = {
  zh: '第一次没有转接，重复时却转接：重复的推送被当作新消息处理。按 MsgId 排重。',
  en: 'The first was not transferred and its repeat is: a repeat is handled as another message. Tell repeats by MsgId.',
}
const repeatSlow: Bilingual = {
  zh: '重复的推送应答慢：很可能又处理了一次。按 MsgId 排重，先应答再处理。',
  en: 'A repeat is answered slowly: it is probably handled again. Tell repeats by MsgId, and answer before the work.',
}
const handledOnce: Bilingual = {
  zh: '应答正确；是否只处理了一次，请在你的记录中查看。',
  en: 'The answer is right; whether it was handled once only your own records show.',
}
const silentRefusal: Bilingual = {
  zh: '空串在微信看来就是 success：看不出是拒绝还是接受。请应答 403。',
  en: 'To WeChat nothing is success: a refusal can’t be told from a consent. Answer 403.',
}
const noRefusal: Bilingual = {
  zh: '没有接受，但也没有应答：陌生人可以这样占住你的连接，或让程序出错。',
  en: 'Not taken, but not answered: strangers can hold your connections that way, or break the program.',
}
const brokenRefusal: Bilingual = {
  zh: '没有接受，但像是程序出错，而不是拒绝。请应答 403。',
  en: 'Not taken, but by a failure rather than a refusal. Answer 403.',
}
