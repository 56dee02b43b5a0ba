import type { Finding } from './finding.js'

export interface ArrivalOptions {
  /** When the app was pushed to last, in milliseconds since 1970; undefined when no push is known. */
  readonly latest: number | undefined
  readonly now: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Whether pushes arrive at all. Where none did lately, the four traps in which a URL that is right gets none:
 * nothing here can see them, a person can.
 * Sources: D1, D6, D20 and D25 (delivery elsewhere), D27 (MarkFail) of the platform's pages, see docs/operations.md.
 */
export function checkArrivals(app: string, { latest, now }: ArrivalOptions): Finding[] {
  if (latest !== undefined && now - latest < DAY_MS) {
    const minutes = Math.max(Math.round((now - latest) / 60_000), 0)
    return [
      {
        check: 'arrivals',
        app,
        level: 'ok',
        found: {
          zh: `推送正常到达，最近一次在 ${minutes} 分钟前。`,
          en: `Pushes arrive; the last one came ${minutes} min ago.`,
        },
      },
    ]
  }
  const none =
    latest === undefined
      ? { zh: '还没有收到过推送', en: 'No push has arrived yet' }
      : { zh: '24 小时内没有推送', en: 'No push has arrived for 24 h' }
  return [
    {
      check: 'push-enabled',
      app,
      level: 'warn',
      found: {
        zh: `${none.zh}：消息推送可能没有启用。`,
        en: `${none.en}: the message push may not be enabled.`,
      },
      todo: {
        zh: 'mp.weixin.qq.com › 开发管理 › 消息推送 必须显示“已启用”；未启用时消息会进入网页版客服工具。启用后在手机上发一句话试试。',
        en: 'mp.weixin.qq.com › 开发管理 › 消息推送 must say 已启用; otherwise messages go to WeChat’s own agent tool. Then write something on a phone.',
      },
    },
    ...diversions.map(({ check, found, todo }): Finding => ({ check, app, level: 'warn', found, todo })),
    {
      check: 'push-paused',
      app,
      level: 'warn',
      found: {
        zh: '微信可能暂停了推送：连续失败后会停推 1 分钟（MarkFail）。',
        en: 'WeChat may have paused: after many failures in a row it stops pushing for a minute (MarkFail).',
      },
      todo: {
        zh: '先修复上面的问题，等一分钟后再发一句话；mp.weixin.qq.com 的告警群会列出失败原因。',
        en: 'Mend what is marked above, wait a minute, write again; the alarms of mp.weixin.qq.com name the failures.',
      },
    },
  ]
}

/** Settings elsewhere that take the pushes away from a right URL in silence. Each is enough by itself. */
const diversions = [
  {
    check: 'diverted-to-platform',
    found: {
      zh: '可能一：客服消息权限授权给了第三方平台，推送只发给该平台。',
      en: 'First way: the 客服消息 permission was given to a third-party platform, which then gets all pushes.',
    },
    todo: {
      zh: 'mp.weixin.qq.com › 设置 › 第三方设置：取消含“客服消息”权限的授权（客服系统、代运营工具等）。',
      en: 'Withdraw it at mp.weixin.qq.com › 设置 › 第三方设置: any tool there whose permissions name 客服消息.',
    },
  },
  {
    check: 'diverted-to-function',
    found: {
      zh: '可能二：云开发中为某些消息类型配置了云函数接收，这些类型不再推送到 URL。',
      en: 'Second way: a cloud function (云开发) takes some kinds of messages; those no longer come to the URL.',
    },
    todo: {
      zh: '云开发控制台 › 设置 › 其他设置（新版为全局设置）› 消息推送：删除 text、image、miniprogrampage、event 的配置。',
      en: 'In the console of 云开发 › 设置 › 其他设置 (now 全局设置) › 消息推送: remove text, image, miniprogrampage and event.',
    },
  },
  {
    check: 'diverted-to-hosting',
    found: {
      zh: '可能三：微信云托管开启了消息推送，所有消息都不再推送到 URL。',
      en: 'Third way: the message push of cloud hosting (微信云托管) is on; then nothing comes to the URL.',
    },
    todo: {
      zh: '云托管控制台 › 设置 › 消息推送：关闭。',
      en: 'Turn it off in the console of 云托管 › 设置 › 消息推送.',
    },
  },
  {
    check: 'diverted-to-ai',
    found: {
      zh: '可能四：扫码把小程序客服授权给了腾讯云开发（CloudBase）的 AI 智能体，它会占用客服权限，消息可能只发给它。',
      en: 'Fourth way: the AI of 腾讯云开发 (CloudBase) was given 小程序客服 by a QR code, takes the permission, and the messages may go to it alone.',
    },
    todo: {
      zh: '在腾讯云开发控制台停用该智能体的小程序客服接入；再到 mp.weixin.qq.com › 设置 › 第三方设置 取消它的授权。',
      en: 'In the console of 腾讯云开发 stop that agent’s use for 小程序客服; then withdraw its permission at mp.weixin.qq.com › 设置 › 第三方设置.',
    },
  },
] as const

/** Pushes that came and were not taken, since the server started. */
export interface Troubles {
  readonly refused: number
  readonly unreadable: number
  readonly failed: number
}

/** Finds wrong settings by the pushes that were not taken. */
export function checkTroubles({ refused, unreadable, failed }: Troubles): Finding[] {
  const findings: Finding[] = []
  if (refused > 0)
    findings.push({
      check: 'refused',
      level: 'warn',
      found: {
        zh: `启动以来拒绝了 ${refused} 个请求：签名不符、过期或是明文。`,
        en: `${refused} requests were refused since the start: not signed with our Token, too old, or in plain text.`,
      },
      todo: {
        zh: '如果来自微信，请核对 Token 和加密方式；日志中有每次的原因。否则是他人试探，可忽略。',
        en: 'If they are WeChat’s, compare Token and mode; the log has each reason. Otherwise strangers knock, which is harmless.',
      },
    })
  if (unreadable > 0)
    findings.push({
      check: 'unreadable',
      level: 'fail',
      found: {
        zh: `启动以来有 ${unreadable} 个签名正确的推送无法读取。`,
        en: `${unreadable} signed pushes could not be read since the start.`,
      },
      todo: {
        zh: '多半是 EncodingAESKey 与 mp.weixin.qq.com 不一致，或推送属于别的小程序或第三方平台。',
        en: 'The EncodingAESKey probably differs from mp.weixin.qq.com’s, or they belong to another Mini Program or a third-party platform.',
      },
    })
  if (failed > 0)
    findings.push({
      check: 'failed',
      level: 'warn',
      found: {
        zh: `启动以来有 ${failed} 个推送没能及时保存，微信会重试。`,
        en: `${failed} pushes could not be kept in time since the start; WeChat tries again.`,
      },
      todo: {
        zh: '检查数据库和磁盘，日志中有原因。',
        en: 'Look at the database and the disk; the log says why.',
      },
    })
  return findings
}
