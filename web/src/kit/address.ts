import { useNavigate, useSearch } from '@tanstack/react-router'

export type Search = Record<string, string | undefined>

/** The query of the address, and a way to change it; an empty value goes. */
export function useAddress() {
  const search: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const set = (change: Search) => {
    const next: Search = { ...search, ...change }
    for (const key of Object.keys(next)) if (!next[key]) delete next[key]
    void navigate({ to: '.', search: next as never })
  }
  return { search, set }
}
