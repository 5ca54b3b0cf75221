import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Empty, Input, Pagination, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAddress } from '../../kit/address'
import { Await, Page } from '../../kit/page'
import { Logo, moneyText, useText } from '../../kit/show'

type Results = Schemas['Results']

function Facet({ title, name, counts, label }: { title: string; name: string; counts: Schemas['FacetCount'][]; label: (value: string) => string }) {
  const { search, set } = useAddress()
  if (counts.length === 0) return null
  return (
    <div className="facet">
      <h2>{title}</h2>
      {counts.map((c) => {
        const on = search[name] === c.value
        return (
          <button key={c.value} type="button" aria-pressed={on} onClick={() => set({ [name]: on ? undefined : c.value, page: undefined })}>
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
      <div style={{ display: 'flex', gap: 8 }}>{field('price_from', t('store.price_from'))}{field('price_to', t('store.price_to'))}</div>
    </div>
  )
}

function Hit({ card }: { card: Schemas['Card'] }) {
  const { t } = useTranslation()
  const text = useText()
  return (
    <article className="hit">
      <Logo name={text(card.name)} />
      <div>
        <div className="row">
          <h2 style={{ margin: 0 }}><Link to="/products/$product" params={{ product: card.id } as never}>{text(card.name)}</Link></h2>
          {card.trial_days && <Tag color="green">{t('store.trial_days', { days: card.trial_days })}</Tag>}
        </div>
        <div className="muted">{text(card.overview)}</div>
        <div className="dim" style={{ marginTop: 8 }}>{card.seller_name}{card.category ? ` · ${t(`category.${card.category}`)}` : ''}</div>
      </div>
      <div className="buy" style={{ display: 'flex', flexDirection: 'column', alignItems: 'flex-end', gap: 10 }}>
        {card.price_from && (
          <div><span className="price" style={{ fontSize: 20 }}>{moneyText(card.price_from)}</span> <span className="dim">{t(`store.from_${card.price_per ?? 'once'}`)}</span></div>
        )}
        <Link to="/products/$product" params={{ product: card.id } as never}><Button tabIndex={-1}>{t('action.view')}</Button></Link>
      </div>
    </article>
  )
}

function Found({ results }: { results: Results }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { search, set } = useAddress()
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
          {chips.map((c) => <Tag key={c.name} closable onClose={() => set({ [c.name]: undefined })}>{c.text}</Tag>)}
        </div>
      )}
      <div className="results">
        <Button className="narrow-only" aria-expanded={open} onClick={() => setOpen(!open)}>{t('store.filters')}{chips.length > 0 ? ` (${chips.length})` : ''}</Button>
        <aside className={open ? 'panel open' : 'panel'} aria-label={t('store.filters')}>
          <Facet title={t('store.categories')} name="category" counts={results.categories} label={(v) => t(`category.${v}`)} />
          <Facet title={t('store.charging')} name="charging" counts={results.charging_modes} label={(v) => t(`charging.${v}`)} />
          <Facet title={t('store.trial')} name="trial" counts={results.with_trial ? [{ value: 'true', count: results.with_trial }] : []} label={() => t('store.with_trial')} />
          <PriceFacet />
        </aside>
        <div>
          <div className="panel">
            {results.products.length === 0 ? <Empty style={{ padding: 48 }} description={t('store.nothing')} /> : results.products.map((card) => <Hit key={card.id} card={card} />)}
          </div>
          <Pagination style={{ marginTop: 16, justifyContent: 'flex-end' }} align="end" hideOnSinglePage current={results.page} pageSize={results.page_size} total={results.total} showSizeChanger={false} onChange={(p) => set({ page: String(p) })} />
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
    queryFn: () => unwrap(api.GET('/api/v1/products', { params: { query: { q, category, charging, trial, price_from, price_to, sort, page } } })),
    placeholderData: (old) => old,
  })
  const sorts = ['relevance', 'newest', 'price_up', 'price_down'].map((value) => ({ value, label: t(`sort.${value}`) }))
  return (
    <Page
      title={q ? t('store.results_for', { q }) : t('store.title')}
      purpose={query.data ? t('store.count', { count: query.data.total }) : t('store.purpose')}
      actions={<Select aria-label={t('store.sort')} value={sort ?? (q ? 'relevance' : 'newest')} options={sorts} style={{ width: 150 }} onChange={(v) => set({ sort: v, page: undefined })} />}
    >
      <Await query={query}>{(results) => <Found results={results} />}</Await>
    </Page>
  )
}
