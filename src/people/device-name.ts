/** As much of what a browser calls itself as is looked at. */
const LOOKED_AT = 400

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bwxwork\//i, '企业微信'],
  [/\bMicroMessenger\//, '微信'],
  [/\bEdg(?:e|A|iOS)?\/(\d{1,4})/, 'Edge'],
  [/\b(?:OPR|Opera)\/(\d{1,4})/, 'Opera'],
  [/\b(?:Firefox|FxiOS)\/(\d{1,4})/, 'Firefox'],
  [/\b(?:Chrome|HeadlessChrome|CriOS|Chromium)\/(\d{1,4})/, 'Chrome'],
  [/\bVersion\/(\d{1,4})[^]{0,40} Safari\//, 'Safari'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/\b(?:OpenHarmony|HarmonyOS)\b/, 'HarmonyOS'],
  [/\biPad\b/, 'iPad'],
  [/\biPhone\b/, 'iPhone'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** Returns a person's name for a device, by its User-Agent, such as `Chrome 131 · Windows`; null when that says nothing known. */
export function deviceName(userAgent: string): string | null {
  const looked = userAgent.slice(0, LOOKED_AT)
  const browser = named(browsers, looked)
  const system = named(systems, looked)
  const parts = [browser, system].filter((part) => part !== undefined)
  return parts.length === 0 ? null : parts.join(' · ')
}

function named(known: readonly (readonly [RegExp, string])[], userAgent: string): string | undefined {
  for (const [pattern, name] of known) {
    const found = pattern.exec(userAgent)
    if (found) return found[1] === undefined ? name : `${name} ${found[1]}`
  }
  return undefined
}
