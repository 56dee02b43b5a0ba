import type { MoveProgress } from '../server/move.js'

const steps: Readonly<Record<MoveProgress['step'], string>> = {
  copy: '迁移 move ',
  index: '索引 index',
  check: '核对 check',
}

/** A line that is written over on a terminal; elsewhere one for each tenth of the way. */
export class MoveLines {
  readonly #terminal: { readonly isTTY?: boolean; write(text: string): unknown }
  #open = ''
  #tenth = -1

  constructor(terminal: { readonly isTTY?: boolean; write(text: string): unknown }) {
    this.#terminal = terminal
  }

  show({ step, table, done, total }: MoveProgress): void {
    const name = `${steps[step]}  ${table === 'media_bytes' ? '图片 pictures' : table}`
    const tenth = total === 0 ? 10 : Math.floor((10 * Math.min(done, total)) / total)
    const line = `${name}  ${done}/${total} (${10 * tenth}%)`
    if (this.#terminal.isTTY) {
      if (this.#open !== '' && this.#open !== name) this.#terminal.write('\n')
      this.#terminal.write(`\r\u001b[K${line}`)
    } else if (this.#open !== name || this.#tenth !== tenth) this.#terminal.write(`${line}\n`)
    this.#open = name
    this.#tenth = tenth
  }

  say(line: string): void {
    this.end()
    this.#terminal.write(`${line}\n`)
  }

  end(): void {
    if (this.#terminal.isTTY && this.#open !== '') this.#terminal.write('\n')
    this.#open = ''
  }
}
