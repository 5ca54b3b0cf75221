import { useQuery } from '@tanstack/react-query'
import { Button, Empty, Input, Pagination, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAddress } from '../../kit/address'
import { Await, Page } from '../../kit/page'
import { Hit, useFacts } from './card'

type Results = Schemas['Results']

function Facet({
  title,
  name,
  counts,
  label,
}: {
  title: string
  name: string
  counts: Schemas['FacetCount'][]
  label: (value: string) => string
}) {
  const { search, set } = useAddress()
  if (counts.length === 0) return null
  return (
    <div className="facet">
      <h2>{title}</h2>
      {counts.map((c) => {
        const on = search[name] === c.value
        return (
          <button
            key={c.value}
            type="button"
            aria-pressed={on}
            onClick={() => set({ [name]: on ? undefined : c.value, page: undefined })}
          >
            <span>{label(c.value)}</span>
            <span className="dim">{c.count}</span>
          </button>
        )
      })}
    </div>
  )
}

/** Lowest and highest price, applied on enter or when left. */
function PriceFacet() {
  const { t } = useTranslation()
  const { search, set } = useAddress()
  const field = (name: 'price_from' | 'price_to', label: string) => (
    <Input
      key={`${name}${search[name] ?? ''}`}
      size="small"
      inputMode="decimal"
      aria-label={label}
      placeholder={label}
      defaultValue={search[name]}
      onPressEnter={(e) => set({ [name]: e.currentTarget.value, page: undefined })}
      onBlur={(e) => e.target.value !== (search[name] ?? '') && set({ [name]: e.target.value, page: undefined })}
    />
  )
  return (
    <div className="facet">
      <h2>{t('store.price')}</h2>
      <div style={{ display: 'flex', gap: 8 }}>
        {field('price_from', t('store.price_from'))}
        {field('price_to', t('store.price_to'))}
      </div>
    </div>
  )
}

function Found({ results }: { results: Results }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { search, set } = useAddress()
  const facts = useFacts(results.products.map((c) => c.id))
  const chips = [
    ...(search['category'] ? [{ name: 'category', text: t(`category.${search['category']}`) }] : []),
    ...(search['charging'] ? [{ name: 'charging', text: t(`charging.${search['charging']}`) }] : []),
    ...(search['price_from'] ? [{ name: 'price_from', text: `≥ ${search['price_from']}` }] : []),
    ...(search['price_to'] ? [{ name: 'price_to', text: `≤ ${search['price_to']}` }] : []),
    ...(search['trial'] ? [{ name: 'trial', text: t('store.with_trial') }] : []),
  ]
  return (
    <>
      {chips.length > 0 && (
        <div className="row" style={{ marginBottom: 12 }}>
          {chips.map((c) => (
            <Tag key={c.name} closable onClose={() => set({ [c.name]: undefined })}>
              {c.text}
            </Tag>
          ))}
        </div>
      )}
      <div className="results">
        <Button className="narrow-only" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t('store.filters')}
          {chips.length > 0 ? ` (${chips.length})` : ''}
        </Button>
        <aside className={open ? 'panel open' : 'panel'} aria-label={t('store.filters')}>
          <Facet
            title={t('store.categories')}
            name="category"
            counts={results.categories}
            label={(v) => t(`category.${v}`)}
          />
          <Facet
            title={t('store.charging')}
            name="charging"
            counts={results.charging_modes}
            label={(v) => t(`charging.${v}`)}
          />
          <Facet
            title={t('store.trial')}
            name="trial"
            counts={results.with_trial ? [{ value: 'true', count: results.with_trial }] : []}
            label={() => t('store.with_trial')}
          />
          <PriceFacet />
        </aside>
        <div>
          <div className="panel">
            {results.products.length === 0 ? (
              <Empty style={{ padding: 48 }} description={t('store.nothing')} />
            ) : (
              results.products.map((card) => <Hit key={card.id} card={card} facts={facts.get(card.id)} />)
            )}
          </div>
          <Pagination
            style={{ marginTop: 16, justifyContent: 'flex-end' }}
            align="end"
            hideOnSinglePage
            current={results.page}
            pageSize={results.page_size}
            total={results.total}
            showSizeChanger={false}
            onChange={(p) => set({ page: String(p) })}
          />
        </div>
      </div>
    </>
  )
}

/** The storefront: search first, facets, cards. */
export function Results() {
  const { t } = useTranslation()
  const { search, set } = useAddress()
  const { q, category, charging, trial, price_from, price_to, sort, page } = search
  const query = useQuery({
    queryKey: ['products', q, category, charging, trial, price_from, price_to, sort, page],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/products', {
          params: { query: { q, category, charging, trial, price_from, price_to, sort, page } },
        }),
      ),
    placeholderData: (old) => old,
  })
  const sorts = ['relevance', 'newest', 'price_up', 'price_down'].map((value) => ({ value, label: t(`sort.${value}`) }))
  return (
    <Page
      title={q ? t('store.results_for', { q }) : category ? t(`category.${category}`) : t('store.all')}
      purpose={query.data ? t('store.count', { count: query.data.total }) : t('store.purpose')}
      actions={
        <Select
          aria-label={t('store.sort')}
          value={sort ?? (q ? 'relevance' : 'newest')}
          options={sorts}
          style={{ width: 150 }}
          onChange={(v) => set({ sort: v, page: undefined })}
        />
      }
    >
      <Await query={query}>{(results) => <Found results={results} />}</Await>
    </Page>
  )
}
