import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, InputNumber, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { ProblemBox } from '../../kit/problem'
import { useMe } from '../../kit/session'
import { moneyText, Time, useText } from '../../kit/show'
import { quotaText, yearSaving } from './compare'
import { TierTable } from './tiers'

type Product = Schemas['ProductPage']
type Spec = Schemas['SpecificationBody']

const periods = ['1m', '3m', '6m', '12m', '1y', '2y', '3y']

/** Which periods a combination is sold for. */
export const periodsOf = (sku?: { month?: unknown; year?: unknown }) =>
  periods.filter((p) => (p.endsWith('m') ? sku?.month : sku?.year))

/** The values that a key of a combination stands for, attribute by attribute. */
const valuesOf = (key: string) => key.split('/')

function Attributes({ spec, sku, choose }: { spec: Spec; sku: string; choose: (key: string) => void }) {
  const text = useText()
  const values = valuesOf(sku)
  const sold = (key: string) => spec.skus?.some((s) => s.key === key && s.on_sale !== false)
  return (spec.attributes ?? []).map((attribute, i) => (
    <fieldset key={attribute.code} style={{ border: 0, padding: 0, margin: '16px 0 0' }}>
      <legend className="muted" style={{ fontSize: 13 }}>
        {text(attribute.name)}
      </legend>
      <Radio.Group
        optionType="button"
        value={values[i]}
        onChange={(e) => choose(values.map((v, j) => (j === i ? String(e.target.value) : v)).join('/'))}
        options={(attribute.values ?? []).map((v) => ({
          value: v.code ?? '',
          label: text(v.name),
          disabled: !sold(values.map((x, j) => (j === i ? v.code : x)).join('/')),
        }))}
      />
    </fieldset>
  ))
}

function Price({ quote }: { quote: Schemas['QuoteView'] }) {
  const { t } = useTranslation()
  return (
    <div
      style={{ background: 'var(--ground)', borderRadius: 8, padding: 12, marginTop: 16 }}
      className="num"
      aria-live="polite"
    >
      {quote.by_month ? (
        <>
          <div className="sum">
            <span className="muted">{t('buy.by_month')}</span>
            <span>{moneyText(quote.by_month)}</span>
          </div>
          {quote.saving && (
            <div className="sum">
              <span className="muted">{t('buy.saving')}</span>
              <span>−{moneyText(quote.saving)}</span>
            </div>
          )}
        </>
      ) : (
        <div className="sum">
          <span className="muted">
            {moneyText(quote.unit_price)} × {quote.units}
            {quote.quantity > 1 ? ` × ${quote.quantity}` : ''}
          </span>
          <span>{moneyText(quote.total)}</span>
        </div>
      )}
      <div className="sum total">
        <strong>{t('buy.to_pay')}</strong>
        <span className="price" style={{ fontSize: 20 }}>
          {moneyText(quote.total)}
        </span>
      </div>
      {quote.ends_at && (
        <div className="dim">
          {t('buy.ends')} <Time at={quote.ends_at} />
        </div>
      )}
    </div>
  )
}

/** Choose and buy: specification, combination, time, number, and the price worked out. */
export function BuyBox({ product, preview }: { product: Product; preview?: boolean }) {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const [specKey, setSpec] = useState(product.specifications[0]?.key ?? '')
  const spec = product.specifications.find((s) => s.key === specKey) ?? product.specifications[0]
  const [skuKey, setSku] = useState(spec?.skus?.[0]?.key ?? '-')
  const sku = spec?.skus?.find((s) => s.key === skuKey) ?? spec?.skus?.[0]
  const offered = periodsOf(sku)
  const [wanted, setPeriod] = useState('1m')
  const [quantity, setQuantity] = useState(1)
  const byUse = spec?.charging_mode === 'ON_DEMAND'
  const once = spec?.charging_mode === 'ONE_TIME' || byUse
  const period = once ? undefined : offered.includes(wanted) ? wanted : offered[0]
  const choice = {
    product: product.id,
    specification: spec?.key ?? '',
    sku: sku?.key,
    period,
    quantity: byUse ? 1 : quantity,
  }
  const quote = useQuery({
    queryKey: ['quote', choice],
    queryFn: () => unwrap(api.POST('/api/v1/quotes', { body: { ...choice, trial: false } })),
    placeholderData: (old) => old,
    enabled: !preview,
  })
  const me = useMe()
  const add = useAction(
    () => unwrap(api.POST('/api/v1/cart', { body: { ...choice, trial: false } })),
    undefined,
    t('cart.added'),
  )
  const toCart = () =>
    me.data
      ? add.mutate(undefined)
      : void navigate({ to: '/log-in', search: { back: window.location.pathname } as never })
  const saving = yearSaving(sku)
  const go = (more: Record<string, string>) => {
    const search = {
      product: product.id,
      spec: choice.specification,
      sku: choice.sku,
      period,
      quantity: String(choice.quantity),
      ...more,
    }
    void navigate({ to: '/checkout', search: search as never })
  }
  const closed = preview || (product.visibility !== 'on_sale' && product.visibility !== 'hidden')
  return (
    <section className="panel" style={{ padding: 24 }} aria-label={t('buy.title')}>
      <h2>{t('buy.title')}</h2>
      <div className="muted" style={{ fontSize: 13 }}>
        {t('buy.specification')}
      </div>
      <Radio.Group
        optionType="button"
        value={spec?.key}
        onChange={(e) => {
          setSpec(String(e.target.value))
          setSku(product.specifications.find((s) => s.key === e.target.value)?.skus?.[0]?.key ?? '-')
        }}
        options={product.specifications.map((s) => ({ value: s.key ?? '', label: text(s.name) }))}
      />
      {spec && sku && <Attributes spec={spec} sku={sku.key ?? '-'} choose={setSku} />}
      {!once && (
        <fieldset style={{ border: 0, padding: 0, margin: '16px 0 0' }}>
          <legend className="muted" style={{ fontSize: 13 }}>
            {t('buy.period')}
          </legend>
          <Radio.Group
            optionType="button"
            value={period}
            onChange={(e) => setPeriod(String(e.target.value))}
            options={offered.map((p) => ({
              value: p,
              label: (
                <>
                  {t(`period.${p}`)}
                  {p.endsWith('y') && saving && <span className="dim"> −{saving} %</span>}
                </>
              ),
            }))}
          />
        </fieldset>
      )}
      {!byUse && (
        <label className="muted" style={{ fontSize: 13, display: 'block', marginTop: 16 }}>
          {t('buy.quantity')}{' '}
          <InputNumber min={1} max={1000} precision={0} value={quantity} onChange={(n) => setQuantity(n ?? 1)} />
        </label>
      )}
      {byUse && spec?.meter && sku && (
        <div style={{ marginTop: 16 }}>
          <TierTable
            unit={text(spec.meter.unit)}
            model={spec.meter.model ?? 'fixed'}
            accumulation={spec.meter.accumulation ?? 'month'}
            tiers={sku.tiers ?? []}
            currency={product.currency}
          />
          <p className="muted">
            {t('meter.how', { what: text(spec.meter.name), cycle: t(`meter.cycle_${spec.meter.cycle ?? 'hour'}`) })}
          </p>
        </div>
      )}
      {spec?.package && sku && (
        <div style={{ marginTop: 16 }}>
          <div className="sum">
            <span className="muted">{t('package.quota')}</span>
            <strong className="num">{quotaText(product, spec, sku, text)}</strong>
          </div>
          <p className="muted">
            {t(`package.reset_${spec.package.reset}`)}{' '}
            {t(spec.package.stop_when_used_up ? 'package.stops' : 'package.excess')}
          </p>
        </div>
      )}
      {quote.error ? (
        <div style={{ marginTop: 16 }}>
          <ProblemBox error={quote.error} />
        </div>
      ) : (
        quote.data && !byUse && <Price quote={quote.data} />
      )}
      <p className="muted">
        {byUse
          ? t('meter.release_any_time')
          : t(
              spec?.package
                ? 'package.no_refund'
                : product.delivery
                  ? 'delivery.refund'
                  : product.access_type === 'saas'
                    ? 'buy.refund'
                    : 'licence.refund',
            )}{' '}
        {t('buy.who', { site: t(`site.${product.site}`) })}
      </p>
      <div className="stack" style={{ gap: 8 }}>
        <Button type="primary" size="large" block disabled={closed || !!quote.error} onClick={() => go({})}>
          {t('action.buy')}
        </Button>
        {!byUse && (
          <Button block disabled={closed || !!quote.error} loading={add.isPending} onClick={toCart}>
            {t('cart.add')}
          </Button>
        )}
        {spec?.trial_days && (
          <Button block disabled={closed} onClick={() => go({ trial: 'true' })}>
            {t('action.try', { days: spec.trial_days })}
          </Button>
        )}
        {closed && !preview && <div className="dim">{t('buy.closed')}</div>}
      </div>
    </section>
  )
}
