import type { AttemptResult } from '../emulator/push-attempt.js'
import type { Bilingual } from '../protocol/bilingual.js'

/** What became of one push, as WeChat sees it. */
export type Outcome = { readonly ms: number } & (
  | { readonly kind: 'success' | 'empty' | 'transfer' | 'late' }
  | { readonly kind: 'status'; readonly status: number }
  /** `why` is in English. */
  | { readonly kind: 'unreachable' | 'body'; readonly why: string }
)

export function outcomeOf({ attempt, answer, failure }: AttemptResult): Outcome {
  const { durationMs: ms, response, problem } = attempt
  const why = problem ?? ''
  switch (failure) {
    case null:
      if (answer === 'transfer') return { kind: 'transfer', ms }
      return { kind: response?.body === '' ? 'empty' : 'success', ms }
    case 'late':
      return { kind: 'late', ms }
    case 'status':
      return { kind: 'status', status: response?.status ?? 0, ms }
    case 'unreachable':
    case 'stopped':
      return { kind: 'unreachable', why, ms }
    case 'answer':
    case 'too_large':
      return { kind: 'body', why, ms }
  }
}

/** Whether WeChat takes it for an answer. */
export function isAnswered({ kind }: Outcome): boolean {
  return kind === 'success' || kind === 'empty' || kind === 'transfer'
}

/** Says what came back. The body of an answer is not shown: what stands in a stranger's error page is not ours to print. */
export function outcomeText(outcome: Outcome, timeoutMs: number): Bilingual {
  switch (outcome.kind) {
    case 'success':
      return { zh: '应答 success。', en: 'Answered success.' }
    case 'empty':
      return { zh: '应答空串，与 success 相同。', en: 'Answered with nothing, which counts as success.' }
    case 'transfer':
      return {
        zh: '应答转接：客户转给微信自带的客服工具，之后的消息不再推送到这里。',
        en: 'Answered with a transfer: WeChat’s own agent tool gets the customer, and this URL no further messages.',
      }
    case 'late':
      return {
        zh: `${timeoutMs / 1000} 秒内没有应答，微信视为没有应答。`,
        en: `No answer within ${timeoutMs / 1000} s, which WeChat counts as none.`,
      }
    case 'unreachable':
      return { zh: '连不上，或连接中断。', en: outcome.why }
    case 'status':
      return {
        zh: `应答的状态码是 ${outcome.status}，微信只认 200。${statusHint(outcome.status).zh}`,
        en: `Answered ${outcome.status}, and WeChat takes only 200.${statusHint(outcome.status).en}`,
      }
    case 'body':
      return { zh: '应答的正文不是 success、空串或有效的转接。', en: outcome.why }
  }
}

function statusHint(status: number): Bilingual {
  if (status >= 300 && status < 400) return { zh: '微信不跟随跳转。', en: ' WeChat follows no redirect.' }
  if (status === 401 || status === 403)
    return { zh: '两边的 Token、密钥或加密方式不同？', en: ' Do Token, key or mode differ?' }
  if (status === 404 || status === 405) return { zh: '路径对吗？', en: ' Is the path right?' }
  return { zh: '', en: '' }
}
