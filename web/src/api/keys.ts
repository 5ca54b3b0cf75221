/** A write that was sent: its key, what it asked, and whether it is still under way. */
type Sent = { key: string; body: string; sending: number }

/**
 * The idempotency keys of writes whose outcome is not known. A form that got no answer may have been done: whoever
 * sends it again, also after closing and opening it, sends the same key, and so does the second click of two.
 */
export class Keys {
  readonly #sent = new Map<string, Sent[]>()
  readonly #draw: () => string

  constructor(draw: () => string = () => crypto.randomUUID()) {
    this.#draw = draw
  }

  /** The key for a write from a place, such as the page, to an address. */
  begin(place: string, body: string): string {
    const sent = this.#sent.get(place) ?? []
    // What is under way with other inputs is another write; what ended without an answer is this one.
    const same = sent.find((s) => s.body === body) ?? sent.find((s) => s.sending === 0)
    if (same) {
      same.sending += 1
      return same.key
    }
    const key = this.#draw()
    this.#sent.set(place, [...sent, { key, body, sending: 1 }])
    return key
  }

  /** How a write ended; unless its outcome is known, its key is used again. */
  end(place: string, key: string, known: boolean) {
    const sent = this.#sent.get(place) ?? []
    const of = sent.find((s) => s.key === key)
    if (of) of.sending -= 1
    if (!known) return
    const rest = sent.filter((s) => s.key !== key)
    if (rest.length > 0) this.#sent.set(place, rest)
    else this.#sent.delete(place)
  }
}

/** Whether an answer says what became of a write. */
export async function isOutcome(answer: Response): Promise<boolean> {
  if (answer.headers.has('Idempotency-Hit')) return true
  if (answer.status >= 500 || answer.status === 429) return false
  if (answer.status !== 409) return true
  const problem = (await answer
    .clone()
    .json()
    .catch(() => ({}))) as { code?: string }
  return problem.code !== 'idempotency.no_answer'
}
