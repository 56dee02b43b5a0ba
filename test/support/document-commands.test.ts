import { describe, expect, it } from 'vitest'
import { commandProblems } from './document-commands.js'

describe('the commands of a script', () => {
  it.each([
    'npm install && npm run demo',
    'npm run --prefix bench growth',
    'npx kefu emulate --app http://127.0.0.1:3000/wechat --env a.env --allow-host a --allow-host b',
    'kefu agent reset-password NAME --password-stdin',
    'node dist/server/cli.js check URL --mode plain',
    'docker compose -f compose.sqlite.yaml exec kefu kefu doctor --json',
    'cd examples/other-languages/python && python3 backend.py',
  ])('are right: %s', (script) => {
    expect(commandProblems(script)).toEqual([])
  })

  it.each([
    ['npm run dmeo', 'there is no script dmeo'],
    ['npm run --prefix bench growht', 'there is no script growht'],
    ['npm install kefu', "kefu can't be installed"],
    ['npm install ../kefu/kefu-0.0.1.tgz', "../kefu/kefu-0.0.1.tgz can't be installed"],
    ['kefu emulat', 'kefu has no command emulat'],
    ['kefu agent', 'kefu has no command '],
    ['kefu emulate --prot 1', 'there is no option --prot 1'],
    ['kefu start now', 'there are too many arguments'],
    ['npx kefu check', 'an argument is missing'],
    ['echo hi | kefu docter', 'kefu has no command docter'],
    ['docker compose exec web kefu doctor', 'compose.yaml has no service web'],
    ['docker compose exec kefu kefu docter', 'kefu has no command docter'],
    ['docker compose -f compose.mysql.yaml up', 'there is no file compose.mysql.yaml'],
    ['npx tsx examples/nothing.ts', 'there is no file examples/nothing.ts'],
    ['cd examples/cobol', 'there is no such folder'],
    ['kefuu start', 'there is no such command'],
  ])('are wrong: %s', (script, problem) => {
    expect(commandProblems(script)).toEqual([expect.stringContaining(problem)])
  })
})
