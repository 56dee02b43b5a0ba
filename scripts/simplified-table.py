"""Makes src/conversation/queries/simplified-table.ts. Wants ICU's `uconv` (Debian: icu-devtools). See decision 33."""

import pathlib
import subprocess

# Everyday variants that ICU leaves as they are.
MORE = {'麪': '面', '峯': '峰', '滙': '汇', '妳': '你', '牠': '它', '祇': '只', '衹': '只'}
PER_LINE = 84
HEAD = '''/**
 * Traditional characters, each before its simplified one: the pairs of ICU 72's transform `Traditional-Simplified`
 * (made of Unicode's Unihan data, https://www.unicode.org/license.txt), with the seven that follow it in
 * scripts/simplified-table.py. It is for comparing texts, not for showing them. Made by that script.
 */
export const pairs =
'''

characters = [chr(code) for first, last in [(0x3400, 0x4DC0), (0x4E00, 0xA000)] for code in range(first, last)]
told = subprocess.run(
    ['uconv', '-f', 'utf8', '-t', 'utf8', '-x', 'Traditional-Simplified'],
    input='\n'.join(characters).encode(),
    capture_output=True,
    check=True,
)
simplified = {a: b for a, b in zip(characters, told.stdout.decode().split('\n')) if a != b}
# ICU swaps 苧 and 苎; for comparing, both must come to one.
simplified.pop('苎', None)


def end(character: str) -> str:
    while character in simplified:
        character = simplified[character]
    return character


table = {a: end(a) for a in simplified} | MORE
text = ''.join(a + b for a, b in sorted(table.items()))
lines = [f"  '{text[at : at + PER_LINE]}'" for at in range(0, len(text), PER_LINE)]
path = pathlib.Path(__file__).parent.parent / 'src/conversation/queries/simplified-table.ts'
path.write_text(HEAD + ' +\n'.join(lines) + '\n', encoding='utf8')
