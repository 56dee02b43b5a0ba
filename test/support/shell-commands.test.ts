import { expect, it } from 'vitest'
import { shellCommands } from './shell-commands.js'

it.each([
  ['words and quotes', `curl -d '{ "a": 1 }' "$U/x?a=1&b=2"`, [['curl', '-d', '{ "a": 1 }', '$U/x?a=1&b=2']]],
  ['quotes within a word', `fault '{ "'$SEND'" }'`, [['fault', '{ "$SEND" }']]],
  ['several on a line', 'a 1 && b 2 || c; d | e &', [['a', '1'], ['b', '2'], ['c'], ['d'], ['e']]],
  ['a comment, and a # in a word', 'a b#c # d && e\nf', [['a', 'b#c'], ['f']]],
  ['a line that goes on', 'a \\\n  b', [['a', 'b']]],
  ['assignments alone and in front', 'A=1\nB=2 C="3 4" a A=5', [['a', 'A=5']]],
  ['a substitution', 'T=$(a b | c)', [['a', 'b'], ['c']]],
  [
    'a substitution in quotes',
    'kill "$(cat a.pid)"',
    [
      ['kill', '$(cat a.pid)'],
      ['cat', 'a.pid'],
    ],
  ],
  [
    'a function',
    'f() { a $1; }\n\nf x',
    [
      ['a', '$1'],
      ['f', 'x'],
    ],
  ],
  ['a here document', "cat > .env <<'END'\nA=rm\nrm -r x\nEND\nb", [['cat'], ['b']]],
  ['redirections', 'a > b.log 2>&1\nc 2> d', [['a'], ['c']]],
])('reads %s', (_, script, commands) => {
  expect(shellCommands(script)).toEqual(commands)
})
