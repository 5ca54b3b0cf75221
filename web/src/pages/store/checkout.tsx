import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert, Button, Checkbox, Descriptions, Form, Input, type FormInstance } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useAddress } from '../../kit/address'
import { onVersion } from '../../kit/decide'
import { Summary, useWrong, whole } from '../../kit/form'
import { isMore } from '../../kit/money'
import { Await, Page } from '../../kit/page'
import { ProblemBox } from '../../kit/problem'
import { moneyText, useText } from '../../kit/show'
import { useMe } from '../../kit/session'
import { ConsentFields, consentsOf, type Consents } from './consents'
import { ShippingFields, type Shipping } from './shipping'

type Choice = {
  product: string
  specification: string
  sku?: string
  period?: string
  quantity: number
  trial: boolean
}

function useChoice(): Choice {
  const { search } = useAddress()
  const trial = search['trial'] === 'true'
  return {
    product: search['product'] ?? '',
    specification: search['spec'] ?? '',
    sku: search['sku'],
    period: trial ? undefined : search['period'],
    quantity: trial ? 1 : Number(search['quantity'] ?? 1),
    trial,
  }
}

/** What is bought, for how much, from which balance; agreement and inputs; one click to pay. */
function Confirm({ product, choice }: { product: Schemas['ProductPage']; choice: Choice }) {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const [agreed, setAgreed] = useState(false)
  const [form] = Form.useForm<{ inputs?: Record<string, string>; consents?: Consents; shipping?: Shipping }>()
  const { wrong, show, catching } = useWrong(form as FormInstance)
  const quote = useQuery({
    queryKey: ['quote', choice],
    queryFn: () => unwrap(api.POST('/api/v1/quotes', { body: choice })),
  })
  const wallet = useQuery({ queryKey: ['wallet'], queryFn: () => unwrap(api.GET('/api/v1/wallet')) })
  const place = useAction(
    async (pay: boolean) => {
      const values = await whole(form)
      show([])
      const inputs = Object.entries(values.inputs ?? {})
        .filter(([, value]) => value)
        .map(([name, value]) => ({ name, value }))
      return catching(
        unwrap(
          api.POST('/api/v1/orders', {
            headers: quote.data && onVersion(quote.data),
            body: { choice, inputs, consents: consentsOf(values.consents), shipping: values.shipping, pay },
          }),
        ),
      )
    },
    (order) => void navigate({ to: '/buyer/orders/$number', params: { number: order.order_number } as never }),
  )
  const spec = product.specifications.find((s) => s.key === choice.specification)
  const short = quote.data && wallet.data && isMore(quote.data.total, wallet.data.balance)
  return (
    <div className="split">
      <div className="panel" style={{ padding: 24 }}>
        <h2>{t('checkout.what')}</h2>
        <Descriptions
          column={1}
          size="small"
          items={[
            { key: 'p', label: t('field.product'), children: text(product.name) },
            { key: 's', label: t('buy.specification'), children: text(spec?.name) },
            ...(choice.sku && choice.sku !== '-'
              ? [{ key: 'k', label: t('buy.combination'), children: choice.sku }]
              : []),
            ...(choice.period ? [{ key: 'd', label: t('buy.period'), children: t(`period.${choice.period}`) }] : []),
            { key: 'q', label: t('buy.quantity'), children: choice.quantity },
            { key: 'v', label: t('field.seller'), children: product.seller_name },
          ]}
        />
        <Form form={form} layout="vertical" style={{ marginTop: 16 }}>
          <Summary form={form as FormInstance} wrong={wrong} />
          {product.extension_parameters.map((p) => (
            <Form.Item
              key={p.name}
              name={['inputs', p.name]}
              label={text(p.label)}
              rules={[{ required: p.mandatory, message: t('form.required') }, { max: 200 }]}
            >
              <Input />
            </Form.Item>
          ))}
          <ConsentFields asked={product.personal_data} seller={product.seller_name} at={['consents']} />
          {product.access_type === 'hardware' && <ShippingFields at={['shipping']} />}
        </Form>
        <Checkbox checked={agreed} onChange={(e) => setAgreed(e.target.checked)}>
          {t('checkout.agree')}
        </Checkbox>
        <details style={{ marginTop: 8 }}>
          <summary className="muted">{t('product.agreement')}</summary>
          {/* biome-ignore lint/security/noDangerouslySetInnerHtml: the server made it from markdown and cleaned it */}
          <div className="prose" dangerouslySetInnerHTML={{ __html: text(product.agreement_html) }} />
        </details>
      </div>
      <div className="panel num" style={{ padding: 24 }}>
        <h2>{t('checkout.total')}</h2>
        {quote.error && <ProblemBox error={quote.error} />}
        {quote.data?.by_month && (
          <div className="sum">
            <span className="muted">{t('buy.by_month')}</span>
            <span>{moneyText(quote.data.by_month)}</span>
          </div>
        )}
        {quote.data?.saving && (
          <div className="sum">
            <span className="muted">{t('buy.saving')}</span>
            <span>−{moneyText(quote.data.saving)}</span>
          </div>
        )}
        {quote.data && (
          <div className="sum total">
            <strong>{t('buy.to_pay')}</strong>
            <span className="price" style={{ fontSize: 20 }}>
              {moneyText(quote.data.total)}
            </span>
          </div>
        )}
        {wallet.data && (
          <div className="sum">
            <span className="muted">{t('checkout.balance')}</span>
            <span>{moneyText(wallet.data.balance)}</span>
          </div>
        )}
        {short && (
          <Alert
            type="warning"
            showIcon
            title={t('checkout.short')}
            action={<Link to="/buyer/wallet">{t('wallet.top_up')}</Link>}
          />
        )}
        <div className="stack" style={{ gap: 8, marginTop: 16 }}>
          <Button
            type="primary"
            size="large"
            block
            disabled={!agreed || !quote.data || !!quote.error || !!short}
            loading={place.isPending}
            onClick={() => place.mutate(true)}
          >
            {t(choice.trial ? 'checkout.start_trial' : product.delivery ? 'action.pay' : 'checkout.pay')}
          </Button>
          {!choice.trial && (
            <Button block disabled={!agreed || !quote.data || !!quote.error} onClick={() => place.mutate(false)}>
              {t('checkout.later')}
            </Button>
          )}
          {!agreed && <div className="dim">{t('checkout.agree_first')}</div>}
          {product.delivery && <div className="muted">{t('delivery.supervised')}</div>}
        </div>
      </div>
    </div>
  )
}

/** Checkout of one choice, kept in the address. */
export function Checkout() {
  const { t } = useTranslation()
  const choice = useChoice()
  const me = useMe()
  const { product } = choice
  const query = useQuery({
    queryKey: ['product', product],
    queryFn: () => unwrap(api.GET('/api/v1/products/{product}', { params: { path: { product } } })),
  })
  const back = encodeURIComponent(window.location.pathname + window.location.search)
  return (
    <Page title={t('checkout.title')} purpose={t('checkout.purpose')}>
      {me.data === null ? (
        <Alert
          type="info"
          showIcon
          title={t('checkout.log_in')}
          action={<a href={`/log-in?back=${back}`}>{t('action.log_in')}</a>}
        />
      ) : (
        <Await query={query}>{(p) => <Confirm product={p} choice={choice} />}</Await>
      )}
    </Page>
  )
}
