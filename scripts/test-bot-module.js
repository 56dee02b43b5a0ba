// A KEFU_BOT that imports kefu from the packed package meets the service's own classes: the bot that it is given, its
// composer, and its error in the log. Part of `npm run test:package`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freePorts } from './free-ports.js'

const bot = `import { ApiError, Bot, Composer } from 'kefu'
import { limits } from 'kefu/wechat'

const inner = new Composer()
inner.hears('在吗', (ctx) => ctx.reply('至多 ' + limits.textBytes))
inner.hears('错', () => {
  throw new ApiError({ errcode: 45015, errmsg: 'm', rid: undefined, path: '/p', reason: 'r', explanation: 'e' })
})
export default (bot) => {
  if (!(bot instanceof Bot && bot instanceof Composer)) throw new TypeError('this bot is of another kefu')
  bot.use(inner)
}
`

/** Runs the service that is installed in the folder with such a module. Throws when it does not know its classes. */
export async function testBotModule(folder) {
  const { createEmulator, makeSecrets } = await import(
    pathToFileURL(join(folder, 'node_modules/kefu/dist/emulator/index.js')).href
  )
  writeFileSync(join(folder, 'bot.js'), bot)
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const secrets = makeSecrets()
  const emulator = await createEmulator()
  const service = spawn('node', ['node_modules/kefu/dist/server/cli.js', 'start'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      KEFU_BOT: 'bot.js',
      WECHAT_API_URL: emulator.url,
      WECHAT_APP_ID: secrets.appId,
      WECHAT_APP_SECRET: secrets.appSecret,
      WECHAT_TOKEN: secrets.token,
      WECHAT_ENCODING_AES_KEY: secrets.encodingAESKey,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(service, 'exit')
  const log = lines(service.stderr)
  try {
    await Promise.race([
      log.until('kefu is ready'),
      ended.then(([code]) => {
        throw new Error(`kefu start ended with ${code}: ${log.text()}`)
      }),
    ])
    emulator.addApp({ ...secrets, pushUrl: `${url}/wechat/${secrets.appId}` })
    const user = emulator.user('oStranger')
    await user.sends('在吗')
    const said = await user.receivesText()
    if (said !== '至多 2048') throw new Error(`the bot said ${said}`)
    await user.sends('错')
    await log.until('"errcode":45015')
  } finally {
    service.kill('SIGTERM')
    await ended
    await emulator.close()
  }
}

/** What a process writes, and a wait of at most 20 s for words in it. */
function lines(stream) {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  return {
    text: () => text,
    async until(words) {
      const end = AbortSignal.timeout(20_000)
      while (!text.includes(words)) await once(stream, 'data', { signal: end })
    },
  }
}
