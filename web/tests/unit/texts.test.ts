import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '../../src/texts/en.json'
import zh from '../../src/texts/zh.json'

type Tree = { [key: string]: string | Tree }

const leaves = (tree: Tree, at = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[at + key, value] as [string, string]] : leaves(value, `${at}${key}.`),
  )

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) =>
    statSync(join(folder, name)).isDirectory() ? files(join(folder, name)) : [join(folder, name)],
  )

const source = files('src')
  .filter((f) => /\.tsx?$/.test(f) && !f.endsWith('schema.ts'))
  .map((f) => readFileSync(f, 'utf8'))
  .join('\n')
const keys = leaves(en as Tree).map(([key]) => key)

describe('texts', () => {
  it('exist in both languages with the same places', () => {
    const places = (text: string) => [...new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]))].sort()
    const chinese = new Map(leaves(zh as Tree))
    // The server says in English itself why it refuses.
    expect([...chinese.keys()].filter((key) => !key.startsWith('code.')).sort()).toEqual(
      keys.filter((key) => !key.startsWith('code.')).sort(),
    )
    expect(keys.filter((key) => !chinese.has(key))).toEqual([])
    for (const [key, text] of leaves(en as Tree)) {
      expect(text, key).not.toBe('')
      // A detail that the server gives in English is left out in Chinese.
      if (!key.startsWith('code.')) expect(places(chinese.get(key) ?? ''), key).toEqual(places(text))
    }
  })

  it('say in Chinese every reason for which the server refuses something', () => {
    const rust = ['api', 'app', 'worker', 'domain']
      .flatMap((c) => files(`../crates/${c}/src`))
      .map((f) => readFileSync(f, 'utf8').split('#[cfg(test)]')[0])
      .join('\n')
    const refusals = [
      ...rust.matchAll(/(?:Error|Refusal|Problem)::\w+\(\s*(?:(?:"[^"]*"|[^,";]*),\s*)?"([a-z_]+\.[a-z_]+)"/g),
    ].map((m) => m[1] ?? '')
    const checks = [...rust.matchAll(/\bwrong\(\s*[^;]*?,\s*"([a-z_]+)",/g)].map((m) => m[1] ?? '')
    expect(refusals.length).toBeGreaterThan(200)
    expect(checks.length).toBeGreaterThan(30)
    // What only programs meet: they read English.
    const spoken = [...refusals, ...checks].filter((code) => !/^(neighbour|azure)[.]/.test(code))
    const words = (zh as unknown as { code: Record<string, string> }).code
    expect([...new Set(spoken)].filter((code) => !words[code.replaceAll('.', '_')])).toEqual([])
  })

  it('name every event of an order or instance for its flight recorder', () => {
    const rust = files('../crates/app/src')
      .map((f) => readFileSync(f, 'utf8'))
      .join('\n')
    const recorded = [
      ...rust.matchAll(
        /event::record\(\s*tx,\s*ctx,\s*"((?:order|instance|term|money|package|licence|kit|supervision)\.[a-z_]+)"/g,
      ),
    ].map((m) => m[1] ?? '')
    expect(recorded.length).toBeGreaterThan(30)
    // These are of an account or of the platform.
    const others = ['licence.test_code_issued', 'licence.test_code_activated', 'supervision.template_loaded']
    const words = (zh as unknown as { timeline: Record<string, string> }).timeline
    expect(
      [...new Set(recorded)].filter((kind) => !others.includes(kind) && !words[kind.replaceAll('.', '_')]),
    ).toEqual([])
  })

  it('are there for every key that the consoles use', () => {
    const used = [...source.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((m) => m[1])
    expect(used.length).toBeGreaterThan(250)
    expect(used.filter((key) => !keys.includes(key ?? ''))).toEqual([])
  })

  it('are all used, by name or by a computed group', () => {
    const groups = [...source.matchAll(/`([\w]+)[.]/g)].map((m) => m[1])
    const loose = ['nav', 'role', 'menu', 'store', 'action', 'instance', 'order', 'debugger', 'verify', ...groups]
    expect(keys.filter((key) => !source.includes(`'${key}'`) && !loose.includes(key.split('.')[0]))).toEqual([])
  })
})
