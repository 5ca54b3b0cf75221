import { describe, expect, it } from 'vitest'
import { moneyText, numberText, sentence, withSigns } from '../../src/kit/show'
import { flatten } from '../../src/pages/operator/review'
import { fieldPath } from '../../src/kit/form'
import { combinations } from '../../src/pages/seller/specifications'

describe('what people see', () => {
  it('writes money with its sign, groups and two decimals', () => {
    expect(moneyText({ amount: '1234567.80', currency: 'CNY' })).toBe('¥1,234,567.80')
    expect(moneyText({ amount: '-1200.00', currency: 'USD' })).toBe('−$1,200.00')
    expect(moneyText({ amount: '0.05', currency: 'EUR' })).toBe('€0.05')
  })

  it('writes quantities with their thousands apart, and words of the server as sentences', () => {
    expect([numberText('123456.5'), numberText('30000'), numberText('12')]).toEqual(['123,456.5', '30,000', '12'])
    expect(sentence('could not be opened')).toBe('Could not be opened')
    expect(sentence(undefined)).toBe('')
    expect(withSigns('the cap of CNY 1000.00 a month is reached')).toBe('the cap of ¥1,000.00 a month is reached')
    expect(withSigns('UTC 12 is no amount')).toBe('UTC 12 is no amount')
  })

  it('finds the form field of a JSON pointer', () => {
    expect(fieldPath('/specifications/0/skus/1/month')).toEqual(['specifications', 0, 'skus', 1, 'month'])
  })

  it('shows a listing as rows of pointer and value', () => {
    expect(
      flatten({ name: { zh: '甲', en: '' }, support: { hotline: '400' }, list: [{ key: 'x' }], none: null }),
    ).toEqual([
      ['/name/zh', '甲'],
      ['/support/hotline', '400'],
      ['/list/0/key', 'x'],
    ])
  })

  it('makes every combination of attribute values', () => {
    const attribute = (code: string, values: string[]) => ({
      code,
      name: { zh: code, en: code },
      values: values.map((v) => ({ code: v, name: { zh: v, en: v } })),
    })
    expect(combinations([attribute('a', ['x', 'y']), attribute('b', ['1'])])).toEqual(['x/1', 'y/1'])
    expect(combinations([])).toEqual(['-'])
  })
})
