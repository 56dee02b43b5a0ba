import type { Finding } from './finding.js'

/** Pushes that are kept as they came because they can't be read, by Mini Program. */
export function checkUnreadable(counts: ReadonlyMap<string, number>): Finding[] {
  return [...counts].map(([app, count]) => ({
    check: 'unreadable-kept',
    app,
    level: 'warn',
    found: {
      zh: `有 ${count} 个微信推送无法识别，已原样保存。`,
      en: `${count} pushes of WeChat can’t be read and are kept as they came.`,
    },
    todo: {
      zh: '在客服台 管理 › 客服台设置 › 无法识别的推送 查看（能确定客户的在其会话里）；如果是客户的消息，请连同原文反馈给 kefu。',
      en: 'See 管理 › 客服台设置 › 无法识别的推送 at the desk (those of a certain customer are in the conversation); report what a customer wrote to kefu.',
    },
  }))
}

export interface BarePathOptions {
  /** How many Mini Programs there are. */
  readonly apps: number
  /** How many pushes came to the path that says nothing of which, since the start. */
  readonly pushes: number
}

/** Whether each of several Mini Programs has an address of its own: else a push is tried with the tokens of all. */
export function checkBarePath({ apps, pushes }: BarePathOptions): Finding[] {
  if (apps < 2) return []
  const todo = {
    zh: '在 mp.weixin.qq.com › 开发管理 › 消息推送 把每个小程序的 URL 改为以 /wechat/AppID 结尾的地址（客服台 管理 › 小程序 可复制）。',
    en: 'At mp.weixin.qq.com › 开发管理 › 消息推送 give each Mini Program the URL that ends in /wechat/APPID (copy it at 管理 › 小程序).',
  }
  if (pushes === 0)
    return [
      {
        check: 'bare-path',
        level: 'ok',
        found: {
          zh: `有 ${apps} 个小程序：各用以 /wechat/AppID 结尾的 URL 最好；启动以来没有推送到共用的 /wechat。`,
          en: `There are ${apps} Mini Programs: a URL that ends in /wechat/APPID is best for each; none was pushed to the shared /wechat since the start.`,
        },
      },
    ]
  return [
    {
      check: 'bare-path',
      level: 'warn',
      found: {
        zh: `${apps} 个小程序中有的仍推送到共用的 /wechat（启动以来 ${pushes} 次），每次都要逐个试 Token。`,
        en: `Of ${apps} Mini Programs some still push to the shared /wechat (${pushes} times since the start), where each Token has to be tried.`,
      },
      todo,
    },
  ]
}
