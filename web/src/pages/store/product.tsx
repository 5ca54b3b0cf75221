import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Descriptions, Table, Tabs, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { Logo, useText } from '../../kit/show'
import { BuyBox } from './buy-box'

type Product = Schemas['ProductPage']

/** HTML that the server made from the seller's markdown and cleaned. */
const Prose = ({ html }: { html: string }) => <div className="prose" dangerouslySetInnerHTML={{ __html: html }} />

function Specifications({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const rows = product.specifications.flatMap((s) => (s.skus ?? []).map((sku) => ({ spec: s, sku, key: `${s.key}/${sku.key}` })))
  const names = (spec: Schemas['SpecificationBody'], key: string) =>
    key.split('/').map((code, i) => text(spec.attributes?.[i]?.values?.find((v) => v.code === code)?.name)).filter(Boolean).join(' / ')
  return (
    <Table
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
      dataSource={rows}
      columns={[
        { key: 'spec', title: t('buy.specification'), render: (_, r) => text(r.spec.name) },
        { key: 'sku', title: t('buy.combination'), render: (_, r) => names(r.spec, r.sku.key ?? '') || '–' },
        { key: 'month', title: t('price.month'), align: 'right', render: (_, r) => r.sku.month ?? '–' },
        { key: 'year', title: t('price.year'), align: 'right', render: (_, r) => r.sku.year ?? '–' },
        { key: 'once', title: t('price.once'), align: 'right', render: (_, r) => r.sku.once ?? '–' },
      ]}
    />
  )
}

function Details({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const s = product.support
  return (
    <Tabs
      items={[
        { key: 'description', label: t('product.description'), children: <Prose html={text(product.description_html)} /> },
        { key: 'specifications', label: t('product.specifications'), children: <Specifications product={product} /> },
        {
          key: 'support',
          label: t('product.support'),
          children: (
            <>
              <Descriptions column={1} size="small" items={[
                { key: 't', label: t('support.service_time'), children: s.service_time },
                { key: 'c', label: t('support.service_content'), children: s.service_content },
                { key: 'h', label: t('support.hotline'), children: s.hotline },
                { key: 'm', label: t('support.mailbox'), children: s.mailbox },
              ]} />
              <h2>{t('product.guide')}</h2>
              <Prose html={text(product.usage_guide_html)} />
            </>
          ),
        },
        { key: 'delivery', label: t('product.delivery'), children: <p>{t('product.delivery_text')}</p> },
        { key: 'agreement', label: t('product.agreement'), children: <Prose html={text(product.agreement_html)} /> },
      ]}
    />
  )
}

/** What a buyer needs to decide, and the buy box. */
export function ProductPage() {
  const { t } = useTranslation()
  const text = useText()
  const { product } = useParams({ strict: false }) as { product: string }
  const query = useQuery({ queryKey: ['product', product], queryFn: () => unwrap(api.GET('/api/v1/products/{product}', { params: { path: { product } } })) })
  return (
    <Await query={query}>
      {(p) => (
        <div className="product">
          <div>
            <div style={{ display: 'flex', gap: 16 }}>
              <Logo name={text(p.name)} />
              <div style={{ minWidth: 0, flex: 1 }}>
              <Page title={text(p.name)} above={p.category ? t(`category.${p.category}`) : undefined} purpose={text(p.overview)}>
                <div className="row">
                  <span className="muted">{p.seller_name}</span>
                  <Tag>SaaS</Tag>
                  {(p.highlights ?? []).map((h, i) => <Tag key={i} color="blue">{text(h)}</Tag>)}
                </div>
              </Page>
              </div>
            </div>
            <div className="panel" style={{ padding: '0 24px 24px', marginTop: 16 }}><Details product={p} /></div>
          </div>
          <BuyBox product={p} />
        </div>
      )}
    </Await>
  )
}
