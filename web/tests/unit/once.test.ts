import { expect, it } from 'vitest'
import { isOutcome, Keys } from '../../src/api/keys'
import { Lock } from '../../src/kit/lock'

const counted = () => {
  let drawn = 0
  return new Keys(() => {
    drawn += 1
    return `k${drawn}`
  })
}

it('gives one key to a form until its outcome is known', () => {
  const keys = counted()
  expect(keys.begin('/pay', 'a')).toBe('k1')
  expect(keys.begin('/pay', 'a')).toBe('k1') // the second click of two
  keys.end('/pay', 'k1', false)
  keys.end('/pay', 'k1', false)
  expect(keys.begin('/pay', 'a')).toBe('k1') // no answer: it may have been done
  keys.end('/pay', 'k1', false)
  expect(keys.begin('/pay', 'edited')).toBe('k1') // the server says whether it was
  keys.end('/pay', 'k1', true)
  expect(keys.begin('/pay', 'edited')).toBe('k2')
})

it('gives other inputs that are under way at the same time another key', () => {
  const keys = counted()
  expect([keys.begin('/cart', 'a'), keys.begin('/cart', 'b'), keys.begin('/orders', 'a')]).toEqual(['k1', 'k2', 'k3'])
  keys.end('/cart', 'k1', true)
  expect(keys.begin('/cart', 'b')).toBe('k2')
})

it('knows an outcome by the answer', async () => {
  const answer = (status: number, code?: string, headers?: Record<string, string>) =>
    isOutcome(new Response(JSON.stringify({ code }), { status, headers }))
  expect(await answer(200)).toBe(true)
  expect(await answer(422, 'idempotency.other_inputs')).toBe(true)
  expect(await answer(409, 'order.not_payable')).toBe(true)
  expect(await answer(409, 'idempotency.no_answer')).toBe(false)
  expect(await answer(503)).toBe(false)
  expect(await answer(500, 'internal', { 'Idempotency-Hit': 'true' })).toBe(true)
})

it('begins what asks for nothing, once', async () => {
  let begun = 0
  const lock = new Lock<number>(() => 0)
  const begin = () => {
    begun += 1
    return Promise.resolve(begun)
  }
  expect([await lock.run(undefined, begin), await lock.run(undefined, begin)]).toEqual([1, 1])
})

it('begins once for a double click, again after a refusal, and at once with other inputs', async () => {
  let [now, begun] = [0, 0]
  const lock = new Lock<number>(() => now)
  const begin = () => {
    begun += 1
    return Promise.resolve(begun)
  }
  const [one, two] = [lock.run({ period: '1m' }, begin), lock.run({ period: '1m' }, begin)]
  expect([await one, await two]).toEqual([1, 1])
  now = 150 // the dialog is still closing
  expect(await lock.run({ period: '1m' }, begin)).toBe(1)
  expect(await lock.run({ period: '1y' }, begin)).toBe(2)
  now = 700
  expect(await lock.run({ period: '1y' }, begin)).toBe(3)
  await expect(lock.run('refused', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await lock.run('refused', begin)).toBe(4)
})
