import type { TFunction } from 'i18next'
import { describe, expect, it } from 'vitest'
import { whereText } from '../../src/pages/buyer/whereabouts'
import en from '../../src/texts/en.json'
import zh from '../../src/texts/zh.json'

/** Looks a text up as the consoles do. */
const from = (texts: object) =>
  ((key: string, about: Record<string, string>) => {
    const [group = '', name = ''] = key.split('.')
    const text = (texts as Record<string, Record<string, string>>)[group]?.[name]
    if (!text) throw new Error(`no text ${key}`)
    return text.replaceAll(/\{\{(\w+)\}\}/g, (_, field: string) => about[field] ?? `{{${field}}}`)
  }) as unknown as TFunction

const where = (place: string, until: string | null = null) => ({
  place,
  amount: { amount: '240.00', currency: 'CNY' },
  at: '2026-11-29T03:10:00',
  until,
  next: 'none',
})

describe('where the money of an order is', () => {
  it('is said in both languages, to its buyer and to others', () => {
    for (const texts of [zh, en])
      for (const mine of [true, false])
        for (const place of ['wallet', 'divided', 'seller']) {
          const said = whereText(from(texts), where(place), mine)
          expect(said, place).toContain('¥240.00')
          expect(said, place).toContain('2026-11-29 03:10')
          expect(said, place).not.toContain('{{')
        }
    expect(whereText(from(en), where('wallet'), true)).toContain('your wallet')
    expect(whereText(from(en), where('wallet'), false)).toContain("buyer's wallet")
    expect(whereText(from(zh), where('not_paid'), true)).toBe('未从您的钱包扣款。')
  })

  it('is kept until a moment where that is known', () => {
    expect(whereText(from(en), where('kept', '2026-11-29T06:10:00'), true)).toContain('until 2026-11-29 06:10')
    expect(whereText(from(zh), where('kept'), true)).toBe('¥240.00 由平台保管。')
  })

  it('is followed by what to do, in both languages', () => {
    for (const texts of [zh, en])
      expect(Object.keys(texts.next)).toEqual(['wait', 'order_again', 'change_again', 'to_product'])
  })
})
