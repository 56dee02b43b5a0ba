// Builds what the demo needs, and says a line every few seconds: who has just cloned this sees that it goes on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const EVERY_MS = 4000

const steps = [
  ['编译服务 · the service', 'build:code'],
  ['打包手机和客服台页面 · the pages of the phone and the desk', 'build:web'],
]

const began = Date.now()
function say(name) {
  console.log(`  ${String(Math.round((Date.now() - began) / 1000)).padStart(3)} s  ${name} …`)
}
for (const [name, script] of steps) {
  say(name)
  const timer = setInterval(say, EVERY_MS, name)
  // A shell is what finds npm on Windows.
  const child = spawn(`npm run -s ${script}`, { stdio: 'inherit', shell: true })
  const [code] = await once(child, 'exit')
  clearInterval(timer)
  if (code !== 0) process.exit(code ?? 1)
}
say('启动 · starting')
