import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useNavigate } from '@tanstack/react-router'
import { Empty, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { siteOf } from '../../api/site'
import { useAddress } from '../../kit/address'
import { Await, Page } from '../../kit/page'
import { useText } from '../../kit/show'
import { Tiles, useDuration } from './card'

type HomeOf = Schemas['Home']

/** Sellers, products, measured opening time: what can be checked. */
function Trust({ home }: { home: HomeOf }) {
  const { t } = useTranslation()
  const duration = useDuration()
  const fact = (value: string | number, name: string) => (
    <div>
      <strong className="num">{value}</strong> <span className="muted">{name}</span>
    </div>
  )
  return (
    <div className="trust">
      {fact(home.products, t('home.products', { count: home.products }))}
      {fact(home.sellers, t('home.sellers', { count: home.sellers }))}
      {typeof home.opening_ms === 'number' && fact(duration(home.opening_ms), t('home.opening'))}
    </div>
  )
}

function Floors({ home }: { home: HomeOf }) {
  const { t } = useTranslation()
  const text = useText()
  const floors = home.floors.filter((f) => f.products.length > 0)
  return (
    <div className="stack" style={{ gap: 32 }}>
      <Trust home={home} />
      <section>
        <h2>{t('store.categories')}</h2>
        <div className="choices">
          {home.categories.map((c) => (
            <Link key={c.value} to="/products" search={{ category: c.value } as never} className="button">
              {t(`category.${c.value}`)} <span className="dim">{c.count}</span>
            </Link>
          ))}
        </div>
      </section>
      {floors.map((f, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two may have one name, and none ever moves
        <section key={i}>
          <h2>{text(f.name)}</h2>
          <Tiles cards={f.products} />
        </section>
      ))}
      <section>
        <div className="row" style={{ justifyContent: 'space-between' }}>
          <h2>{t('home.newest')}</h2>
          <Link to="/products">{t('home.all')}</Link>
        </div>
        {home.newest.length === 0 ? <Empty description={t('home.empty')} /> : <Tiles cards={home.newest} />}
      </section>
    </div>
  )
}

/** The storefront's first page: search first, then what the operator puts forward, categories, what is new. */
export function Home() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { search } = useAddress()
  const query = useQuery({ queryKey: ['home', siteOf()], queryFn: () => unwrap(api.GET('/api/v1/storefront')) })
  if (search['q']) return <Navigate to="/products" search={search as never} replace />
  return (
    <>
      <div className="hero">
        <Page title={t('store.title')} purpose={t('store.purpose')}>
          <Input.Search
            size="large"
            placeholder={t('store.search_hint')}
            aria-label={t('home.search')}
            enterButton={t('action.search')}
            onSearch={(q) => void navigate({ to: '/products', search: { q: q || undefined } as never })}
          />
        </Page>
      </div>
      <Await query={query}>{(home) => <Floors home={home} />}</Await>
    </>
  )
}
