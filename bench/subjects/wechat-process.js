/** WeChat's API as bare as it can be, in a process of its own: it gives a token and accepts every message. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { reply } from './rules.js'

const here = fileURLToPath(import.meta.url)

/** Starts it; `count` says how many messages it has accepted, each with the text that the rule gives. */
export async function startWechat() {
  const child = fork(here, { execArgv: [] })
  process.on('exit', () => child.kill())
  const [port] = await once(child, 'message')
  return {
    url: `http://127.0.0.1:${port}`,
    async count() {
      child.send('count')
      return (await once(child, 'message'))[0]
    },
  }
}

if (process.argv[1] === here) {
  let accepted = 0
  const server = createServer((req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => {
      const sending = req.url.startsWith('/cgi-bin/message/custom/send')
      if (sending && JSON.parse(Buffer.concat(chunks)).text.content === reply) accepted++
      const answer = sending
        ? '{"errcode":0,"errmsg":"ok"}'
        : '{"access_token":"a-token-of-the-bench","expires_in":7200}'
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length })
      res.end(answer)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  process.on('message', () => process.send(accepted))
  process.on('disconnect', () => process.exit())
}
