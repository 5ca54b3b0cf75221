import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Logo, moneyText, useText } from '../../kit/show'

type Card = Schemas['Card']
export type Facts = Schemas['FactsView']

/** What was measured of some products. */
export function useFacts(products: string[]): Map<string, Facts> {
  const ids = products.join(',')
  const query = useQuery({
    queryKey: ['facts', ids],
    queryFn: () => unwrap(api.GET('/api/v1/product-facts', { params: { query: { products: ids } } })),
    enabled: ids !== '',
    staleTime: 30_000,
  })
  return new Map((query.data?.facts ?? []).map((f) => [f.product, f]))
}

/** A measured time in words. */
export function useDuration() {
  const { t } = useTranslation()
  return (ms: number) =>
    ms < 1000
      ? t('facts.ms', { ms })
      : ms < 120_000
        ? t('facts.seconds', { seconds: Math.round(ms / 1000) })
        : t('facts.minutes', { minutes: Math.round(ms / 60_000) })
}

/** How fast it opened so far; nothing when nobody bought it yet. */
function OpeningTime({ facts }: { facts?: Facts }) {
  const { t } = useTranslation()
  const duration = useDuration()
  if (typeof facts?.opening_ms !== 'number') return null
  return <span>{t('facts.opens_in', { time: duration(facts.opening_ms) })}</span>
}

const linkOf = (card: Card) => ({ to: '/products/$product', params: { product: card.id } as never })

function Price({ card, size }: { card: Card; size: number }) {
  const { t } = useTranslation()
  if (!card.price_from)
    return (
      <div className="muted" style={{ fontSize: size - 4 }}>
        {t('store.by_use')}
      </div>
    )
  return (
    <div>
      <span className="price" style={{ fontSize: size }}>
        {moneyText(card.price_from)}
      </span>{' '}
      <span className="dim">{t(`store.from_${card.price_per ?? 'once'}`)}</span>
    </div>
  )
}

/** A product in a row of results. */
export function Hit({ card, facts }: { card: Card; facts?: Facts }) {
  const { t } = useTranslation()
  const text = useText()
  return (
    <article className="hit">
      <Logo name={text(card.name)} picture={card.logo} />
      <div>
        <div className="row">
          <h2 style={{ margin: 0 }}>
            <Link {...linkOf(card)}>{text(card.name)}</Link>
          </h2>
          {card.trial_days && <Tag color="green">{t('store.trial_days', { days: card.trial_days })}</Tag>}
        </div>
        <div className="muted">{text(card.overview)}</div>
        <div className="dim facts" style={{ marginTop: 8 }}>
          <Link to="/shops/$seller" params={{ seller: card.seller_id } as never} className="dim">
            {card.seller_name}
          </Link>
          {card.category && <span>{t(`category.${card.category}`)}</span>}
          <span>{t(`access_type.${card.access_type}`)}</span>
          <OpeningTime facts={facts} />
        </div>
      </div>
      <div className="buy" style={{ display: 'flex', flexDirection: 'column', alignItems: 'flex-end', gap: 10 }}>
        <Price card={card} size={20} />
        <Link {...linkOf(card)} className="button" aria-label={`${t('action.view')} ${text(card.name)}`}>
          {t('action.view')}
        </Link>
      </div>
    </article>
  )
}

/** A product as a tile of a floor. */
function Tile({ card, facts }: { card: Card; facts?: Facts }) {
  const text = useText()
  return (
    <article className="panel tile">
      <div className="row" style={{ flexWrap: 'nowrap', alignItems: 'flex-start' }}>
        <Logo name={text(card.name)} picture={card.logo} />
        <div style={{ minWidth: 0 }}>
          <h3>
            <Link {...linkOf(card)}>{text(card.name)}</Link>
          </h3>
          <div className="dim">{card.seller_name}</div>
        </div>
      </div>
      <div className="muted">{text(card.overview)}</div>
      <div className="foot">
        <Price card={card} size={16} />
        <span className="dim">
          <OpeningTime facts={facts} />
        </span>
      </div>
    </article>
  )
}

/** Tiles beside each other. */
export function Tiles({ cards }: { cards: Card[] }) {
  const facts = useFacts(cards.map((c) => c.id))
  return (
    <div className="tiles">
      {cards.map((c) => (
        <Tile key={c.id} card={c} facts={facts.get(c.id)} />
      ))}
    </div>
  )
}
