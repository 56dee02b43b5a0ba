// Types only, and nothing of Node's: the browser's pages name these words too.

/** 数据格式 at mp.weixin.qq.com. */
export type Format = 'json' | 'xml'

/** 消息加密方式 at mp.weixin.qq.com: 明文, 兼容, 安全. */
export type Mode = 'plain' | 'compatible' | 'secure'

/**
 * The answers to a push: `success`, or `transfer`, which gives the customer to WeChat's own agent
 * tool. A Mini Program has no passive text reply.
 */
export type Answer = 'success' | 'transfer'
