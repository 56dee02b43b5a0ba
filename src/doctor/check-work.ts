import type { Store } from '../store/index.js'
import { explainErrcode } from '../wechat/index.js'
import type { QueueState } from '../conversation/index.js'
import type { Finding } from './finding.js'

export interface WorkOptions {
  readonly queues: Readonly<Record<'inbox' | 'outbox' | 'webhooks_dead', () => Promise<QueueState>>>
  /** Whether the service runs, so that work should be getting done. */
  readonly running: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Handling takes milliseconds; WeChat's limits hold a send back for a minute. */
const OLD_MS = { inbox: 30_000, outbox: 3 * 60_000 }

/** Whether what came is handled, what is written is sent, and what is to be told is told. */
export async function checkWork({ queues, running, now }: WorkOptions): Promise<Finding[]> {
  const [inbox, outbox, dead] = [await queues.inbox(), await queues.outbox(), await queues.webhooks_dead()]
  const findings: Finding[] = []
  if (running && isOld(inbox, OLD_MS.inbox, now))
    findings.push({
      check: 'inbox',
      level: 'fail',
      found: {
        zh: `${inbox.depth} 个推送等待处理，最早的已等 ${secondsOf(inbox, now)} 秒。`,
        en: `${inbox.depth} pushes wait to be handled, the oldest for ${secondsOf(inbox, now)} s.`,
      },
      todo: {
        zh: '检查日志中的错误、数据库和磁盘；KEFU_BOT 的处理函数可能太慢或卡住。',
        en: 'Look for errors in the log, at the database and the disk; a handler of KEFU_BOT may be slow or stuck.',
      },
    })
  if (running && isOld(outbox, OLD_MS.outbox, now))
    findings.push({
      check: 'outbox',
      level: 'warn',
      found: {
        zh: `${outbox.depth} 条消息等待发送，最早的已等 ${secondsOf(outbox, now)} 秒。`,
        en: `${outbox.depth} messages wait to be sent, the oldest for ${secondsOf(outbox, now)} s.`,
      },
      todo: {
        zh: '微信连不上或暂时拒绝时会等待重试；看上面对 api、token 和额度的检查，以及日志。',
        en: 'They wait while WeChat can’t be reached or refuses for now: see api, token and quota above, and the log.',
      },
    })
  if (dead.depth > 0)
    findings.push({
      check: 'webhooks-dead',
      level: 'warn',
      found: {
        zh: `${dead.depth} 个 webhook 通知已放弃投递。`,
        en: `${dead.depth} deliveries to webhooks were given up.`,
      },
      todo: {
        zh: '在 GET /api/v1/webhooks/ID/deliveries?state=dead 查看原因，修复接收端后用 POST /api/v1/webhooks/ID/replay 重新投递。',
        en: 'GET /api/v1/webhooks/ID/deliveries?state=dead says why; mend the receiver, then POST /api/v1/webhooks/ID/replay.',
      },
    })
  return findings
}

/** Endpoints of webhooks that are told nothing, though nobody switched them off. */
export async function checkWebhooks({ db }: Store): Promise<Finding[]> {
  const rows = await db
    .selectFrom('webhook')
    .select(['id', 'disabled_reason'])
    .where('enabled', '=', 0)
    .where('disabled_reason', 'is not', null)
    .orderBy('id')
    .execute()
  return rows.map(({ id, disabled_reason: reason }) => ({
    check: 'webhook-disabled',
    level: 'warn',
    found:
      reason === 'gone'
        ? { zh: `webhook ${id} 应答 410，已停用。`, en: `Webhook ${id} answered 410 and was disabled.` }
        : {
            zh: `webhook ${id} 的密钥已丢失，已停用。`,
            en: `Webhook ${id} lost its secret and was disabled.`,
          },
    todo:
      reason === 'gone'
        ? {
            zh: '修复接收端后重新启用，或删除它。',
            en: 'Mend the receiver and enable it again, or remove it.',
          }
        : {
            zh: `用 POST /api/v1/webhooks/${id}/rotate 生成新密钥，再启用。`,
            en: `Give it a new one by POST /api/v1/webhooks/${id}/rotate, then enable it.`,
          },
  }))
}

/** Whether somebody can sign in and change things. */
export async function checkPeople({ db }: Store): Promise<Finding[]> {
  const { count } = await db
    .selectFrom('agent')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('role', '=', 'admin')
    .where('disabled', '=', 0)
    .where('name_key', 'is not', null)
    .executeTakeFirstOrThrow()
  if (count > 0) return []
  return [
    {
      check: 'admin',
      level: 'warn',
      found: {
        zh: '还没有管理员，没有人能登录客服台。',
        en: 'There is no admin yet, so nobody can sign in at the desk.',
      },
      todo: {
        zh: '打开启动时显示的一次性链接，或运行 kefu agent add 姓名 --role admin。',
        en: 'Open the link that kefu start printed, or run kefu agent add NAME --role admin.',
      },
    },
  ]
}

/** A way of failing, and how often. */
export interface FailedSends {
  readonly app: string
  /** `none` where WeChat gave none. */
  readonly errcode: string
  readonly count: number
}

/** Why messages were not sent since the service started, in WeChat's numbers. */
export function checkSends(failed: readonly FailedSends[]): Finding[] {
  return failed.map(({ app, errcode, count }) => {
    const known = errcode === 'none' ? undefined : explainErrcode(Number(errcode))
    return {
      check: 'sends',
      app,
      level: 'warn',
      found: {
        zh: `启动以来有 ${count} 条消息发送失败${known ? `，errcode ${errcode}` : '：微信没有应答'}。`,
        en: `${count} messages could not be sent since the start${known ? `: errcode ${errcode}` : ': WeChat gave no answer'}.`,
      },
      todo: known
        ? { zh: known.zh, en: known.en }
        : {
            zh: '结果未知的消息请在客服台核对；检查到微信的网络。',
            en: 'Look at those whose outcome is unknown at the desk; check the network to WeChat.',
          },
    }
  })
}

function isOld({ oldestAt }: QueueState, limit: number, now: number): boolean {
  return oldestAt !== undefined && now - oldestAt > limit
}

function secondsOf({ oldestAt }: QueueState, now: number): number {
  return Math.round((now - (oldestAt ?? now)) / 1000)
}
