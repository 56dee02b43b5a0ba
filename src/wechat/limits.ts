/**
 * The platform's numbers, each with its page (below https://developers.weixin.qq.com) or, where WeChat
 * publishes none, what was observed. Units are in the names.
 */
const seconds = 1
const minutes = 60 * seconds
const hours = 60 * minutes

export const limits = {
  /** WeChat drops a push that is not answered by then. /doc/subscription/guide/dev/push/ */
  pushTimeoutSeconds: 5,
  /** Requests WeChat makes for one push, all with the same body; whether 3 or 1 + 3 is not settled. Same page. */
  pushAttempts: 3,
  /** An echostr is a number of about 20 digits; more than this is not WeChat. /miniprogram/dev/framework/server-ability/message-push */
  echostrBytes: 256,
  /** A push is far smaller; our own bound. */
  pushBytes: 64 * 1024,
  /** Our own choice, WeChat names none: it must leave room for WeChat's repeats and for a clock that is off. */
  pushMaxAgeSeconds: 10 * minutes,
  /** Structured elements below <xml>: the subscribe events nest three. Our own bound. */
  xmlDepth: 3,
  /** Objects and arrays inside one another: WeChat's events nest three. Our own bound. */
  jsonDepth: 16,

  /** Replies after a customer's message. /miniprogram/dev/framework/open-ability/customer-message/send */
  allowanceAfterMessage: { messages: 5, seconds: 48 * hours },
  /** Replies after a customer entered the conversation. Same page. */
  allowanceAfterEnter: { messages: 2, seconds: 1 * minutes },

  /** Text of one message in UTF-8 bytes. Not published: where 45002 was observed. */
  textBytes: 2048,
  /** An uploaded image. /miniprogram/dev/server/API/kf-mgnt/kf-message/api_uploadtempmedia says 2 MB and 10 MB: the safe one. */
  imageBytes: 2 * 1024 * 1024,
  /** How long an uploaded or received media_id works. Same page. */
  mediaSeconds: 72 * hours,

  /** How long "typing" shows. /miniprogram/dev/framework/open-ability/customer-message/typing */
  typingSeconds: 15,
  /** "Typing" needs an interaction with the customer this recent. Same page. */
  typingAfterInteractionSeconds: 30,

  /** An access token's life. /miniprogram/dev/server/API/mp-access-token/api_getaccesstoken */
  tokenSeconds: 2 * hours,
  /** How long the token before it goes on working, and how early the stable token is renewed. Same page, and api_getstableaccesstoken. */
  tokenOverlapSeconds: 5 * minutes,
  /** Between two forced renewals of the stable token. /miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken */
  tokenForceIntervalSeconds: 30,
  /** Forced renewals of the stable token in a day. Same page. */
  tokenForcePerDay: 20,

  /** How long WeChat's own agent tool keeps a conversation that it was given. /miniprogram/dev/framework/open-ability/customer-message/trans */
  officialSessionSeconds: 30 * minutes,
} as const
