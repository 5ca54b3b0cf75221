import { describe, expect, it } from 'vitest'
import { difference } from '../../src/kit/difference'

describe('the first difference', () => {
  it('is none between the same texts', () => {
    expect(difference('a=1&b=云', 'a=1&b=云')).toBeNull()
  })

  it('counts bytes, not letters', () => {
    expect(difference('云市a', '云市b')).toEqual({ byte: 7, ours: 'a', theirs: 'b', before: '云市', rule: null })
    expect(difference('𠮷x', '𠮷')).toMatchObject({ byte: 5, ours: 'x', theirs: '' })
  })

  it.each([
    ['abc', 'abc\n', 'ends'],
    ['AB01', 'ab01', 'letter_case'],
    ['{"name":"云市"}', '{"name":"\\u4e91\\u5e02"}', 'unicode_escapes'],
    ['{"url":"https://x"}', '{"url":"https:\\/\\/x"}', 'slashes'],
    ['a b', 'a+b', 'plus'],
    ['a/b=', 'a%2Fb%3D', 'encoded'],
    ['a/b', 'a%252Fb', 'encoded_twice'],
    ['{"a":"1","b":"2"}', '{"a": "1", "b": "2"}', 'blanks'],
    ['{"a":"1","b":"2"}', '{"b":"2","a":"1"}', 'order'],
    ['a=1&b=2', 'b=2&a=1', 'order'],
    ['1700000000000', '1700000001', null],
  ])('of %s and %s names the rule', (ours, theirs, rule) => {
    expect(difference(ours, theirs)?.rule).toBe(rule)
  })
})
