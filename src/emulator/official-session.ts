import { limits } from '../wechat/index.js'
import type { Platform } from './platform.js'
import type { User } from './user.js'

/**
 * WeChat's own agents (mpkf.weixin.qq.com), whom a `transfer` answer gives the conversation to. While they have
 * it the customer's messages go to them and are not pushed; after 30 minutes, or when they close it, pushes go
 * to the URL again.
 * Source: /miniprogram/dev/framework/open-ability/customer-message/trans
 */
export class OfficialSessions {
  readonly #platform: Platform

  constructor(platform: Platform) {
    this.#platform = platform
  }

  start(user: User): void {
    const running = this.runs(user)
    user.officialUntil = this.#platform.clock.now() + limits.officialSessionSeconds * 1000
    if (!running) {
      this.#line(user, 'transferred', '已为您转接人工客服')
      this.#platform.show(user, 'official', {
        msgType: 'text',
        content: '您好，人工客服为您服务，请问有什么可以帮您？',
      })
    }
    this.#platform.changed(user)
  }

  /** Whether they have the conversation now; ends one whose time has passed. */
  runs(user: User): boolean {
    if (user.officialUntil === 0) return false
    if (this.#platform.clock.now() < user.officialUntil) return true
    this.#end(user, '人工客服会话已超过30分钟，自动结束')
    return false
  }

  /** A message of the agent's; false when they do not have the conversation. */
  say(user: User, content: string): boolean {
    if (!this.runs(user)) return false
    this.#platform.show(user, 'official', { msgType: 'text', content })
    return true
  }

  /** False when they do not have the conversation. */
  close(user: User): boolean {
    if (!this.runs(user)) return false
    this.#end(user, '人工客服已结束会话')
    return true
  }

  /** Ends every session whose time has passed. */
  expire(): void {
    for (const app of this.#platform.apps) for (const user of app.users) this.runs(user)
  }

  #end(user: User, content: string): void {
    user.officialUntil = 0
    this.#line(user, 'official_ended', content)
    this.#platform.changed(user)
  }

  #line(user: User, kind: 'transferred' | 'official_ended', content: string): void {
    this.#platform.show(user, 'system', { msgType: 'system', kind, content })
  }
}
