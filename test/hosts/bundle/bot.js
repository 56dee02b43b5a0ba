import { Api, Bot, webhook } from 'kefu'

const bot = new Bot({ api: new Api({ appId: 'wx1', appSecret: 's' }) })
console.log(typeof webhook(bot, { appId: 'wx1', token: 't', encodingAESKey: 'a'.repeat(43) }))
