/** The whole loop: push, rule, reply, accepted by a WeChat that is another process. */
import { answering } from './rules.js'
import { serveKefu } from './service.js'
import { startWechat } from './wechat-process.js'

await serveKefu({ rules: answering, wechat: await startWechat(), databaseUrl: process.env.BENCH_DATABASE })
