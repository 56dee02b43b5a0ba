/** kefu's service: each push is committed before it is answered (SQLite: synchronous=FULL), then handled. */
import { silent } from './rules.js'
import { serveKefu } from './service.js'

await serveKefu({ rules: silent, databaseUrl: process.env.BENCH_DATABASE })
