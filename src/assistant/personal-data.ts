/** A kind of personal data, with the name of its placeholder and how it is found. */
interface Kind {
  readonly name: string
  readonly pattern: RegExp
  readonly holds?: (text: string) => boolean
}

const digitsOf = (text: string): string => text.replace(/\D/g, '')

/** The first that finds a text has it: an id card's number is also as long as a bank card's. */
const kinds: readonly Kind[] = [
  { name: '邮箱', pattern: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g },
  { name: '证件', pattern: /(?<![\dA-Za-z])\d{17}[\dXx](?![\dA-Za-z])/g, holds: isIdCard },
  { name: '手机', pattern: /(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)/g },
  {
    name: '银行卡',
    pattern: /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g,
    holds: (text) => passesLuhn(digitsOf(text)),
  },
  {
    name: '车牌',
    pattern:
      /[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• ]?[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])/g,
  },
]

/** What stands for personal data in a prompt: the same for the same data, and reversible for whoever has this. */
export class Placeholders {
  readonly #names = new Map<string, string>()
  readonly #values = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** Returns the text with a placeholder such as ⟦手机1⟧ for each phone, id card, bank card, mail address and plate. */
  hide(text: string): string {
    let hidden = text.normalize('NFKC').replace(/[⟦⟧]/g, '')
    for (const { name, pattern, holds } of kinds)
      hidden = hidden.replace(pattern, (found) =>
        holds && !holds(found) ? found : this.#nameFor(name, found),
      )
    return hidden
  }

  /** Puts back what stands behind placeholders; one that was never given stays as it is. */
  show(text: string): string {
    return text.replace(/⟦[^⟦⟧]{1,12}⟧/g, (name) => this.#values.get(name) ?? name)
  }

  #nameFor(kind: string, value: string): string {
    const key = kind === '邮箱' ? value.toLowerCase() : value.replace(/[ \-·•]|^\+?86/g, '').toUpperCase()
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const name = `⟦${kind}${count}⟧`
    this.#names.set(key, name)
    this.#values.set(name, value)
    return name
  }
}

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

/** Whether 18 characters are an id card's number, by its check digit (GB 11643). */
function isIdCard(text: string): boolean {
  const sum = weights.reduce((total, weight, index) => total + weight * Number(text[index]), 0)
  return '10X98765432'[sum % 11] === text[17]?.toUpperCase()
}

/** Whether digits have the check digit of a bank card. */
function passesLuhn(digits: string): boolean {
  let sum = 0
  for (const [index, digit] of Array.from(digits).reverse().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}
