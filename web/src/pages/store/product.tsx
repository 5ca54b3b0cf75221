import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Collapse, Descriptions, Grid, Image, Tabs, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { Logo, pictureUrl, useText } from '../../kit/show'
import { BuyBox } from './buy-box'
import { useDuration, useFacts } from './card'
import { RulesText } from '../licence/rules'
import { Compare } from './compare'

type Product = Schemas['ProductPage']

const deliveryText: Record<string, string> = {
  license_code: 'licence.delivery_text',
  license_1x: 'licence.delivery_made',
  license_online: 'licence.delivery_asked',
}

/** HTML that the server made from the seller's markdown and cleaned. */
// biome-ignore lint/security/noDangerouslySetInnerHtml: it is cleaned
const Prose = ({ html }: { html: string }) => <div className="prose" dangerouslySetInnerHTML={{ __html: html }} />

/** Main pictures: one large, the others to choose from. */
function Gallery({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const [chosen, setChosen] = useState(0)
  const { pictures } = product
  if (pictures.length === 0) return null
  const label = (i: number) => t('product.picture', { n: i + 1, of: pictures.length, name: text(product.name) })
  return (
    <div className="gallery">
      <Image rootClassName="large" className="large" src={pictureUrl(pictures[chosen] ?? '')} alt={label(chosen)} />
      {pictures.length > 1 && (
        <div className="thumbs">
          {pictures.map((id, i) => (
            <button
              key={id}
              type="button"
              aria-pressed={i === chosen}
              aria-label={label(i)}
              onClick={() => setChosen(i)}
            >
              <img src={pictureUrl(id)} alt="" />
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** What was measured, not claimed. */
function Measured({ product }: { product: Product }) {
  const { t } = useTranslation()
  const duration = useDuration()
  const facts = useFacts([product.id]).get(product.id)
  const percent = (permille?: number | null) =>
    typeof permille === 'number' ? `${(permille / 10).toFixed(1)} %` : t('facts.none')
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('facts.title')}</h2>
      <Descriptions
        column={1}
        size="small"
        items={[
          {
            key: 'o',
            label: t('facts.opening'),
            children: typeof facts?.opening_ms === 'number' ? duration(facts.opening_ms) : t('facts.none'),
          },
          { key: 'a', label: t('facts.answered'), children: percent(facts?.answered_permille) },
          { key: 'r', label: t('facts.refunded'), children: percent(facts?.refunded_permille) },
        ]}
      />
      <div className="dim">{t('facts.basis', { count: facts?.purchases ?? 0 })}</div>
    </section>
  )
}

function Details({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const s = product.support
  const wide = Grid.useBreakpoint().md ?? window.innerWidth >= 768
  const items = [
    { key: 'description', label: t('product.description'), children: <Prose html={text(product.description_html)} /> },
    {
      key: 'specifications',
      label: t('product.specifications'),
      children: (
        <>
          <Compare product={product} />
          <LicenceRules product={product} />
        </>
      ),
    },
    {
      key: 'support',
      label: t('product.support'),
      children: (
        <>
          <Descriptions
            column={1}
            size="small"
            items={[
              { key: 't', label: t('support.service_time'), children: s.service_time },
              { key: 'c', label: t('support.service_content'), children: s.service_content },
              { key: 'h', label: t('support.hotline'), children: s.hotline },
              { key: 'm', label: t('support.mailbox'), children: s.mailbox },
            ]}
          />
          <h2>{t('product.guide')}</h2>
          <Prose html={text(product.usage_guide_html)} />
        </>
      ),
    },
    { key: 'delivery', label: t('product.delivery'), children: <DeliveryTab product={product} /> },
    { key: 'agreement', label: t('product.agreement'), children: <Prose html={text(product.agreement_html)} /> },
  ]
  // Tabs that do not fit hide behind a menu that screen readers do not find: on a phone they are folded instead.
  return wide ? <Tabs items={items} /> : <Collapse ghost defaultActiveKey="description" items={items} />
}

/** What a licence by code allows, specification by specification. */
function LicenceRules({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const ruled = product.specifications.filter((s) => s.licence)
  if (ruled.length === 0) return null
  return (
    <>
      <h2 style={{ marginTop: 24 }}>{t('licence_rules.title')}</h2>
      {ruled.map((s) => (
        <div key={s.key} style={{ marginBottom: 16 }}>
          <strong>{text(s.name)}</strong>
          {s.licence && <RulesText rules={s.licence} />}
        </div>
      ))}
    </>
  )
}

/** How it is delivered, and under service supervision what it must come up to. */
function DeliveryTab({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const d = product.delivery
  if (!d) return <p>{t(deliveryText[product.access_type] ?? 'product.delivery_text')}</p>
  return (
    <>
      <p>
        {t('delivery.supervised')} {t('delivery.sla', { days: d.sla_days ?? '–' })}
      </p>
      <h2>{t('delivery.template')}</h2>
      <p style={{ whiteSpace: 'pre-wrap' }}>{text(d.template)}</p>
      {text(d.request) && (
        <>
          <h2>{t('delivery.request')}</h2>
          <p style={{ whiteSpace: 'pre-wrap' }}>{text(d.request)}</p>
        </>
      )}
    </>
  )
}

/** A product as buyers see it; in a preview nothing can be bought. */
export function ProductView({ product: p, preview }: { product: Product; preview?: boolean }) {
  const { t } = useTranslation()
  const text = useText()
  return (
    <div className="product">
      <div>
        <div style={{ display: 'flex', gap: 16 }}>
          <Logo name={text(p.name)} picture={p.logo} />
          <div style={{ minWidth: 0, flex: 1 }}>
            <Page
              title={text(p.name)}
              above={p.category ? t(`category.${p.category}`) : undefined}
              purpose={text(p.overview)}
            >
              <div className="row">
                <Link to="/shops/$seller" params={{ seller: p.seller_id } as never}>
                  {p.seller_name}
                </Link>
                <Tag>{t(`access_type.${p.access_type}`)}</Tag>
                {(p.highlights ?? []).map((h, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: two may read the same, and none ever moves
                  <Tag key={i} color="blue">
                    {text(h)}
                  </Tag>
                ))}
              </div>
            </Page>
          </div>
        </div>
        <Gallery product={p} />
        <div className="panel" style={{ padding: '0 24px 24px', marginTop: 16 }}>
          <Details product={p} />
        </div>
      </div>
      <div className="stack side-by">
        <BuyBox product={p} preview={preview} />
        {!preview && <Measured product={p} />}
      </div>
    </div>
  )
}

/** What a buyer needs to decide, and the buy box. */
export function ProductPage() {
  const { product } = useParams({ strict: false }) as { product: string }
  const query = useQuery({
    queryKey: ['product', product],
    queryFn: () => unwrap(api.GET('/api/v1/products/{product}', { params: { path: { product } } })),
  })
  return <Await query={query}>{(p) => <ProductView product={p} />}</Await>
}
