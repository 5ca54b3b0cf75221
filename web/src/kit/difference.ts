/** Where two texts part: the byte (from 1, in UTF-8), what stands there in each, and the rule that would explain it. */
export type Difference = { byte: number; ours: string; theirs: string; before: string; rule: string | null }

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A JSON text with its keys sorted, compact; other texts by their parts between `&`, sorted. */
const sorted = (text: string): string => {
  const deep = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(deep)
      : value !== null && typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([k, v]) => [k, deep(v)]),
          )
        : value
  const value = json(text)
  return value !== null && typeof value === 'object' ? JSON.stringify(deep(value)) : text.split('&').sort().join('&')
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `\u4e91` as the letter that it stands for. */
const unescaped = (text: string) =>
  text.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** What each rule makes of a text; two texts that are the same then break that rule alone. */
const rules: [string, (text: string) => string][] = [
  ['ends', (text) => text.trim()],
  ['letter_case', (text) => text.toLowerCase()],
  ['unicode_escapes', unescaped],
  ['slashes', (text) => text.replaceAll('\\/', '/')],
  ['plus', (text) => text.replaceAll('+', ' ')],
  ['encoded', decoded],
  ['encoded_twice', (text) => decoded(decoded(text))],
  ['blanks', (text) => text.replace(/\s+/g, '')],
  ['order', sorted],
]

/** The first difference of what the platform computed and what a seller's program did; null when they are the same. */
export function difference(ours: string, theirs: string): Difference | null {
  if (ours === theirs) return null
  const [a, b] = [[...ours], [...theirs]]
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1
  const before = a.slice(0, at).join('')
  const rule = rules.find(([, same]) => same(ours) === same(theirs))?.[0]
  return {
    byte: new TextEncoder().encode(before).length + 1,
    ours: a[at] ?? '',
    theirs: b[at] ?? '',
    before: a.slice(Math.max(0, at - 20), at).join(''),
    rule: rule ?? null,
  }
}
